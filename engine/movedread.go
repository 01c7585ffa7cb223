package engine

// §4.9 and reads: while a key range moves, its new home answers with what it has got so far and
// says who held the range before. The reader asks one of those in its place, so that R answers
// still come from nodes which saw every write, and a key that is under way is not
// taken for one that is not there.

import (
	"slices"

	"ringside/engine/wire"
)

// moved does what an answer calls for that does not count toward R because the ring changes.
func (g *get) moved(node string, r wire.ReadReply) {
	switch {
	case r.Err == wire.Pending:
		for _, f := range r.Ask {
			if !g.used[f] && g.n.detector.healthy(f) {
				g.used[f], g.instead[f] = true, true
				g.ask(f)
				return
			}
		}
		g.askNext()
	case g.instead[node] && !r.Home && !g.again: // it has handed the range over since
		g.again = true
		for _, a := range slices.Clone(g.answers) {
			if a.pending && g.n.detector.healthy(a.node) {
				g.ask(a.node)
			}
		}
	}
}

// askMore is for when all that were asked have answered or fallen silent and do not make a quorum.
func (g *get) askMore() {
	if g.view != g.n.members.digest { // the ring changed meanwhile
		g.pref, g.view = g.n.members.preference(g.req.Key), g.n.members.digest
		for _, h := range g.n.members.homesIn(g.pref) {
			if !g.used[h] && g.n.detector.healthy(h) {
				g.used[h] = true
				g.ask(h)
			}
		}
	}
	if g.quorum.Strict {
		return
	}
	g.askHomes()
	if g.waiting == 0 && g.foundNothing() {
		g.askBeyond()
	}
	if g.waiting == 0 && !g.lenient { // what there is has to do
		g.lenient = true
		if g.decided() {
			g.succeed()
		}
	}
}

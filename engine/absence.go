package engine

// §4.5, §4.6: when a get may say that there is no value. A version that was acknowledged is at W
// nodes, but with a sloppy quorum these may be stand-ins, and a node that is slow looks like one
// that holds nothing. So "not found" needs more answers than a version that was found, for which R
// answers are enough whoever gives them:
//
//   - R homes of the key answered, and hold nothing. A stand-in that holds nothing proves nothing.
//   - Of the nodes that could hold the key, all but N-R answered, and hold nothing. These are the N
//     homes and every other node that the coordinator has a connection to, since any of them may
//     keep a hint. As R+W>N, at least one of any W of them has answered.
//   - No hint went home between the answer of its home and that of its holder, or the homes have
//     answered again since.
//
// Otherwise the get fails: the quorum was not reached. What deviates from the paper is the cost. A
// get of a key that is not there asks the nodes beyond its homes too. A node without a connection is
// not waited for unless it is a home: a get does not see what the other side of a split wrote,
// whether it finds an older version or none. A strict quorum has no hints, so R homes decide.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/member"
	"ringside/engine/mutant"
)

// recheck is the second question to homes that may have been given a hint since they answered.
type recheck struct{ wanted, done bool }

// foundNothing says whether no answer so far holds a version.
func (g *get) foundNothing() bool {
	return !slices.ContainsFunc(g.answers, func(a readAnswer) bool { return len(a.siblings) > 0 })
}

// absent says whether the answers, none of which holds a version, show that there is none. R homes
// are among them.
func (g *get) absent() bool {
	if g.quorum.Strict || mutant.Is(mutant.HintsUnasked) {
		return true
	}
	return len(g.unheard()) <= g.n.replicas()-g.quorum.R && g.recheck.wanted == g.recheck.done
}

// unheard lists the nodes that could hold the key and have not answered: homes first, in the order of
// the preference list.
func (g *get) unheard() []string {
	could := slices.Clone(g.n.homesIn(g.pref))
	if !g.quorum.Strict {
		could = append(could, g.keepers()...)
	}
	return slices.DeleteFunc(could, func(node string) bool {
		return slices.ContainsFunc(g.answers, func(a readAnswer) bool { return a.node == node && !a.damaged })
	})
}

// keepers lists the nodes beyond the homes that may keep a hint and that the coordinator has a
// connection to: members, and nodes that leave and have not handed everything over yet.
func (g *get) keepers() []string {
	all := slices.Clone(g.pref[len(g.n.homesIn(g.pref)):])
	for _, node := range g.n.member.leavers {
		if last, _ := g.n.member.history.Last(node); last.Kind == member.Leave && !slices.Contains(g.pref, node) {
			all = append(all, node)
		}
	}
	return slices.DeleteFunc(all, func(node string) bool { return !g.n.connected(node) })
}

// makeSure asks who else could hold the key once R homes hold nothing.
func (g *get) makeSure() {
	if g.quorum.Strict || mutant.Is(mutant.HintsUnasked) || !g.foundNothing() || len(g.counted()) < g.quorum.R {
		return
	}
	if len(g.unheard()) > g.n.replicas()-g.quorum.R {
		g.askBeyond()
		return
	}
	if g.recheck.wanted && !g.recheck.done {
		g.askHomesAgain()
	}
}

// askBeyond asks all nodes beyond the homes that were not asked yet for hints, once.
func (g *get) askBeyond() {
	if g.quorum.Strict || g.beyond {
		return
	}
	g.beyond = true
	for _, node := range g.keepers() {
		if !g.used[node] {
			g.used[node] = true
			g.ask(node)
		}
	}
}

// askHomesAgain puts the question to the homes once more. Their first answers count no longer.
func (g *get) askHomesAgain() {
	g.recheck.done = true
	var homes []string
	g.answers = slices.DeleteFunc(g.answers, func(a readAnswer) bool {
		if a.home {
			homes = append(homes, a.node)
		}
		return a.home
	})
	for _, h := range homes {
		g.ask(h)
	}
}

// shortfall says why the quorum was not reached, and who did not answer.
func (g *get) shortfall() string {
	homes, counted, unheard := g.n.homesIn(g.pref), g.counted(), g.unheard()
	silent := slices.DeleteFunc(slices.Clone(homes), func(h string) bool { return !slices.Contains(unheard, h) })
	switch {
	case !g.foundNothing() || len(silent) == 0 && len(counted) < g.quorum.R:
		return fmt.Sprintf("R=%d, but only %d answered in time: %s", g.quorum.R, len(counted), strings.Join(counted, " "))
	case len(counted) < g.quorum.R:
		return fmt.Sprintf("R=%d, but of the key's homes %s only %d answered in time; no answer from %s, so nobody can tell whether there is a value",
			g.quorum.R, strings.Join(homes, " "), len(counted), strings.Join(silent, " "))
	}
	return fmt.Sprintf("R=%d, and %s hold nothing, but there is no answer from %s, which may keep a value or a hint",
		g.quorum.R, strings.Join(counted, " "), strings.Join(unheard, " "))
}

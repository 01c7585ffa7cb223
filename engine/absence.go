package engine

// §4.5, §4.6: when a get may say that there is no value. An acknowledged version is at W nodes.
// With a sloppy quorum these nodes may be stand-ins. A slow node looks like a node that holds
// nothing. If a version was found, R answers of any nodes are enough. "Not found" needs all of the
// following:
//
//   - R homes of the key have answered that they hold nothing. Such an answer of a stand-in proves
//     nothing.
//   - All but N-R of the nodes that could hold the key have answered that they hold nothing. These
//     are the N homes and each other member or leaver that the coordinator has a connection to,
//     because any of them may keep a hint. As R+W>N, at least one of any W of them has answered.
//   - No hint went home between the answer of its home and the answer of its holder, or the homes
//     have answered again since then.
//
// Otherwise the get fails, because the quorum was not reached. The deviation from the paper is the
// cost: a get of an absent key also asks the nodes beyond the homes. The get does not wait for a
// node without a connection, unless that node is a home. During a split a get therefore misses what
// only stand-ins of the other side hold. A strict quorum has no hints, so R homes decide.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/member"
	"ringside/engine/mutant"
)

// recheck is the state of the second question to homes. It is wanted if the homes may have been
// given a hint since they answered.
type recheck struct{ wanted, done bool }

// foundNothing says whether no answer so far holds a version.
func (g *get) foundNothing() bool {
	return !slices.ContainsFunc(g.answers, func(a readAnswer) bool { return len(a.siblings) > 0 })
}

// absent says whether the answers show that no node holds a version. The caller has checked that R
// homes have answered and that no answer holds a version.
func (g *get) absent() bool {
	if g.quorum.Strict || mutant.Is(mutant.HintsUnasked) {
		return true
	}
	return len(g.unheard()) <= g.n.members.replicas()-g.quorum.R && g.recheck.wanted == g.recheck.done
}

// unheard lists the nodes that could hold the key and have not answered: homes first, in the order
// of the preference list.
func (g *get) unheard() []string {
	could := slices.Clone(g.n.members.homesIn(g.pref))
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
	all := slices.Clone(g.pref[len(g.n.members.homesIn(g.pref)):])
	for _, node := range g.n.members.leavers {
		if last, _ := g.n.members.history.Last(node); last.Kind == member.Leave && !slices.Contains(g.pref, node) {
			all = append(all, node)
		}
	}
	return slices.DeleteFunc(all, func(node string) bool { return !g.n.detector.connected(node) })
}

// makeSure asks the other nodes that could hold the key, once R homes have answered that they hold
// nothing.
func (g *get) makeSure() {
	if g.quorum.Strict || mutant.Is(mutant.HintsUnasked) || !g.foundNothing() || len(g.counted()) < g.quorum.R {
		return
	}
	if len(g.unheard()) > g.n.members.replicas()-g.quorum.R {
		g.askBeyond()
		return
	}
	if g.recheck.wanted && !g.recheck.done {
		g.askHomesAgain()
	}
}

// askBeyond asks the keepers that were not asked yet for hints. It does so once.
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

// askHomesAgain asks the homes again. Their first answers no longer count.
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

// shortfall says why the quorum was not reached, and which nodes did not answer.
func (g *get) shortfall() string {
	homes, counted, unheard := g.n.members.homesIn(g.pref), g.counted(), g.unheard()
	silent := slices.DeleteFunc(slices.Clone(homes), func(h string) bool { return !slices.Contains(unheard, h) })
	switch {
	case !g.foundNothing() || len(silent) == 0 && len(counted) < g.quorum.R:
		return fmt.Sprintf("R=%d, but %s answered in time", g.quorum.R, onlyOr(counted))
	case len(counted) < g.quorum.R:
		return fmt.Sprintf("R=%d, but of the key's homes %s %s answered in time; no answer from %s, so there may be a value",
			g.quorum.R, strings.Join(homes, " "), onlyOr(counted), strings.Join(silent, " "))
	}
	return fmt.Sprintf("R=%d, and %s hold nothing, but there is no answer from %s, which may keep a value or a hint",
		g.quorum.R, strings.Join(counted, " "), strings.Join(unheard, " "))
}

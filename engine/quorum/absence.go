package quorum

// When a get may say that there is no value (§4.5, §4.6). An acknowledged version is at W nodes.
// With a sloppy quorum these nodes may be fallbacks. A slow node looks like a node that holds
// nothing. "Not found" needs all of the following:
//
//   - R homes of the key have answered that they hold nothing. Such an answer of a fallback proves
//     nothing.
//   - All but N-R of the nodes that could hold the key have answered that they hold nothing. These
//     are the N homes and each other member or leaver that the coordinator has a connection to,
//     because any of them may keep a hint. As R+W>N, at least one of any W of them has answered.
//   - No hint reached a home between the answer of that home and the answer of the hint's holder,
//     or the homes have answered again since then.
//
// Otherwise the get fails, because the quorum was not reached. The deviation from the paper is the
// cost: a get of an absent key also asks the nodes beyond the homes. The get does not wait for a
// node without a connection, unless that node is a home. During a split a get therefore misses what
// only fallbacks of the other side hold. A strict quorum has no hints, so R homes decide.

import (
	"iter"
	"slices"

	"ringside/engine/mutant"
)

// FoundNothing reports whether no answer holds a version.
func (r *Read) FoundNothing() bool {
	return !slices.ContainsFunc(r.answers, func(a Answer) bool { return len(a.Siblings) > 0 })
}

// homesDecide reports whether R homes alone may say that there is no value.
func (r *Read) homesDecide() bool { return r.strict || mutant.Is(mutant.HintsUnasked) }

// tooManyUnheard reports whether the nodes that have not answered could hold an acknowledged
// version.
func (r *Read) tooManyUnheard() bool { return len(r.Unheard()) > r.replicas()-r.r }

// absent reports whether the answers show that no node holds a version. The caller has checked that
// R answers count and that no answer holds a version.
func (r *Read) absent() bool {
	return r.homesDecide() || !r.tooManyUnheard() && r.recheck.wanted == r.recheck.done
}

// Unheard lists the nodes that could hold the key and have not answered: homes first, in the order
// of the preference list.
func (r *Read) Unheard() []string {
	could := slices.Clone(r.Homes())
	if !r.strict {
		could = append(could, r.keepers()...)
	}
	return slices.DeleteFunc(could, func(node string) bool {
		return slices.ContainsFunc(r.answers, func(a Answer) bool { return a.Node == node && !a.Damaged })
	})
}

// keepers lists the nodes beyond the homes that may keep a hint and that the coordinator has a
// connection to.
func (r *Read) keepers() []string {
	all := slices.Clone(r.pref[len(r.Homes()):])
	for _, node := range r.cluster.Leavers() {
		if !slices.Contains(r.pref, node) {
			all = append(all, node)
		}
	}
	return slices.DeleteFunc(all, func(node string) bool { return !r.cluster.Connected(node) })
}

// Confirm yields the nodes to ask before the get may say that there is no value, once R homes have
// answered that they hold nothing. It yields nodes beyond the homes, or the homes a second time.
func (r *Read) Confirm() iter.Seq[string] {
	switch {
	case r.homesDecide() || !r.FoundNothing() || r.Count() < r.r:
	case r.tooManyUnheard():
		return r.Beyond()
	case r.recheck.wanted && !r.recheck.done:
		return slices.Values(r.homesAgain())
	}
	return func(func(string) bool) {}
}

// Beyond yields the nodes that may keep a hint and were not asked yet. It does so once.
func (r *Read) Beyond() iter.Seq[string] {
	if r.strict || r.askedBeyond {
		return func(func(string) bool) {}
	}
	r.askedBeyond = true
	return r.takeAll(r.keepers(), func(string) bool { return true })
}

// homesAgain lists the homes to be asked again. Their first answers no longer count.
func (r *Read) homesAgain() (homes []string) {
	r.recheck.done = true
	r.answers = slices.DeleteFunc(r.answers, func(a Answer) bool {
		if a.Home {
			homes = append(homes, a.Node)
		}
		return a.Home
	})
	return homes
}

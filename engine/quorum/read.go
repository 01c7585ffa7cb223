package quorum

import (
	"iter"
	"slices"

	"ringside/engine/mutant"
	"ringside/engine/vclock"
)

// An Answer says what one node holds of a key.
type Answer struct {
	Node     string
	Siblings vclock.Siblings
	Lost     vclock.Siblings // versions lost to last write wins, as far as the node remembers
	Home     bool            // the node answers as a home of the key
	Damaged  bool            // the node's record fails its checksum
	Pending  bool            // the node was not given the key's range yet
	Returned bool            // the node handed a hint or a range to a home a short time ago
}

// A Read counts the answers to one get.
type Read struct {
	candidates
	r, pr   int
	answers []Answer // one for each node, in the order in which they arrived
	silent  names    // asked, and no answer in time

	earlier     names // asked because they held the key before one of its homes
	askedAgain  bool  // homes that were not given the key were asked a second time
	askedBeyond bool  // the nodes beyond the homes were asked for hints
	recheck     recheck
	lenient     bool // a pending answer counts if it holds a version

	// The memory of asked, Targets and answers, for the usual numbers of replicas.
	askedRoom, targetsRoom [inPlace]string
	answersRoom            [inPlace]Answer
}

// recheck is the state of the second question to homes. It is wanted if a hint may have been given
// to the homes after they answered.
type recheck struct{ wanted, done bool }

// NewRead returns the count of a get with what its quorum asks for. The preference list pref is the
// key's.
func NewRead(c Cluster, pref []string, n Need) *Read {
	out := &Read{candidates: candidates{cluster: c, pref: pref, strict: n.Strict, n: n.Homes}, r: n.Count, pr: n.Primaries}
	out.asked, out.answers = out.askedRoom[:0], out.answersRoom[:0]
	return out
}

// Targets returns the nodes to ask at first: the N best healthy nodes of the preference list, or
// the healthy homes if the quorum is strict. If these are fewer than R, or the homes among them
// fewer than PR, Targets adds suspected nodes.
func (r *Read) Targets() []string {
	list, most := r.pref, r.replicas()
	if r.strict && !mutant.Is(mutant.StrictReadsFallbacks) {
		list = r.Homes()
	}
	out := r.targetsRoom[:0]
	add := func(limit int, fit func(string) bool) {
		for len(out) < limit {
			node := r.take(list, fit)
			if node == "" {
				return
			}
			out = append(out, node)
		}
	}
	add(most, r.cluster.Healthy)
	add(r.r, r.cluster.Connected)
	for lacking := r.pr - r.homesAmong(out); lacking > 0; lacking-- {
		if node := r.take(r.Homes(), r.cluster.Connected); node != "" {
			out = append(out, node)
		}
	}
	return out
}

// Reachable reports whether nodes have enough homes among them for PR.
func (r *Read) Reachable(nodes []string) bool { return r.homesAmong(nodes) >= r.pr }

// Next returns the next healthy node of the preference list, which is to be asked in place of
// another one. It returns "" if there is none.
func (r *Read) Next() string {
	if r.strict {
		return ""
	}
	return r.take(r.pref, r.cluster.Healthy)
}

// Earlier returns the first healthy node of holders that was not asked yet. The holders held the
// key's range before a home that was not given it yet. Earlier returns "" if there is no such node.
func (r *Read) Earlier(holders []string) string {
	node := r.take(holders, r.cluster.Healthy)
	if node != "" {
		r.earlier.add(node)
	}
	return node
}

// HandedOver lists the homes to ask again if the answer shows that an earlier holder has handed the
// key's range over in the meantime. It lists them once.
func (r *Read) HandedOver(a Answer) (again []string) {
	if !r.earlier.has(a.Node) || a.Home || r.askedAgain {
		return nil
	}
	r.askedAgain = true
	for _, x := range r.answers {
		if x.Pending && r.cluster.Healthy(x.Node) {
			again = append(again, x.Node)
		}
	}
	return again
}

// NewHomes takes a new preference list, because the ring has changed. It yields the healthy homes
// of that list that were not asked yet.
func (r *Read) NewHomes(pref []string) iter.Seq[string] {
	r.pref = pref
	return r.takeAll(r.Homes(), r.cluster.Healthy)
}

// SuspectedHomes yields the homes that were not asked because they are suspected.
func (r *Read) SuspectedHomes() iter.Seq[string] {
	return r.takeAll(r.Homes(), r.cluster.Connected)
}

// Add notes an answer. A later answer of a node replaces the earlier one.
func (r *Read) Add(a Answer) {
	r.answers = slices.DeleteFunc(r.answers, func(old Answer) bool { return old.Node == a.Node })
	r.answers = append(r.answers, a)
	r.recheck.wanted = r.recheck.wanted || a.Returned && !a.Home
}

// Silent notes that a node did not answer in time.
func (r *Read) Silent(node string) { r.silent.add(node) }

// Answers returns the answers in the order in which they arrived, one for each node. The caller
// must not change the result.
func (r *Read) Answers() []Answer { return r.answers }

// Counted lists the nodes whose answers count toward R. Not counted are:
//
//   - answers of damaged replicas, which read repair mends;
//   - answers of homes that were not given the key's range yet, except after Relax;
//   - answers of fallbacks that hold nothing, if no node holds a version (see Enough), and as long
//     as a home may answer.
func (r *Read) Counted() []string {
	needHome := r.needHome()
	if len(r.answers) == 0 {
		return nil
	}
	out := make([]string, 0, len(r.answers))
	for _, a := range r.answers {
		if r.counts(a, needHome) {
			out = append(out, a.Node)
		}
	}
	return out
}

// Count returns the number of answers that count toward R.
func (r *Read) Count() int {
	needHome, count := r.needHome(), 0
	for _, a := range r.answers {
		if r.counts(a, needHome) {
			count++
		}
	}
	return count
}

// needHome reports whether an empty answer counts only if a home gave it.
func (r *Read) needHome() bool { return r.FoundNothing() || r.homeMayAnswer() }

func (r *Read) counts(a Answer, needHome bool) bool {
	empty := len(a.Siblings) == 0
	switch {
	case a.Pending && mutant.Is(mutant.PendingCounted):
		return true
	case a.Damaged, a.Pending && (!r.lenient || empty):
		return false
	}
	return !needHome || !empty || a.Home
}

// homeMayAnswer reports whether no home has answered that was given the key, and one still may.
func (r *Read) homeMayAnswer() bool {
	if slices.ContainsFunc(r.answers, func(a Answer) bool { return a.Home }) {
		return false
	}
	return slices.ContainsFunc(r.answers, func(a Answer) bool { return a.Pending }) ||
		slices.ContainsFunc(r.Homes(), func(h string) bool { return r.cluster.Connected(h) && !r.silent.has(h) })
}

// Relax lets answers of homes count that were not given the key's range yet, if they hold a
// version. It returns false if they counted before.
func (r *Read) Relax() bool {
	was := r.lenient
	r.lenient = true
	return !was
}

// Enough reports whether the answers are enough for the client. If a version was found, R answers
// of any nodes are enough. "Not found" needs more (see absence.go).
func (r *Read) Enough() bool {
	counted := r.Count()
	if counted < r.r && !(mutant.Is(mutant.ReadShortOfR) && counted == r.r-1) {
		return false
	}
	if r.pr > 0 && r.Primaries() < r.pr && !mutant.Is(mutant.FallbacksArePrimaries) {
		return false
	}
	return !r.FoundNothing() || r.absent()
}

// Primaries returns the number of homes among the answers that count.
func (r *Read) Primaries() int { return r.homesAmong(r.Counted()) }

// FirstHome returns the home that answered first, "" if no home has answered.
func (r *Read) FirstHome() string {
	for _, a := range r.answers {
		if a.Home && !a.Damaged && !a.Pending {
			return a.Node
		}
	}
	return ""
}

// SoundHomes returns the number of homes that answered from an undamaged replica of a range that
// they were given.
func (r *Read) SoundHomes() int {
	count := 0
	for _, a := range r.answers {
		if !a.Damaged && !a.Pending && r.IsHome(a.Node) {
			count++
		}
	}
	return count
}

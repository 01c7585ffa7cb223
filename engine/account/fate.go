package account

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A Fate is what became of a write.
type Fate string

// The fates of a write, the first that holds.
const (
	// Superseded: another version has seen this one and takes its place.
	Superseded Fate = "superseded"
	// Buffer: every replica with the write is in the object buffer of a node only (§6.1).
	Buffer Fate = "buffer"
	// Sibling: a home holds the write, and a home holds a value that is concurrent.
	Sibling Fate = "sibling"
	// Visible: a home holds the write, and no home holds a value that is concurrent.
	Visible Fate = "visible"
	// Hint: only nodes that are not homes of the key hold the write: as a hint, or until its range
	// has moved.
	Hint Fate = "hint"
	// Lost: no node holds the write, and no version has seen it. Last write wins dropped it, or
	// every replica was destroyed.
	Lost Fate = "lost"
	// Unknown: the events do not say.
	Unknown Fate = "unknown"
)

// Fates lists all fates in the order in which people read them.
var Fates = []Fate{Visible, Superseded, Sibling, Hint, Buffer, Lost, Unknown}

// A Write is one write and its fate.
type Write struct {
	Key     []byte
	Request uint64         // its number in the run of the cluster in which it was written
	Version vclock.Version // the value may be cut or missing
	Time    time.Duration  // of the write, since 1970
	// Acked says that the client was told of success. Earlier says that the write is older than all
	// that is known, so that only its presence is known.
	Acked, Earlier bool

	Fate Fate
	By   *vclock.Version // what superseded or displaced the write; nil if there is none, or it is not known
	// Collected says that the write is a delete whose tombstone was collected. Its fate is Visible,
	// because the key stays deleted.
	Collected bool

	Homes     []string    // that hold the write
	Missing   []string    // homes that do not hold the write, unless it is superseded
	Hints     []wire.Hint // that hold the write
	Elsewhere []string    // other nodes that hold the write as a record of their own
	Durable   []string    // nodes among all of these that hold the write on disk
	Doubtful  []string    // nodes that may hold the write
	Text      string      // the fate in words
}

// Writes returns what became of the writes of a key, the oldest first: of each acknowledged write,
// and of each other version that a node holds. A nil key stands for all keys.
func (a *Account) Writes(key []byte) []Write {
	var out []Write
	for _, h := range a.keys {
		if key != nil && string(h.key) != string(key) {
			continue
		}
		s := a.stateOf(h)
		for _, w := range h.writes {
			if w.replied >= 0 || len(h.holders(w.version.Dot)) > 0 {
				out = append(out, s.fateOf(w))
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Write) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), x.Version.Dot.Compare(y.Version.Dot))
	})
	return out
}

// Count counts the fates of writes that were acknowledged, or that are older than all that is
// known. It has an entry for each fate.
func Count(writes []Write) map[Fate]int {
	out := map[Fate]int{}
	for _, f := range Fates {
		out[f] = 0
	}
	for i := range writes {
		if writes[i].Acked || writes[i].Earlier {
			out[writes[i].Fate]++
		}
	}
	return out
}

// A state is what the nodes hold of a key now.
type state struct {
	*Account
	*history
	homes   []string        // nil if no event told of a ring
	current vclock.Siblings // what the nodes together hold, without superseded versions
	may     vclock.Siblings // current, if the nodes also hold what they may hold
}

func (a *Account) stateOf(h *history) *state {
	return &state{a, h, a.homes(h.key), h.merged(isCertain), h.merged(isAny)}
}

// fateOf returns the fate of a write.
func (s *state) fateOf(w *write) Write {
	out := Write{
		Key: s.key, Request: w.version.Request, Version: w.version, Time: s.timeOf(w), Acked: w.replied >= 0,
		Earlier: s.isEarlier(w), Collected: w.collected >= 0,
	}
	s.locate(w, &out)
	by := s.displacer(w)
	switch held := len(out.holders()) > 0; {
	case held && s.current.Has(w.version.Dot):
		s.fateOfHeld(w, &out)
		if rival := s.rival(w); rival != nil && w.lost >= 0 {
			out.Fate, out.By = Lost, &rival.version
		} else if !s.may.Has(w.version.Dot) {
			out.Fate = Unknown
		}
	case by != nil && !s.isLoss(by, w):
		out.Fate, out.By = Superseded, &by.version
	case by != nil:
		out.Fate, out.By = Lost, &by.version
	case w.collected >= 0:
		out.Fate = Visible
	case w.lost < 0 && s.mayBeAnywhere(w):
		out.Fate = Unknown
	default:
		out.Fate = Lost
	}
	if out.Fate == Superseded || out.Fate == Lost {
		out.Missing = nil
	}
	out.Text = s.inWords(w, &out)
	return out
}

// isEarlier reports whether the write is older than all that is known.
func (a *Account) isEarlier(w *write) bool {
	return w.coordinated < 0 && w.replied < 0 && time.Duration(w.version.Time) < a.known.Since
}

// locate fills in which nodes hold the write.
func (s *state) locate(w *write, out *Write) {
	for _, at := range s.holders(w.version.Dot) {
		r := s.replicas[at]
		switch {
		case r.doubtful:
			out.Doubtful = append(out.Doubtful, at.node)
			continue
		case at.home != "":
			out.Hints = append(out.Hints, wire.Hint{Holder: at.node, For: at.home})
		case slices.Contains(s.homes, at.node) || s.homes == nil:
			out.Homes = append(out.Homes, at.node)
		default:
			out.Elsewhere = append(out.Elsewhere, at.node)
		}
		if s.flushes.isDurable(at, r) && !slices.Contains(out.Durable, at.node) {
			out.Durable = append(out.Durable, at.node)
		}
	}
	for _, home := range s.homes {
		if !slices.Contains(out.Homes, home) {
			out.Missing = append(out.Missing, home)
		}
	}
}

// fateOfHeld sets the fate of a write that a node holds and no version supersedes.
func (s *state) fateOfHeld(w *write, out *Write) {
	switch {
	case len(out.Durable) == 0:
		out.Fate = Buffer
	case len(out.Homes) == 0:
		out.Fate = Hint
	default:
		out.Fate = Visible
		if rival := s.rival(w); rival != nil {
			out.Fate, out.By = Sibling, nil
		}
	}
}

// rival returns a value that stands beside a write at a home, nil if there is none. Under last
// write wins only a value that will win counts.
func (s *state) rival(w *write) *write {
	for _, v := range s.current {
		at := s.holders(v.Dot)
		atHome := slices.ContainsFunc(at, func(p place) bool {
			return p.home == "" && (s.homes == nil || slices.Contains(s.homes, p.node))
		})
		if v.Dot != w.version.Dot && !v.Deleted && atHome && (!s.isLWW() || beats(v, w.version)) {
			return s.byDot[v.Dot]
		}
	}
	return nil
}

// displacer returns the write that took the place of w: the first that has seen w, of those that
// have not seen another one of them. Under last write wins it may be one that has not seen w. It
// returns nil if there is none.
func (s *state) displacer(w *write) *write {
	var first, winner *write
	for _, x := range s.writes {
		switch {
		case x == w || len(x.nodes) == 0 && x.replied < 0 && x.collected < 0:
		case s.supersedes(x, w):
			if first == nil || s.supersedes(first, x) {
				first = x
			}
		case s.isLWW() && beats(x.version, w.version):
			if winner == nil || names(w.winner, x) && !names(w.winner, winner) {
				winner = x
			}
		}
	}
	if first == nil || winner != nil && w.lost >= 0 {
		return winner
	}
	return first
}

// isLoss reports whether last write wins lost w to by. It did not lose a write that a later write
// overtook while the write was on its way to the later one's coordinator.
func (a *Account) isLoss(by, w *write) bool {
	switch {
	case w.lost >= 0:
		return true
	case a.supersedes(by, w):
		return false
	}
	return !a.onItsWay(w, by)
}

// onItsWay reports whether w was acknowledged and on its way to the coordinator of by when by was
// stamped.
func (a *Account) onItsWay(w, by *write) bool {
	if w.replied < 0 || by.coordinated < w.replied {
		return false
	}
	return slices.ContainsFunc(a.requests[w.version.Request], func(i int) bool {
		e := &a.events[i]
		return i < by.coordinated && e.Kind == event.Replicate && e.Peer == by.version.Dot.Node
	})
}

// names reports whether the message of a loss names the version of x.
func names(message string, x *write) bool {
	return message == "lost to "+x.version.Notation()+", which had not seen it"
}

// supersedes reports whether x has seen w.
func (a *Account) supersedes(x, w *write) bool { return w.version.Compare(x.version) == vclock.Before }

// beats reports whether last write wins prefers v to w: the later time, then the greater dot.
func beats(v, w vclock.Version) bool {
	return cmp.Or(cmp.Compare(v.Time, w.Time), v.Dot.Compare(w.Dot)) > 0
}

// mayBeAnywhere reports whether a node may hold the write without an event. That is so if some
// events of the write are unknown, or if a replica is in doubt.
func (s *state) mayBeAnywhere(w *write) bool {
	if w.coordinated < 0 || s.Account.events[w.coordinated].Time < s.known.Since {
		return true
	}
	for at, r := range s.replicas {
		if r.doubtful && slices.Contains(w.nodes, at.node) {
			return true
		}
	}
	return false
}

// Op returns the word of the write: put or del.
func (w *Write) Op() string {
	if w.Version.Deleted {
		return "del"
	}
	return "put"
}

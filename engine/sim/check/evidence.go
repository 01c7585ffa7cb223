package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// The predicates of evidence differ in three ways: where they look for a write, whether a
// descendant counts as the write, and what they accept instead of the write. A predicate that
// accepts too much hides a lost write, so each has a table of cases (evidence_test.go).
//
//	predicate         looks at                      descendants   accepts instead
//	stored, held      a host's disk or buffer       no            nothing
//	heldIn            a reader: disk or buffer      no            nothing
//	carries           a list of writes              yes           nothing
//	reflects          a list of versions            yes (1)       nothing
//	outdated          the pasts of versions         must exist    nothing
//	holds             a host's disk or buffer       yes (1)       outdated
//	holdsOrIsExcused  a host's disk, and (2)        yes           lostBy, mayRefuse, and more
//	overwritten       all stamped versions          only          nothing
//	superseded        all hosts' disks or buffers   only          isCollected, a destroyed descendant
//	mayRefuse         a host's disk or buffer       -             isCollected, or (3)
//	absenceExcused    data lost on all hosts        yes           nothing
//	isCollected       collected tombstones          yes           nothing
//	lostBy            data lost on one host         yes (4)       nothing
//	mayLack           data lost on one host (5)     yes (4)       handed over, or (6)
//
// (1) Under last write wins, each version that the write does not beat counts.
// (2) If the host is no longer a home: the disks of the homes in the ring that the host knows.
// (3) The write is superseded, and the host holds some version of the key.
// (4) Under last write wins, the host may have lost any write of the key.
// (5) The host must have lost something since a given operation began.
// (6) absenceExcused or isCollected.

// evidence is what the properties share: the operations, what faults destroyed, and what the hosts
// hold.
type evidence struct {
	world      World
	plan       *plan.Plan
	keys       []string // of the plan
	graph      graph
	losses     losses
	tombstones tombstones

	truncated  map[string]bool         // keys of which a clock was truncated
	whole      map[uint64]vclock.Clock // by write: the past of its version before the clock was truncated
	lastID     uint64                  // latest operation outside of the plan
	plannedIDs uint64                  // highest ID of an operation of the plan; higher ones are the Judge's own
	violations []Violation
}

func newEvidence(w World) *evidence {
	e := &evidence{
		world: w, plan: w.Plan(), keys: w.Plan().Keys(), truncated: map[string]bool{}, whole: map[uint64]vclock.Clock{},
		graph: newGraph(), losses: newLosses(), tombstones: newTombstones(),
	}
	for _, op := range e.plan.Ops {
		e.plannedIDs = max(e.plannedIDs, op.ID)
	}
	e.lastID = e.plannedIDs
	return e
}

// maxViolations bounds the violations of one run. The first violation of each property is always
// reported.
const maxViolations = 10

// fail reports that a property does not hold, unless the plan has switched off what upholds it.
func (e *evidence) fail(property, format string, args ...any) {
	if !e.plan.Judged(property) {
		return
	}
	v := Violation{e.plan.Seed, property, fmt.Sprintf(format, args...), (e.world.Now() - kernel.Origin).Seconds()}
	again, known := false, false
	for _, o := range e.violations {
		known = known || o.Property == property
		again = again || o.Property == property && o.Detail == v.Detail
	}
	if again || len(e.violations) >= maxViolations && known {
		return
	}
	e.violations = append(e.violations, v)
	e.world.Tell(event.Event{Kind: event.Violated, Message: property + ": " + v.Detail})
}

// hosts calls f for each host, in the order of their IDs.
func (e *evidence) hosts(f func(Host)) {
	for _, name := range e.world.Names() {
		f(e.world.Host(name))
	}
}

// anyHost reports whether f is true of a host.
func (e *evidence) anyHost(f func(Host) bool) bool {
	return slices.ContainsFunc(e.world.Names(), func(name string) bool { return f(e.world.Host(name)) })
}

// own reports whether the Judge itself started the operation.
func (e *evidence) own(op *operation) bool { return op.ID > e.plannedIDs }

// name returns the operation's name for messages.
func (e *evidence) name(op *operation) string {
	if e.own(op) {
		return fmt.Sprintf("the checker's own %s #%d of %s", op.Kind, op.ID, op.Key)
	}
	return fmt.Sprintf("%s #%d of %s", op.Kind, op.ID, op.Key)
}

// lww reports whether the last write wins by now. Writes that began before a change to that mode
// may have siblings until a client uses their key.
func (e *evidence) lww() bool { return e.plan.LWWAt(e.world.Now() - kernel.Origin) }

// strict reports whether only homes count for an operation.
func (e *evidence) strict(op *operation) bool { return op.Strict || e.plan.Quorum == plan.Strict }

// stored returns what a host holds of a key in any role, on its disk or in its buffer.
func (e *evidence) stored(h Host, key string) []event.Replica {
	return kernel.Stored(h.Reader(), key)
}

// replica returns what a host holds of a key as a home.
func (e *evidence) replica(h Host, key string) vclock.Siblings {
	for _, r := range e.stored(h, key) {
		if r.For == "" {
			return r.Versions
		}
	}
	return nil
}

// held lists the writes of a key that a host holds in any role, on its disk or in its buffer.
func (e *evidence) held(h Host, key string) []uint64 { return heldIn(h.Reader(), key) }

func heldIn(from store.Reader, key string) []uint64 { return idsIn(kernel.Stored(from, key)) }

func idsIn(replicas []event.Replica) []uint64 {
	var ids []uint64
	for _, r := range replicas {
		ids = append(ids, idsOf(r.Versions)...)
	}
	return ids
}

// superseded reports whether a host holds a descendant of a write on its disk or in its buffer, or
// whether a descendant was destroyed or the write is collected. A node that knows of the descendant
// rightly refuses the write.
func (e *evidence) superseded(id uint64) bool {
	op := e.graph.ops[id]
	return e.isCollected(id) || op != nil && slices.ContainsFunc(e.graph.byKey[op.Key], func(d *operation) bool {
		return e.graph.descends(d.ID, id) && (e.losses.excused[d.ID] || e.anyHost(func(h Host) bool {
			return slices.Contains(e.held(h, op.Key), d.ID)
		}))
	})
}

// mayRefuse reports whether a host may lack a write that it was given, because it knew of a
// descendant. The host then holds something of the key, unless that was collected.
func (e *evidence) mayRefuse(h Host, key string, id uint64) bool {
	return e.isCollected(id) || e.superseded(id) && len(e.held(h, key)) > 0
}

// maxMoves bounds the chain of rings that holdsOrIsExcused follows: a home may have handed the
// write to the homes of a later ring.
const maxMoves = 4

// holdsOrIsExcused reports whether a host holds a write durably, or has an excuse to lack the
// write. home is a home in the ring of some node, perhaps an old ring.
func (e *evidence) holdsOrIsExcused(home Host, key string, id uint64) bool {
	return e.holdsAfterMoves(home, key, id, maxMoves)
}

func (e *evidence) holdsAfterMoves(home Host, key string, id uint64, moves int) bool {
	op := e.graph.ops[id]
	switch {
	case op == nil:
		return true // no client wrote the value; P8 judges gets that show it
	case e.lostBy(home, id):
		return true // a fault took the write, or a descendant, from the host
	case home.MembershipLostAt() >= op.Began:
		return true // a fault made the host forget the ring since the write began
	case e.graph.carries(heldIn(home.Disk(), key), id):
		return true
	case e.mayRefuse(home, key, id):
		return true // the host knows a descendant
	case len(home.Node().Ring().Members()) == 0:
		return false // the host knows no ring, and was not made to forget one
	}
	homes := home.Node().Ring().Homes([]byte(key))
	if slices.Contains(homes, home.Name()) {
		return home.Node().Awaits([]byte(key)) // a home that waits gave the range away, and is a home again
	}
	// The host is no longer a home, so it may have handed the write to all homes of its ring.
	return moves > 0 && !slices.ContainsFunc(homes, func(next string) bool {
		return !e.holdsAfterMoves(e.world.Host(next), key, id, moves-1)
	})
}

// reflects reports whether versions show v, which write id made, or a version that supersedes v.
func (e *evidence) reflects(versions vclock.Siblings, id uint64, v vclock.Version) bool {
	if e.lww() {
		return slices.ContainsFunc(versions, func(o vclock.Version) bool { return !beats(v, o) })
	}
	return e.graph.carries(idsOf(versions), id)
}

// outdated reports whether one of the versions covers w, and a coordinator has stamped a descendant
// of w. The past of a version covers what its coordinator knew to be superseded, but not the
// descendants that superseded it. The versions may therefore lack w and its descendants.
//
// A version whose clock was truncated (§4.4) covers what it covered before, and so do its
// descendants. A version that covers a descendant of w covers w, although truncated clocks no
// longer show this.
func (e *evidence) outdated(versions vclock.Siblings, w *operation) bool {
	return e.graph.overwritten(w) && slices.ContainsFunc(e.graph.byKey[w.Key], func(x *operation) bool {
		truncated := e.truncated[w.Key] && x.stamped() && e.graph.descends(x.ID, w.ID)
		return (x == w || truncated) && e.covers(versions, x.version.Dot)
	})
}

// covers reports whether versions, or ancestors of them whose clocks were truncated, cover a dot.
func (e *evidence) covers(versions vclock.Siblings, dot vclock.Dot) bool {
	if slices.ContainsFunc(versions, func(v vclock.Version) bool { return v.Past.Covers(dot) }) {
		return true
	}
	for id, past := range e.whole {
		if past.Covers(dot) && e.graph.carries(idsOf(versions), id) {
			return true
		}
	}
	return false
}

// holds reports whether a host holds w in any role, or a version that supersedes w.
func (e *evidence) holds(h Host, w *operation) bool {
	var versions vclock.Siblings
	for _, r := range e.stored(h, w.Key) {
		versions = append(versions, r.Versions...)
	}
	return e.reflects(versions, w.ID, w.version) || e.outdated(versions, w)
}

// beats reports whether last write wins prefers a to b: the later time, then the greater dot.
func beats(a, b vclock.Version) bool {
	return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot)) > 0
}

// unbeaten reports whether, under last write wins, no version that wins over w was destroyed or
// collected.
func (e *evidence) unbeaten(w *operation) bool {
	return !slices.ContainsFunc(e.graph.byKey[w.Key], func(d *operation) bool {
		gone := e.losses.excused[d.ID] || e.losses.taken[d.ID] || e.tombstones.collected[d.ID] > 0
		return gone && beats(d.version, w.version)
	})
}

// forgotten reports whether any node ever lost what it knew of the ring. Such a node may return to
// an older ring.
func (e *evidence) forgotten() bool {
	return e.anyHost(func(h Host) bool { return h.MembershipLostAt() > 0 })
}

// untouchedSince reports whether all operations on key have ended, and none ended after since.
func (e *evidence) untouchedSince(key string, since time.Duration) bool {
	return !slices.ContainsFunc(e.graph.byKey[key], func(op *operation) bool { return op.Ended == 0 || op.Ended > since })
}

package check

import (
	"testing"
	"time"

	"ringside/engine/settings"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// An excuseCase is a state of the cluster, and whether it excuses home1 for the absence of write.
type excuseCase struct {
	name    string
	prepare func(w *fakeWorld, e *evidence)
	want    bool
}

func runCases(t *testing.T, predicate func(w *fakeWorld, e *evidence) bool, cases []excuseCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, e := newCase(t)
			c.prepare(w, e)
			if got := predicate(w, e); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if len(w.told) > 0 {
				t.Errorf("a predicate told %v", w.told)
			}
		})
	}
}

// destroy wipes a host, as the Judge sees it.
func (e *evidence) destroy(h *fakeHost) { e.destroying(h, h.wipe) }

// collect notes that a node dropped the tombstone of deletion.
func (e *evidence) collect() { e.tombstones.collected[deletion] = began + time.Second }

// A write is superseded if a descendant is, or was, on a host.
func TestSuperseded(t *testing.T) {
	runCases(t, func(_ *fakeWorld, e *evidence) bool { return e.superseded(write) }, []excuseCase{
		{"nothing is held", func(*fakeWorld, *evidence) {}, false},
		{"the write itself is held", func(w *fakeWorld, _ *evidence) { w.home2.holds(write) }, false},
		{"a concurrent write is held", func(w *fakeWorld, _ *evidence) { w.home2.holds(concurrent) }, false},
		{"a child is held", func(w *fakeWorld, _ *evidence) { w.home2.holds(child) }, true},
		{"a grandchild is held", func(w *fakeWorld, _ *evidence) { w.home2.holds(deletion) }, true},
		{"a child is in a hint", func(w *fakeWorld, _ *evidence) { w.away1.hints(w.home1, child) }, true},
		{"a child is in a buffer only", func(w *fakeWorld, _ *evidence) { w.home2.buffers(child) }, true},
		{"the last copy of a child was destroyed", func(w *fakeWorld, e *evidence) {
			e.destroy(w.home2.holds(child))
		}, true},
		{"the last copy of the write was destroyed", func(w *fakeWorld, e *evidence) {
			e.destroy(w.home2.holds(write))
		}, false},
		{"a concurrent write was destroyed", func(w *fakeWorld, e *evidence) {
			e.destroy(w.home2.holds(concurrent))
		}, false},
		{"a fault took one copy of a child, and no fault took the other", func(w *fakeWorld, e *evidence) {
			w.home1.holds(child)
			e.destroy(w.home2.holds(child))
			w.home1.wipe()
		}, false},
		{"the tombstone of a descendant was collected", func(_ *fakeWorld, e *evidence) { e.collect() }, true},
	})
	w, e := newCase(t)
	w.home2.holds(child)
	if e.superseded(child) || e.superseded(concurrent) || e.superseded(99) {
		t.Error("a child supersedes itself, a concurrent write, or a write that no client made")
	}
}

// A collected tombstone stands for its delete and for the ancestors of the delete.
func TestIsCollected(t *testing.T) {
	_, e := newCase(t)
	if e.isCollected(write) || e.isCollected(deletion) {
		t.Error("a write is collected before any tombstone is")
	}
	e.collect()
	for id, want := range map[uint64]bool{write: true, child: true, deletion: true, concurrent: false, 99: false} {
		if got := e.isCollected(id); got != want {
			t.Errorf("#%d is collected: %v, want %v", id, got, want)
		}
	}
}

// A host may refuse a superseded write only if it holds something of the key itself, unless that
// was collected.
func TestMayRefuse(t *testing.T) {
	runCases(t, func(w *fakeWorld, e *evidence) bool { return e.mayRefuse(w.home1, key, write) }, []excuseCase{
		{"nothing is held", func(*fakeWorld, *evidence) {}, false},
		{"the host holds a concurrent write, no host a child", func(w *fakeWorld, _ *evidence) {
			w.home1.holds(concurrent)
		}, false},
		{"another host holds a child, the host nothing", func(w *fakeWorld, _ *evidence) {
			w.home2.holds(child)
		}, false},
		{"another host holds a child, the host a concurrent write", func(w *fakeWorld, _ *evidence) {
			w.home1.holds(concurrent)
			w.home2.holds(child)
		}, true},
		{"the host holds a child", func(w *fakeWorld, _ *evidence) { w.home1.holds(child) }, true},
		{"the host holds a child in its buffer", func(w *fakeWorld, _ *evidence) { w.home1.buffers(child) }, true},
		{"a child was destroyed, the host holds nothing", func(w *fakeWorld, e *evidence) {
			e.destroy(w.home2.holds(child))
		}, false},
		{"a child was destroyed, the host holds a concurrent write", func(w *fakeWorld, e *evidence) {
			w.home1.holds(concurrent)
			e.destroy(w.home2.holds(child))
		}, true},
		{"the tombstone of a descendant was collected", func(_ *fakeWorld, e *evidence) { e.collect() }, true},
	})
}

// The absence of a write is excused if the last copy of the write or of a descendant was destroyed.
func TestAbsenceExcused(t *testing.T) {
	runCases(t, func(_ *fakeWorld, e *evidence) bool { return e.absenceExcused(e.graph.ops[write]) }, []excuseCase{
		{"nothing was destroyed", func(w *fakeWorld, _ *evidence) { w.home1.holds(write) }, false},
		{"the last copy was destroyed", func(w *fakeWorld, e *evidence) { e.destroy(w.home1.holds(write)) }, true},
		{"one of two copies was destroyed", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			e.destroy(w.home1.holds(write))
		}, false},
		{"both copies were destroyed, one after the other", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			e.destroy(w.home1.holds(write))
			e.destroy(w.home2)
		}, true},
		{"a copy was destroyed, and a child is left", func(w *fakeWorld, e *evidence) {
			w.home2.holds(child)
			e.destroy(w.home1.holds(write))
		}, false},
		{"a copy was destroyed, and a hint is left", func(w *fakeWorld, e *evidence) {
			w.away1.hints(w.home1, write)
			e.destroy(w.home1.holds(write))
		}, false},
		{"a copy was destroyed, and a hint is about to be dropped", func(w *fakeWorld, e *evidence) {
			w.away1.hints(w.home1, write)
			w.away1.ahead = store.NewMem()
			e.destroy(w.home1.holds(write))
		}, true},
		{"a copy was destroyed, and a hint is about to be replaced by a child", func(w *fakeWorld, e *evidence) {
			w.away1.hints(w.home1, write)
			w.away1.ahead = store.NewMem()
			w.away1.hint(w.away1.ahead, w.home1, []uint64{child})
			e.destroy(w.home1.holds(write))
		}, false},
		{"a copy was destroyed, and a hint is about to be stored", func(w *fakeWorld, e *evidence) {
			w.away1.ahead = store.NewMem()
			w.away1.hint(w.away1.ahead, w.home1, []uint64{write})
			e.destroy(w.home1.holds(write))
		}, true},
		{"a copy was destroyed, and a concurrent write is left", func(w *fakeWorld, e *evidence) {
			w.home2.holds(concurrent)
			e.destroy(w.home1.holds(write))
		}, true},
		{"the last copy of a child was destroyed", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			e.destroy(w.home1.holds(child))
		}, true},
		{"the last copy of a concurrent write was destroyed", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			e.destroy(w.home1.holds(concurrent))
		}, false},
		{"a host that held nothing was destroyed", func(w *fakeWorld, e *evidence) { e.destroy(w.home1) }, false},
	})
	w, e := newCase(t)
	e.destroy(w.home1.holds(write))
	if e.absenceExcused(e.graph.ops[child]) {
		t.Error("the loss of a write excuses the absence of its child")
	}
}

// lostBy blames a fault only for what it took from that host: a write, and the ancestors of a
// write.
func TestLostBy(t *testing.T) {
	runCases(t, func(w *fakeWorld, e *evidence) bool { return e.lostBy(w.home1, write) }, []excuseCase{
		{"nothing was destroyed", func(w *fakeWorld, _ *evidence) { w.home1.holds(write) }, false},
		{"the host lost the write", func(w *fakeWorld, e *evidence) { e.destroy(w.home1.holds(write)) }, true},
		{"the host lost a child", func(w *fakeWorld, e *evidence) { e.destroy(w.home1.holds(child)) }, true},
		{"the host lost a hint of the write", func(w *fakeWorld, e *evidence) {
			w.home1.hints(w.home2, write)
			e.destroy(w.home1)
		}, true},
		{"the host lost its replica, and keeps a hint", func(w *fakeWorld, e *evidence) {
			w.home1.holds(write).hints(w.home2, write)
			e.destroying(w.home1, func() { w.home1.holds() })
		}, true},
		{"the host lost a concurrent write", func(w *fakeWorld, e *evidence) { e.destroy(w.home1.holds(concurrent)) }, false},
		{"another host lost the write", func(w *fakeWorld, e *evidence) { e.destroy(w.home2.holds(write)) }, false},
		{"a crash took the buffer, and the disk has the write", func(w *fakeWorld, e *evidence) {
			w.home1.holds(write)
			e.destroying(w.home1, func() { w.home1.holds(write) })
		}, false},
		{"the disk returned from a child to the write", func(w *fakeWorld, e *evidence) {
			w.home1.holds(child)
			e.destroying(w.home1, func() { w.home1.holds(write) })
		}, true},
		{"under last write wins, the host lost any write", func(w *fakeWorld, e *evidence) {
			w.plan.Mode = settings.ModeLWW
			e.destroy(w.home1.holds(concurrent))
		}, true},
	})
	w, e := newCase(t)
	e.destroy(w.home1.holds(write))
	if e.lostBy(w.home1, child) {
		t.Error("the loss of a write excuses the absence of its child")
	}
}

// holdsOrIsExcused wants a write on the disk of a home, or a reason that is named here.
func TestHoldsOrIsExcused(t *testing.T) {
	away := func(w *fakeWorld, knows ...*fakeHost) { // home1 and home2 have left, as these nodes know
		for _, h := range knows {
			h.leave(w.home1, w.home2)
		}
	}
	runCases(t, func(w *fakeWorld, e *evidence) bool { return e.holdsOrIsExcused(w.home1, key, write) }, []excuseCase{
		{"nothing is held", func(*fakeWorld, *evidence) {}, false},
		{"on disk", func(w *fakeWorld, _ *evidence) { w.home1.holds(write) }, true},
		{"a child is on disk", func(w *fakeWorld, _ *evidence) { w.home1.holds(child) }, true},
		{"in a hint on disk", func(w *fakeWorld, _ *evidence) { w.home1.hints(w.home2, write) }, true},
		{"only in the buffer", func(w *fakeWorld, _ *evidence) { w.home1.buffers(write) }, false},
		{"a concurrent write is on disk", func(w *fakeWorld, _ *evidence) { w.home1.holds(concurrent) }, false},
		{"only another home holds it", func(w *fakeWorld, _ *evidence) { w.home2.holds(write) }, false},
		{"a fault took it from the host", func(w *fakeWorld, e *evidence) { e.destroy(w.home1.holds(write)) }, true},
		{"a fault took it from another host", func(w *fakeWorld, e *evidence) { e.destroy(w.home2.holds(write)) }, false},
		{"the host knows a child", func(w *fakeWorld, _ *evidence) {
			w.home1.holds(concurrent)
			w.home2.holds(child)
		}, true},
		{"the host forgot the ring since the write began", func(w *fakeWorld, _ *evidence) {
			w.home1.membershipLostAt = began
		}, true},
		{"the host forgot the ring before the write began", func(w *fakeWorld, _ *evidence) {
			w.home1.membershipLostAt = began - 1
		}, false},
		{"the host knows no ring", func(w *fakeWorld, _ *evidence) { w.home1.history = nil }, false},
		{"the host waits for the range", func(w *fakeWorld, _ *evidence) { w.home1.awaits = true }, true},
		{"the host left, and both new homes hold it", func(w *fakeWorld, _ *evidence) {
			away(w, w.home1)
			w.away1.holds(write)
			w.away2.holds(child)
		}, true},
		{"the host left, and one new home lacks it", func(w *fakeWorld, _ *evidence) {
			away(w, w.home1)
			w.away1.holds(write)
		}, false},
		{"the host left, and one new home has it in its buffer only", func(w *fakeWorld, _ *evidence) {
			away(w, w.home1)
			w.away1.holds(write)
			w.away2.buffers(write)
		}, false},
		{"the host left, and does not know that it did", func(w *fakeWorld, _ *evidence) {
			away(w, w.away1, w.away2)
			w.away1.holds(write)
			w.away2.holds(write)
		}, false},
	})
	if _, e := newCase(t); !e.holdsOrIsExcused(nil, key, 99) {
		t.Error("a value that no client wrote is judged here")
	}
}

// mayLack excuses a host that lost something, or gave it to others, since an operation began.
func TestMayLack(t *testing.T) {
	const get = began + 5*time.Second
	op := &operation{Operation: &client.Operation{Op: plan.Op{Kind: plan.Get, Key: key}, Began: get}}
	runCases(t, func(w *fakeWorld, e *evidence) bool { return e.mayLack(op, w.home1, e.graph.ops[write]) }, []excuseCase{
		{"nothing happened", func(w *fakeWorld, _ *evidence) { w.home2.holds(write) }, false},
		{"the host lost it after the get began", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			w.now = get
			e.destroy(w.home1.holds(write))
		}, true},
		{"the host lost it before the get began", func(w *fakeWorld, e *evidence) {
			w.home2.holds(write)
			w.now = get - 1
			e.destroy(w.home1.holds(write))
		}, false},
		{"the host gave it away after the get began", func(w *fakeWorld, e *evidence) {
			w.now = get
			e.handsOver(w.home1.name, key)
		}, true},
		{"the host gave it away before the get began", func(w *fakeWorld, e *evidence) {
			w.now = get - 1
			e.handsOver(w.home1.name, key)
		}, false},
		{"another host gave it away", func(w *fakeWorld, e *evidence) {
			w.now = get
			e.handsOver(w.home2.name, key)
		}, false},
	})
}

// The last copy of a write, which a host drops, is excused if the copy of a home has rotted and the
// home cannot know it yet.
func TestRottenHome(t *testing.T) {
	runCases(t, func(w *fakeWorld, e *evidence) bool {
		tr := &transfers{e: e}
		w.away1.ahead = store.NewMem()
		tr.excuseRot([]string{w.home1.name, w.home2.name}, key, []uint64{write})
		return e.losses.excused[write]
	}, []excuseCase{
		{"the copies of both homes have rotted", func(w *fakeWorld, _ *evidence) {
			w.away1.holds(write)
			w.home1.rot()
			w.home2.rot()
		}, true},
		{"one home has a good copy", func(w *fakeWorld, _ *evidence) {
			w.away1.holds(write)
			w.home1.rot()
			w.home2.holds(write)
		}, false},
		{"the homes have nothing", func(w *fakeWorld, _ *evidence) { w.away1.holds(write) }, false},
		{"the home has found the damage", func(w *fakeWorld, _ *evidence) {
			w.away1.holds(write)
			w.home1.rot()
			w.home1.rotten = false
		}, false},
	})
}

// A missing write fails P1, unless it is excused.
func TestMissingWriteFails(t *testing.T) {
	for name, excused := range map[string]bool{"lost": false, "destroyed": true} {
		w, e := newCase(t)
		d := newDurability(e)
		op := e.graph.ops[write]
		op.Outcome, op.Ended, op.copies = 1, began+time.Millisecond, 2
		w.home1.holds(write)
		w.home2.holds(write)
		if excused {
			e.destroy(w.home1)
			e.destroy(w.home2)
		} else {
			w.home1.wipe()
		}
		d.fewest = 4
		d.checkCopies()
		if failed := len(e.violations) > 0; failed == excused {
			t.Errorf("%s: violations %v at %v", name, e.violations, w.now-kernel.Origin)
		}
	}
}

// Versions are outdated beside a write that they covered, also if the clock of one of them, or of
// an ancestor, was truncated since.
func TestOutdated(t *testing.T) {
	covers := vclock.Clock{{Actor: versionOf(write).Dot.Actor, Counter: versionOf(write).Dot.Counter}}
	holding := func(id uint64, past vclock.Clock) vclock.Siblings {
		v := versionOf(id)
		v.Past = past
		return vclock.Siblings{v}
	}
	coversChild := vclock.Clock{{Actor: versionOf(child).Dot.Actor, Counter: versionOf(child).Dot.Counter, From: 1}}
	for _, c := range []struct {
		name      string
		versions  vclock.Siblings
		whole     map[uint64]vclock.Clock
		truncated bool
		want      bool
	}{
		{"nothing is held", nil, nil, false, false},
		{"a version covers the write", holding(concurrent, covers), nil, false, true},
		{"a version covers nothing", holding(concurrent, nil), nil, false, false},
		{"its clock covered the write before", holding(concurrent, nil), map[uint64]vclock.Clock{concurrent: covers},
			true, true},
		{"its clock covered another write before", holding(concurrent, nil), map[uint64]vclock.Clock{concurrent: {}},
			true, false},
		{"the clock of an ancestor covered the write", holding(deletion, nil), map[uint64]vclock.Clock{child: covers},
			true, true},
		{"the clock of another write covered the write", holding(deletion, nil),
			map[uint64]vclock.Clock{concurrent: covers}, true, false},
		{"a version covers a child, and clocks were truncated", holding(concurrent, coversChild), nil, true, true},
		{"a version covers a child, and no clock was truncated", holding(concurrent, coversChild), nil, false, false},
	} {
		_, e := newCase(t)
		e.whole, e.truncated[key] = c.whole, c.truncated
		if got := e.outdated(c.versions, e.graph.ops[write]); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

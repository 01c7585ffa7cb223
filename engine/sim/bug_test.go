package sim

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// bugs are planted in the cluster, each against a property, which must fall.
var bugs = []struct {
	name     string
	property string
	opt      Options
	bug      bug
}{
	{"a flush that keeps nothing of every eighth batch", "P1", Options{}, bug{onBatch: everyEighth(func([]store.Write) []store.Write { return nil })}},
	{"versions travel without their past", "P2", Options{Faults: []string{crashKind}, Mode: settings.ModeSiblings}, bug{onMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
		return mapVersions(s, func(v vclock.Version) vclock.Version { v.Past = nil; return v })
	})}},
	{"tombstones are left out of what travels", "P3", Options{Faults: []string{lossKind}, R: 2, W: 2, N: 3, Quorum: Sloppy, Mode: settings.ModeSiblings}, bug{
		onMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
			return slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return v.Deleted })
		}),
		onBatch: everyEighth(dropTombstones),
	}},
	{"a tombstone claims to have seen what comes after it", "P4", Options{Faults: []string{lossKind}, Mode: settings.ModeSiblings, N: 3, R: 2, W: 2, Keys: 1}, bug{onBatch: swallowByTombstone}},
	{"hints are never handed over", "P5", Options{Faults: []string{partitionKind, crashKind}, Mode: settings.ModeSiblings}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		w, ok := m.Body.(wire.Write)
		return ok && w.Purpose == wire.Handoff
	}}},
	{"a wiped disk goes on with the old actor's counters", "P6", Options{Faults: []string{wipeKind}}, bug{oldLife: true}},
	{"reads answer from nobody", "P7", Options{Faults: []string{}, N: 3, R: 2, W: 2, Nodes: 5, Mode: settings.ModeSiblings}, bug{onReply: func(r wire.ClientReply) wire.ClientReply {
		if g, ok := r.(wire.GetReply); ok {
			g.Siblings, g.Tombstones = nil, nil
			return g
		}
		return r
	}}},
	{"a get shows half of its siblings, while nodes break and ranges move", "P7", Options{Faults: []string{partitionKind, crashKind, joinKind}, Mode: settings.ModeSiblings}, bug{onReply: func(r wire.ClientReply) wire.ClientReply {
		if g, ok := r.(wire.GetReply); ok {
			g.Siblings = g.Siblings[:(len(g.Siblings)+1)/2]
			return g
		}
		return r
	}}},
	{"a value changes on its way", "P8", Options{Faults: []string{lossKind}}, bug{onMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
		return mapVersions(s, func(v vclock.Version) vclock.Version {
			if !v.Deleted {
				v.Value = []byte("op999999")
			}
			return v
		})
	})}},
	{"a hint is acked, and not written", "P9", Options{Faults: []string{partitionKind, crashKind}, Mode: settings.ModeSiblings, Nodes: 5, N: 3}, bug{onMessage: changeHandoffs}},
	{"trees are never compared, and nothing is read", "P5", Options{Faults: []string{wipeKind}, Mode: settings.ModeSiblings, AntiEntropy: minAntiEntropy}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		_, ok := m.Body.(wire.Sync)
		return ok
	}}},
	{"a batch that is not the one the trees were told of", "P10", Options{Faults: []string{lossKind}, Mode: settings.ModeSiblings}, bug{onBatch: everyEighth(func(b []store.Write) []store.Write {
		return changeRecords(b, func(vclock.Siblings) vclock.Siblings { return nil })
	})}},
	{"a buffer that lets out what should wait for the disk", "P1", Options{Faults: []string{crashKind}, Mode: settings.ModeSiblings, Buffer: maxDrawnBuffer}, bug{hasty: true}},
	{"whoever is asked about a deleted key says that it holds nothing else", "P3", Options{Faults: []string{partitionKind, crashKind}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, AntiEntropy: -1, Tombstones: minTombstones, Ops: 300}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		if r, ok := m.Body.(wire.CollectReply); ok {
			m.Body = wire.CollectReply{Answers: make([]wire.CollectAnswer, len(r.Answers))}
		}
		return false
	}}},
	{"one home never drops a tombstone", "P5", Options{Faults: []string{partitionKind}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, Tombstones: minTombstones}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		c, ok := m.Body.(wire.Collect)
		return ok && c.Phase == wire.CollectDrop && m.To == "n3"
	}}},
	{"a home says that it holds all of a range, whatever it holds", "P11", Options{Faults: []string{joinKind}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, Ops: 300}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		if r, ok := m.Body.(wire.SyncReply); ok {
			r.Same = true
			m.Body = r
		}
		return false
	}}},
	{"all gossip is lost", "P12", Options{Faults: []string{joinKind}, Mode: settings.ModeSiblings, Nodes: 5, N: 3}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		_, ok := m.Body.(wire.Gossip)
		return ok
	}}},
	{"a write carries a key that is too long for a frame", "P13", Options{}, bug{onMessage: func(_ *world, m *wire.Message) bool {
		if w, ok := m.Body.(wire.Write); ok && w.Purpose == wire.Replicate {
			w.Key = bytes.Repeat([]byte("k"), wire.MaxKey+1)
			m.Body = w
		}
		return false
	}}},
	{"an ack counts twice", "P13", Options{}, bug{onReply: func(r wire.ClientReply) wire.ClientReply {
		if p, ok := r.(wire.PutReply); ok && len(p.Acks) > 0 {
			p.Acks = append(slices.Clone(p.Acks), p.Acks[0])
			return p
		}
		return r
	}}},
}

// everyEighth changes each eighth batch that holds data.
func everyEighth(change func([]store.Write) []store.Write) func([]store.Write) []store.Write {
	n := 0
	return func(b []store.Write) []store.Write {
		if !slices.ContainsFunc(b, func(w store.Write) bool { return w.Space == store.Data }) {
			return b
		}
		if n++; n%8 != 0 {
			return b
		}
		return change(b)
	}
}

func mapVersions(s vclock.Siblings, f func(vclock.Version) vclock.Version) vclock.Siblings {
	out := slices.Clone(s)
	for i := range out {
		out[i] = f(out[i])
	}
	return out
}

func changeWrites(f func(vclock.Siblings) vclock.Siblings) func(*world, *wire.Message) bool {
	return func(_ *world, m *wire.Message) bool {
		if w, ok := m.Body.(wire.Write); ok {
			w.Siblings = f(w.Siblings)
			m.Body = w
		}
		return false
	}
}

// changeRecords changes the siblings of every data record of a batch.
func changeRecords(b []store.Write, f func(vclock.Siblings) vclock.Siblings) []store.Write {
	out := slices.Clone(b)
	for i, w := range out {
		if rec, err := record.Decode(w.Value); w.Space == store.Data && w.Value != nil && err == nil {
			rec.Siblings = f(rec.Siblings)
			out[i].Value = record.Encode(rec)
		}
	}
	return out
}

// dropTombstones brings back what a delete had covered: the tombstone goes, and an
// empty record lets the older value of any other replica in again.
func dropTombstones(b []store.Write) []store.Write {
	return changeRecords(b, func(s vclock.Siblings) vclock.Siblings {
		return slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return v.Deleted })
	})
}

// swallowByTombstone lets a tombstone among siblings take the others with it.
func swallowByTombstone(b []store.Write) []store.Write {
	return changeRecords(b, func(s vclock.Siblings) vclock.Siblings {
		dead := slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return !v.Deleted })
		if len(dead) == 0 {
			return s
		}
		return dead
	})
}

// changeHandoffs makes of a hint that is handed over a write of nothing.
func changeHandoffs(_ *world, m *wire.Message) bool {
	if w, ok := m.Body.(wire.Write); ok && w.Purpose == wire.Handoff {
		w.Siblings = nil
		m.Body = w
	}
	return false
}

// mostBugSeeds is in how many seeds each bug must be found.
const mostBugSeeds = 60

// Every property falls where it should: a check that cannot fail is worth nothing. P14 is a count, and no check.
func TestBugsAreFound(t *testing.T) {
	const most = mostBugSeeds
	against := map[string]bool{"P14": true}
	for _, b := range bugs {
		against[b.property] = true
	}
	for _, p := range Properties() {
		if !against[p.Name] {
			t.Errorf("no bug is planted against %s: %s", p.Name, p.Says)
		}
	}
	for _, b := range bugs {
		found := false
		said := map[string]bool{}
		for seed := uint64(1); seed <= most && !found; seed++ {
			o := b.opt
			o.Seed, o.Ops = seed, max(120, o.Ops)
			p := NewPlan(o)
			p.bug = &b.bug
			r := Play(p, nil)
			found = r.Broke(b.property)
			for _, v := range r.Violations {
				said[v.Property] = true
			}
		}
		if !found {
			t.Errorf("%s: %s held for %d seeds; fell: %v", b.name, b.property, most, said)
		}
	}
}

// A failing run shrinks to a few lines, which say what happened and fail again when they are read back.
func TestShrink(t *testing.T) {
	var p Plan
	for seed := uint64(1); ; seed++ {
		if seed > mostBugSeeds {
			t.Fatalf("P6 held for %d seeds", mostBugSeeds)
		}
		p = NewPlan(Options{Seed: seed, Faults: []string{wipeKind, partitionKind, lossKind}, Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: Sloppy, Ops: 100})
		p.bug = &bug{oldLife: true}
		if Play(p, nil).Broke("P6") {
			break
		}
	}
	q, r := Shrink(Play(p, nil), "P6", func() bool { return true })
	if len(q.Ops) > 6 || len(q.Strikes) > 2 || len(q.keys()) != 1 || !r.Broke("P6") {
		t.Errorf("shrunk only to:\n%s", Report(q, r, "--seed 1"))
	}
	text := Report(q, r, "--seed 1")
	if !strings.Contains(text, "# P6: dot") || !strings.Contains(text, "wipe n") || !strings.Contains(text, "acked by") {
		t.Errorf("the report lacks what happened:\n%s", text)
	}
	again, err := ParseScript(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	again.bug = p.bug
	if s := Play(again, nil); s.Hash != r.Hash || s.Hash != again.Expect.Hash || !s.Broke(again.Expect.Property) {
		t.Errorf("replayed: hash %x, want %x; %v", s.Hash, r.Hash, s.Violations)
	}
}

// nobodysReply is one that no node gives.
type nobodysReply struct{ wire.ClientReply }

// A run that panics fails, says where, and can be made smaller.
func TestPanicIsAFailure(t *testing.T) {
	p := NewPlan(Options{Seed: 1, Ops: 40, Faults: []string{}})
	p.bug = &bug{onReply: func(r wire.ClientReply) wire.ClientReply {
		return r.(nobodysReply)
	}}
	r := Play(p, nil)
	if !r.Broke(Panic) || !strings.Contains(r.Violations[0].Detail, "in bug_test.go:") {
		t.Fatalf("%v", r.Violations)
	}
	if q, _ := Shrink(r, Panic, func() bool { return true }); len(q.Ops) != 1 {
		t.Errorf("shrunk only to %d operations", len(q.Ops))
	}
}

// A run that nobody waits for any more ends at once.
func TestPlayUntil(t *testing.T) {
	asked := 0
	_, ended := PlayUntil(NewPlan(Options{Seed: 1}), func() bool { asked++; return asked < 3 }, nil)
	if ended || asked != 3 {
		t.Errorf("ended %v, asked %d times", ended, asked)
	}
}

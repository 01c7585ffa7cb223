package sim

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/sim/check"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// bugs are planted outside of the engine. Each must make a property fail.
var bugs = []struct {
	name     string
	property string
	opt      plan.Options
	bug      kernel.Bug
}{
	{"a flush that keeps nothing of every eighth batch", "P1", plan.Options{}, kernel.Bug{OnBatch: everyEighth(func([]store.Write) []store.Write { return nil })}},
	{"versions travel without their past", "P2", plan.Options{Faults: []string{plan.Crash}, Mode: settings.ModeSiblings}, kernel.Bug{OnMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
		return mapVersions(s, func(v vclock.Version) vclock.Version { v.Past = nil; return v })
	})}},
	{"tombstones are left out of what travels", "P3", plan.Options{Faults: []string{plan.Loss}, R: 2, W: 2, N: 3, Quorum: plan.Sloppy, Mode: settings.ModeSiblings}, kernel.Bug{
		OnMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
			return slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return v.Deleted })
		}),
		OnBatch: everyEighth(dropTombstones),
	}},
	{"a tombstone claims to have seen what comes after it", "P4", plan.Options{Faults: []string{plan.Loss}, Mode: settings.ModeSiblings, N: 3, R: 2, W: 2, Keys: 1}, kernel.Bug{OnBatch: swallowByTombstone}},
	{"hints are never handed over", "P5", plan.Options{Faults: []string{plan.Partition, plan.Crash}, Mode: settings.ModeSiblings}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		w, ok := m.Body.(wire.Write)
		return ok && w.Purpose == wire.Handoff
	}}},
	{"a wiped disk goes on with the old actor's counters", "P6", plan.Options{Faults: []string{plan.Wipe}}, kernel.Bug{SameIncarnation: true}},
	{"reads show nothing", "P7", plan.Options{Faults: []string{}, N: 3, R: 2, W: 2, Nodes: 5, Mode: settings.ModeSiblings}, kernel.Bug{OnReply: func(r wire.ClientReply) wire.ClientReply {
		if g, ok := r.(wire.GetReply); ok {
			g.Siblings, g.Tombstones = nil, nil
			return g
		}
		return r
	}}},
	{"a get shows half of its siblings, while nodes break and ranges move", "P7", plan.Options{Faults: []string{plan.Partition, plan.Crash, plan.Join}, Mode: settings.ModeSiblings}, kernel.Bug{OnReply: func(r wire.ClientReply) wire.ClientReply {
		if g, ok := r.(wire.GetReply); ok {
			g.Siblings = g.Siblings[:(len(g.Siblings)+1)/2]
			return g
		}
		return r
	}}},
	{"a value changes on its way", "P8", plan.Options{Faults: []string{plan.Loss}}, kernel.Bug{OnMessage: changeWrites(func(s vclock.Siblings) vclock.Siblings {
		return mapVersions(s, func(v vclock.Version) vclock.Version {
			if !v.Deleted {
				v.Value = []byte("op999999")
			}
			return v
		})
	})}},
	{"a hint is acked, and not written", "P9", plan.Options{Faults: []string{plan.Partition, plan.Crash}, Mode: settings.ModeSiblings, Nodes: 5, N: 3}, kernel.Bug{OnMessage: changeHandoffs}},
	{"trees are never compared, and nothing is read", "P5", plan.Options{Faults: []string{plan.Wipe}, Mode: settings.ModeSiblings, AntiEntropy: 200 * time.Millisecond}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		_, ok := m.Body.(wire.Sync)
		return ok
	}}},
	{"a batch that is not the one the trees were told of", "P10", plan.Options{Faults: []string{plan.Loss}, Mode: settings.ModeSiblings}, kernel.Bug{OnBatch: everyEighth(func(b []store.Write) []store.Write {
		return changeRecords(b, func(vclock.Siblings) vclock.Siblings { return nil })
	})}},
	{"effects do not wait for the disk", "P1", plan.Options{Faults: []string{plan.Crash}, Mode: settings.ModeSiblings, Buffer: 12}, kernel.Bug{NothingDurable: true}},
	{"a node that is asked about a deleted key says that it holds nothing else", "P3", plan.Options{Faults: []string{plan.Partition, plan.Crash}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, AntiEntropy: -1, Tombstones: 30 * time.Second, Ops: 300}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		if r, ok := m.Body.(wire.CollectReply); ok {
			m.Body = wire.CollectReply{Answers: make([]wire.CollectAnswer, len(r.Answers))}
		}
		return false
	}}},
	{"one home never drops a tombstone", "P5", plan.Options{Faults: []string{plan.Partition}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, Tombstones: 30 * time.Second}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		c, ok := m.Body.(wire.Collect)
		return ok && c.Phase == wire.CollectDrop && m.To == "n3"
	}}},
	{"a home says that it holds all of a range, whatever it holds", "P11", plan.Options{Faults: []string{plan.Join}, Mode: settings.ModeSiblings, Nodes: 5, N: 3, Ops: 300}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		if r, ok := m.Body.(wire.SyncReply); ok {
			r.Same = true
			m.Body = r
		}
		return false
	}}},
	{"all gossip is lost", "P12", plan.Options{Faults: []string{plan.Join}, Mode: settings.ModeSiblings, Nodes: 5, N: 3}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		_, ok := m.Body.(wire.Gossip)
		return ok
	}}},
	{"a write carries a key that is too long for a frame", "P13", plan.Options{}, kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
		if w, ok := m.Body.(wire.Write); ok && w.Purpose == wire.Replicate {
			w.Key = bytes.Repeat([]byte("k"), wire.MaxKey+1)
			m.Body = w
		}
		return false
	}}},
	{"an ack counts twice", "P13", plan.Options{}, kernel.Bug{OnReply: func(r wire.ClientReply) wire.ClientReply {
		if p, ok := r.(wire.PutReply); ok && len(p.Acks) > 0 {
			p.Acks = append(slices.Clone(p.Acks), p.Acks[0])
			return p
		}
		return r
	}}},
}

// everyEighth changes every eighth batch with data.
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

func changeWrites(f func(vclock.Siblings) vclock.Siblings) func(*kernel.World, *wire.Message) bool {
	return func(_ *kernel.World, m *wire.Message) bool {
		if w, ok := m.Body.(wire.Write); ok {
			w.Siblings = f(w.Siblings)
			m.Body = w
		}
		return false
	}
}

// changeRecords changes the siblings of each data record in a batch.
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

// dropTombstones removes tombstones from records. An empty record takes in the older value of another
// replica again.
func dropTombstones(b []store.Write) []store.Write {
	return changeRecords(b, func(s vclock.Siblings) vclock.Siblings {
		return slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return v.Deleted })
	})
}

// swallowByTombstone removes the siblings of tombstones.
func swallowByTombstone(b []store.Write) []store.Write {
	return changeRecords(b, func(s vclock.Siblings) vclock.Siblings {
		dead := slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return !v.Deleted })
		if len(dead) == 0 {
			return s
		}
		return dead
	})
}

// changeHandoffs removes the versions from hints that are sent home.
func changeHandoffs(_ *kernel.World, m *wire.Message) bool {
	if w, ok := m.Body.(wire.Write); ok && w.Purpose == wire.Handoff {
		w.Siblings = nil
		m.Body = w
	}
	return false
}

// mostBugSeeds is the number of seeds in which each bug must be found.
const mostBugSeeds = 60

// Every property but P14, which is a count, fails in a run with a bug against it.
func TestBugsAreFound(t *testing.T) {
	against := map[string]bool{check.P14: true}
	for _, b := range bugs {
		against[b.property] = true
	}
	for _, p := range check.Properties() {
		if !against[p.Name] {
			t.Errorf("no bug is planted against %s: %s", p.Name, p.Says)
		}
	}
	for _, b := range bugs {
		found := false
		failed := map[string]bool{}
		for seed := uint64(1); seed <= mostBugSeeds && !found; seed++ {
			o := b.opt
			o.Seed, o.Ops = seed, max(120, o.Ops)
			r, _ := Player{Bug: &b.bug}.Play(plan.New(o))
			found = r.Broke(b.property)
			for _, v := range r.Violations {
				failed[v.Property] = true
			}
		}
		if !found {
			t.Errorf("%s: %s held for %d seeds; failed: %v", b.name, b.property, mostBugSeeds, failed)
		}
	}
}

// A player that gives up ends at once.
func TestPlayerGivesUp(t *testing.T) {
	asked := 0
	_, ended := Player{GoOn: func() bool { asked++; return asked < 3 }}.Play(plan.New(plan.Options{Seed: 1}))
	if ended || asked != 3 {
		t.Errorf("ended %v, asked %d times", ended, asked)
	}
}

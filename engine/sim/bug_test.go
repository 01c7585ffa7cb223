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
	options  plan.Options
	bug      kernel.Bug
}{
	{
		name: "a flush that keeps nothing of every eighth batch", property: "P1",
		bug: kernel.Bug{OnBatch: everyEighth(func([]store.Write) []store.Write { return nil })},
	}, {
		name: "versions travel without their past", property: "P2", options: siblings(plan.Crash),
		bug: kernel.Bug{OnMessage: changeWrites(withoutPast)},
	}, {
		name: "tombstones are left out of what travels", property: "P3", options: quorums(siblings(plan.Loss)),
		bug: kernel.Bug{OnMessage: changeWrites(withoutTombstones), OnBatch: everyEighth(dropTombstones)},
	}, {
		name: "a tombstone claims to have seen what comes after it", property: "P4",
		options: oneKey(quorums(siblings(plan.Loss))),
		bug:     kernel.Bug{OnBatch: swallowByTombstone},
	}, {
		name: "hints are never handed over", property: "P5", options: siblings(plan.Split, plan.Crash),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			w, ok := m.Body.(wire.Write)
			return ok && w.Purpose == wire.Handoff
		}},
	}, {
		name: "a wiped disk goes on with the old actor's counters", property: "P6",
		options: plan.Options{Faults: []string{plan.Wipe}},
		bug:     kernel.Bug{SameIncarnation: true},
	}, {
		name: "reads show nothing", property: "P7", options: quorums(siblings()),
		bug: kernel.Bug{OnReply: changeGets(func(g *wire.GetReply) { g.Siblings, g.Tombstones = nil, nil })},
	}, {
		name:     "a get shows half of its siblings, while nodes break and ranges move",
		property: "P7", options: siblings(plan.Split, plan.Crash, plan.Join),
		bug: kernel.Bug{OnReply: changeGets(func(g *wire.GetReply) {
			g.Siblings = g.Siblings[:(len(g.Siblings)+1)/2]
		})},
	}, {
		name: "a value changes on its way", property: "P8", options: plan.Options{Faults: []string{plan.Loss}},
		bug: kernel.Bug{OnMessage: changeWrites(withOtherValues)},
	}, {
		name: "a hint is acked, and not written", property: "P9",
		options: fiveNodes(siblings(plan.Split, plan.Crash)),
		bug:     kernel.Bug{OnMessage: emptyHandoffs},
	}, {
		name: "trees are never compared, and nothing is read", property: "P5",
		options: antiEntropy(siblings(plan.Wipe), 200*time.Millisecond),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			_, ok := m.Body.(wire.Sync)
			return ok
		}},
	}, {
		name: "a batch that is not the one the trees were told of", property: "P10", options: siblings(plan.Loss),
		bug: kernel.Bug{OnBatch: everyEighth(func(b []store.Write) []store.Write {
			return changeRecords(b, func(vclock.Siblings) vclock.Siblings { return nil })
		})},
	}, {
		name: "effects do not wait for the disk", property: "P1", options: buffered(siblings(plan.Crash)),
		bug: kernel.Bug{NothingDurable: true},
	}, {
		name:     "a node that is asked about a deleted key says that it holds nothing else",
		property: "P3", options: collecting(antiEntropy(fiveNodes(siblings(plan.Split, plan.Crash)), -1)),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			if r, ok := m.Body.(wire.CollectReply); ok {
				m.Body = wire.CollectReply{Answers: make([]wire.CollectAnswer, len(r.Answers))}
			}
			return false
		}},
	}, {
		name: "one home never drops a tombstone", property: "P5",
		options: collecting(fiveNodes(siblings(plan.Split))),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			c, ok := m.Body.(wire.Collect)
			return ok && c.Phase == wire.CollectDrop && m.To == "n3"
		}},
	}, {
		name: "a home says that it holds all of a range, even if it holds nothing", property: "P11",
		options: long(fiveNodes(siblings(plan.Join))),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			if r, ok := m.Body.(wire.SyncReply); ok {
				r.Same = true
				m.Body = r
			}
			return false
		}},
	}, {
		name: "all gossip is lost", property: "P12", options: fiveNodes(siblings(plan.Join)),
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			_, ok := m.Body.(wire.Gossip)
			return ok
		}},
	}, {
		name: "a write carries a key that is too long for a frame", property: "P13",
		bug: kernel.Bug{OnMessage: func(_ *kernel.World, m *wire.Message) bool {
			if w, ok := m.Body.(wire.Write); ok && w.Purpose == wire.Replicate {
				w.Key = bytes.Repeat([]byte("k"), wire.MaxKey+1)
				m.Body = w
			}
			return false
		}},
	}, {
		name: "an ack counts twice", property: "P13",
		bug: kernel.Bug{OnReply: func(r wire.ClientReply) wire.ClientReply {
			if p, ok := r.(wire.PutReply); ok && len(p.Acks) > 0 {
				p.Acks = append(slices.Clone(p.Acks), p.Acks[0])
				return p
			}
			return r
		}},
	},
}

// siblings returns options for clusters that keep siblings, with some kinds of faults.
func siblings(faults ...string) plan.Options {
	return plan.Options{Mode: settings.ModeSiblings, Faults: append([]string{}, faults...)}
}

func quorums(o plan.Options) plan.Options {
	o.N, o.R, o.W, o.Nodes, o.Quorum = 3, 2, 2, 5, plan.Sloppy
	return o
}

func fiveNodes(o plan.Options) plan.Options { o.Nodes, o.N = 5, 3; return o }

func oneKey(o plan.Options) plan.Options { o.Keys = 1; return o }

func long(o plan.Options) plan.Options { o.Ops = 300; return o }

func collecting(o plan.Options) plan.Options { o.Tombstones = 30 * time.Second; return long(o) }

func buffered(o plan.Options) plan.Options { o.Buffer = 12; return o }

func antiEntropy(o plan.Options, every time.Duration) plan.Options { o.AntiEntropy = every; return o }

func withoutPast(s vclock.Siblings) vclock.Siblings {
	return mapVersions(s, func(v vclock.Version) vclock.Version { v.Past = nil; return v })
}

func withoutTombstones(s vclock.Siblings) vclock.Siblings {
	return slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return v.Deleted })
}

func withOtherValues(s vclock.Siblings) vclock.Siblings {
	return mapVersions(s, func(v vclock.Version) vclock.Version {
		if !v.Deleted {
			v.Value = []byte("op999999")
		}
		return v
	})
}

// changeGets changes each reply to a get.
func changeGets(change func(*wire.GetReply)) func(wire.ClientReply) wire.ClientReply {
	return func(r wire.ClientReply) wire.ClientReply {
		if g, ok := r.(wire.GetReply); ok {
			change(&g)
			return g
		}
		return r
	}
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

// dropTombstones removes tombstones from records. An empty record takes in the older value of
// another replica again.
func dropTombstones(b []store.Write) []store.Write { return changeRecords(b, withoutTombstones) }

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

// emptyHandoffs removes the versions from hints that are sent home.
func emptyHandoffs(_ *kernel.World, m *wire.Message) bool {
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
			t.Errorf("no bug is planted against %s: %s", p.Name, p.Description)
		}
	}
	for _, b := range bugs {
		found := false
		failed := map[string]bool{}
		for seed := uint64(1); seed <= mostBugSeeds && !found; seed++ {
			o := b.options
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

package experiments

import (
	"fmt"
	"time"

	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// rewrites are clients that add elements to values, as Jepsen's and a shopping cart's do: a client
// gets a key, merges what it got, adds an element of its own, and puts the result with the context
// of the get.
type rewrites struct {
	keys, writers int           // writers of each key; each is one client, and always asks the same node
	rounds        int           // of each writer
	every         time.Duration // mean time from one round of a writer to the next
	think         time.Duration // from the end of the get to the put
	gets          int           // further gets in each round
}

// ops returns the operations of the clients.
func (w rewrites) ops(seed uint64, nodes []string) []plan.Op {
	var out []plan.Op
	id := uint64(0)
	add := func(o plan.Op) uint64 {
		id++
		o.ID = id
		out = append(out, o)
		return id
	}
	for c := range w.keys * w.writers {
		r := rng.NewAt(seed, "lab rewrites", uint64(c))
		o := plan.Op{Client: c + 1, Key: fmt.Sprintf("key%d", c%w.keys), Via: nodes[(c/w.keys+c)%len(nodes)]}
		for range w.rounds {
			o.At += rng.Exp(r, w.every).Round(100 * time.Microsecond)
			get := o
			get.Kind, get.Context = plan.Get, plan.Blind
			for range w.gets {
				add(get)
			}
			put := o
			put.Kind, put.After, put.Pause = plan.Put, add(get), w.think
			add(put)
		}
	}
	return out
}

// rewrite replaces the operations of the run.
func (s *scene) rewrite(w rewrites) {
	s.Ops = byTime(w.ops(s.Seed, s.Names()))
	s.HealAt = s.Ops[len(s.Ops)-1].At + time.Second
}

// lostUpdates returns the number of acknowledged puts of a run, and how many of them are lost: no
// home of the key has the element that the put added. An element is in the value of its put, and in
// each value whose client merged a value with that element.
func lostUpdates(m *sim.Measured) (lost, acknowledged int) {
	type place struct {
		client int
		key    string
	}
	newest := map[place][]uint64{}  // writes that the client's newest context covers
	merged := map[uint64][]uint64{} // put → writes whose values it merged
	for _, o := range m.History {   // a client's operations follow each other
		at := place{o.Client, o.Key}
		if o.Kind == plan.Put {
			merged[o.ID] = newest[at]
		}
		if o.Outcome != client.OK.String() {
			continue
		}
		if newest[at] = o.Read; o.Kind == plan.Put {
			newest[at] = []uint64{o.ID}
		}
	}
	kept := map[uint64]bool{}
	var keep func(uint64)
	keep = func(id uint64) {
		if !kept[id] {
			kept[id] = true
			for _, earlier := range merged[id] {
				keep(earlier)
			}
		}
	}
	for _, l := range m.Left {
		for _, v := range l.Versions {
			keep(v.Request)
		}
	}
	for _, o := range m.History {
		if o.Kind == plan.Put && o.Outcome == client.OK.String() {
			acknowledged++
			if !kept[o.ID] {
				lost++
			}
		}
	}
	return lost, acknowledged
}

// maxWriters and maxRounds bound parameters of loads of rewrites.
const maxWriters, maxRounds = 50, 1000

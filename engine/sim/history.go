package sim

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// An Observation is one operation as its client saw it: what a checker of
// linearizability judges.
type Observation struct {
	Op
	Began, Ended time.Duration  // since the start of the world; Ended 0: no answer came
	Outcome      string         // ok, failed (certainly not carried out) or unknown
	Why          wire.Code      // it failed
	Acks         []string       // of a put
	Version      vclock.Version // of a put, as its coordinator stamped it
	Read         []uint64       // writes that a get returned
	Contextual   bool           // the put came with a context
}

// history lists what the clients did, by when it began.
func (c *checker) history() []Observation {
	var out []Observation
	for _, op := range c.ops {
		o := Observation{Op: op.Op, Began: op.began - start, Outcome: op.outcome.String(), Why: op.why, Acks: op.acks, Version: op.version, Read: op.read, Contextual: op.parents != nil}
		if op.ended > 0 && op.outcome != unknown {
			o.Ended = op.ended - start
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Observation) int { return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.ID, b.ID)) })
	return out
}

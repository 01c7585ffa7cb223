package view

import (
	"slices"
	"time"
)

// Faults are the faults of the network and of clocks that are on now.
type Faults struct {
	Groups   [][]string               // of the split; nil: there is no split
	OneWay   bool                     // of the split (event.Event)
	SplitAt  time.Duration            // time since 1970 at which the split began
	SplitFor time.Duration            // after which the driver heals the split; 0: never
	Slow     map[string]time.Duration // link, as the command named it → delay
	Loss     map[string]float64       // link, as the command named it → percent
	Skew     map[string]time.Duration // node → how far its clock is ahead; negative: behind
}

// SplitLeft returns the time until the driver heals the split. ok is false if there is no split, or
// the split has no end.
func (v *Cluster) SplitLeft() (left time.Duration, ok bool) {
	if v.Groups == nil || v.SplitFor == 0 {
		return 0, false
	}
	return max(0, v.SplitAt+v.SplitFor-v.Now), true
}

// Side returns the index in Groups of the group with node, -1 if there is no split.
func (v *Cluster) Side(node string) int {
	return slices.IndexFunc(v.Groups, func(g []string) bool { return slices.Contains(g, node) })
}

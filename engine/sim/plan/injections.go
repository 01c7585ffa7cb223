package plan

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/sim/rng"
)

// injections draws the faults up to the time at which all faults end.
func (d *drawing) injections(end time.Duration) []Injection {
	var drawn []kind
	for _, k := range kinds {
		if k.draw != nil && d.has(k.name) {
			drawn = append(drawn, k)
		}
	}
	if len(drawn) == 0 {
		return nil
	}
	var out []Injection
	for at := time.Duration(0); ; {
		at += 200*time.Millisecond + rng.Exp(d.rng, d.o.FaultEvery).Round(grain)
		if at >= end {
			slices.SortStableFunc(out, func(a, b Injection) int { return cmp.Compare(a.At, b.At) })
			return out
		}
		k := drawn[d.rng.IntN(len(drawn))]
		f := Injection{At: at, Kind: k.name, For: d.duration()}
		k.draw(d, &f)
		d.prolong(&f)
		if len(f.Groups) == 1 {
			continue // one group of all nodes is not a split
		}
		out = append(out, f)
		if f.Kind == Join || f.Kind == Leave {
			out = d.breakMover(out, f, end)
			out = d.failAround(out, f, end)
		}
	}
}

// duration draws how long a fault lasts, from 50 milliseconds to 10 seconds.
func (d *drawing) duration() time.Duration {
	factor := 1 + 200*d.rng.Float64()*d.rng.Float64()
	return time.Duration(float64(50*time.Millisecond) * factor).Round(time.Millisecond)
}

// prolong makes some faults last longer than the grace of tombstones. The prolonged kinds hold no
// message back, since collecting tombstones is only safe if no message is under way for long.
func (d *drawing) prolong(f *Injection) {
	lasting := []string{Crash, Split, Wipe, LostTail}
	if d.o.Tombstones > 0 && slices.Contains(lasting, f.Kind) && d.streamAt("", f.At).Float64() < .2 {
		f.For *= awayFactor
	}
}

// breakMover breaks the node that joins or leaves soon after the change, half of the time, in one
// of the ways in which nodes break in this run.
func (d *drawing) breakMover(out []Injection, move Injection, end time.Duration) []Injection {
	var ways []string
	for _, k := range []string{Crash, CrashInFlush, Pause, Wipe, LostTail} {
		if d.has(k) {
			ways = append(ways, k)
		}
	}
	r := d.streamAt("", move.At)
	f := Injection{At: move.At + rng.Exp(r, time.Second).Round(grain), Nodes: move.Nodes[:1], For: d.duration()}
	if len(ways) == 0 || f.At >= end || r.Float64() < .5 {
		return out
	}
	if f.Kind = rng.Pick(r, ways); f.Kind == LostTail {
		f.Amount = 1 + r.IntN(MaxUndo)
	}
	return append(out, f)
}

const (
	// crashAroundOdds is the probability that another node is down at a change of the ring, in runs
	// with crashes.
	crashAroundOdds = .5
	// joinAfterOdds is the probability that a node joins soon after a change of the ring, in runs
	// with joins.
	joinAfterOdds = .4
)

// failAround crashes another node before a change of the ring, half of the time. That node learns
// late that it gives ranges away, and others keep hints for it. failAround also has another node
// join soon after the change, at times, so that ranges move again before their new homes have them.
func (d *drawing) failAround(out []Injection, move Injection, end time.Duration) []Injection {
	r := d.streamAt("around", move.At)
	if at := move.At - rng.Exp(r, 2*time.Second).Round(grain); d.has(Crash) && at > 0 && r.Float64() < crashAroundOdds {
		node := []string{rng.Pick(r, d.names)}
		down := rng.Exp(r, 4*time.Second).Round(time.Millisecond) + time.Second
		out = append(out, Injection{At: at, Kind: Crash, Nodes: node, For: down})
	}
	at := move.At + rng.Exp(r, 500*time.Millisecond).Round(grain)
	if d.has(Join) && at < end && r.Float64() < joinAfterOdds {
		out = append(out, Injection{At: at, Kind: Join, Nodes: []string{d.newNode(), rng.Pick(r, d.names)}})
	}
	return out
}

package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A node that lost its disk is filled again while clients work, over disks that write a
// megabyte a second. Every request needs all three homes, so that whoever is busy with
// background work is waited for.
const (
	bulkKeys  = 6000
	bulkValue = 8 << 10
	bulkRate  = 1 << 20
)

// refill plays that for two minutes with a limit for the foreground, and tells the latencies of clients
// and how many records had come back after how long.
func refill(t *testing.T, limit time.Duration) (latencies []time.Duration, back func(at time.Duration) int) {
	t.Helper()
	timings := engine.DefaultTimings()
	timings.Foreground = limit
	p := Plan{Seed: 1, Nodes: 3, N: 3, R: 3, W: 3, Mode: settings.ModeSiblings, Quorum: Sloppy, AntiEntropy: time.Second,
		Weather: Weather{Delay: usualDelay, Tells: true}, Peace: 2 * time.Minute, Timings: &timings}
	for i := range 8000 {
		op := Op{At: time.Duration(i) * 15 * time.Millisecond, Client: 1 + i%8, ID: uint64(i + 1), Kind: "get", Key: fmt.Sprintf("key%d", i%50), Via: fmt.Sprintf("n%d", 1+i%3), Context: Blind}
		if i%2 == 0 {
			op.Kind, op.Context = "put", 0
		}
		p.Ops = append(p.Ops, op)
	}
	var stored []time.Duration
	w := newWorld(&p, func(e event.Event) {
		if e.Kind == event.Stored && e.Node == "n3" && e.Op == wire.AntiEntropy.String() {
			stored = append(stored, e.Time-start)
		}
	})
	w.runUntil(w.now+time.Second, nil) // the nodes' first writes are on disk
	for _, name := range w.names {
		h := w.hosts[name]
		h.crash()
		if h.disk.rate, h.disk.steady = bulkRate, true; name != "n3" {
			h.disk.mem.Apply(bulk(), true)
		}
		h.boot()
	}
	w.unleash()
	w.employ()
	w.runUntil(start+p.Peace, nil)
	for _, o := range w.check.history() {
		if o.Ended > 0 && o.Began > 15*time.Second && o.Began < 40*time.Second { // the controller has noticed, and there is work left without it
			latencies = append(latencies, o.Ended-o.Began)
		}
	}
	slices.Sort(latencies)
	return latencies, func(at time.Duration) int {
		n, _ := slices.BinarySearch(stored, at)
		return n
	}
}

// bulk is what n1 and n2 hold and n3 lost.
func bulk() []store.Write {
	var out []store.Write
	for i := range bulkKeys {
		key := fmt.Appendf(nil, "bulk%d", i)
		rec := record.Record{Siblings: vclock.Siblings{{
			Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 1}, Value: make([]byte, bulkValue), Time: int64(start),
		}}}
		out = append(out, store.Write{Space: store.Data, Key: record.DataKey(key), Value: record.Encode(rec)})
	}
	return out
}

// §6.5: clients' latencies are protected, and background work goes on all the same.
func TestAdmissionProtectsTheForeground(t *testing.T) {
	with, back := refill(t, 50*time.Millisecond)
	without, unbridled := refill(t, 0)
	p := func(s []time.Duration, percent int) time.Duration { return s[len(s)*percent/100] }
	t.Logf("p50 %v, p99 %v; without admission control %v, %v", p(with, 50), p(with, 99), p(without, 50), p(without, 99))
	if got := p(with, 99); got > 2*50*time.Millisecond {
		t.Errorf("clients wait %v at the 99th percentile", got)
	}
	if got := p(without, 99); got < 4*p(with, 99) {
		t.Errorf("without admission control they wait %v: there is nothing to protect them from", got)
	}
	for at := 20 * time.Second; at < 2*time.Minute; at += 10 * time.Second {
		before, now := back(at-10*time.Second), back(at)
		t.Logf("after %v: %d of %d records are back, %d without admission control", at, now, bulkKeys, unbridled(at))
		if now < before+20 && now < bulkKeys {
			t.Errorf("only %d records came back between %v and %v", now-before, at-10*time.Second, at)
		}
	}
}

package kernel_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A node that lost its disk is filled again while clients work, over disks that write a megabyte a
// second. Every request needs all three homes, so a home that is busy with background work delays
// requests.
const (
	bulkKeys  = 6000
	bulkValue = 8 << 10
	bulkRate  = 1 << 20
)

// latencies collects the latencies of requests. It leaves out the first seconds, in which the
// controller has not noticed the load, and the last ones, in which a node without a controller has
// no work left.
type latencies []time.Duration

func (*latencies) Began(*client.Operation) {}

func (l *latencies) Ended(op *client.Operation, reply wire.ClientReply) {
	began := op.Began - kernel.Origin
	if reply != nil && began > 15*time.Second && began < 40*time.Second {
		*l = append(*l, op.Ended-op.Began)
	}
}

// refill plays two minutes with a limit for the foreground. It returns the latencies of clients,
// sorted, and a function that says how many records had come back after some time.
func refill(t *testing.T, limit time.Duration) (took latencies, back func(at time.Duration) int) {
	t.Helper()
	timings := engine.DefaultTimings()
	timings.Foreground = limit
	p := plan.Plan{Seed: 1, HealAt: 2 * time.Minute, Conditions: plan.Conditions{Delay: plan.UsualDelay, Notices: true}}
	p.Cluster = plan.Cluster{
		Nodes: 3, N: 3, R: 3, W: 3, Mode: settings.ModeSiblings, Quorum: plan.Sloppy,
		AntiEntropy: time.Second, Timings: &timings,
	}
	for i := range 8000 {
		op := plan.Op{ID: uint64(i + 1), Client: 1 + i%8, Context: plan.Blind}
		op.At = time.Duration(i) * 15 * time.Millisecond
		op.Kind, op.Key, op.Via = plan.Get, fmt.Sprintf("key%d", i%50), fmt.Sprintf("n%d", 1+i%3)
		if i%2 == 0 {
			op.Kind, op.Context = plan.Put, 0
		}
		p.Ops = append(p.Ops, op)
	}
	var stored []time.Duration
	w := kernel.New(kernel.Config{Plan: &p, Watch: func(e event.Event) {
		if e.Kind == event.Stored && e.Node == "n3" && e.Op == wire.AntiEntropy.String() {
			stored = append(stored, e.Time-kernel.Origin)
		}
	}})
	w.Start(kernel.NoJudge{})
	w.RunFor(time.Second) // the first writes of the nodes are on disk
	for _, name := range w.Names() {
		if name == "n3" {
			w.Host(name).Refill(bulkRate, nil)
		} else {
			w.Host(name).Refill(bulkRate, bulk())
		}
	}
	w.ScheduleFaults()
	client.New(w, &took).Start()
	w.RunUntil(kernel.Origin+p.HealAt, nil)
	slices.Sort(took)
	return took, func(at time.Duration) int {
		n, _ := slices.BinarySearch(stored, at)
		return n
	}
}

// bulk returns what n1 and n2 hold and n3 has lost.
func bulk() []store.Write {
	var out []store.Write
	for i := range bulkKeys {
		dot := vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 1}
		v := vclock.Version{Dot: dot, Value: make([]byte, bulkValue), Time: int64(kernel.Origin)}
		key := record.DataKey(fmt.Appendf(nil, "bulk%d", i))
		value := record.Encode(record.Record{Siblings: vclock.Siblings{v}})
		out = append(out, store.Write{Space: store.Data, Key: key, Value: value})
	}
	return out
}

// §6.5: the latencies of clients are protected, and background work still makes progress.
func TestAdmissionProtectsTheForeground(t *testing.T) {
	with, back := refill(t, 50*time.Millisecond)
	without, backWithout := refill(t, 0)
	p := func(s []time.Duration, percent int) time.Duration { return s[len(s)*percent/100] }
	t.Logf("p50 %v, p99 %v; without admission control %v, %v", p(with, 50), p(with, 99), p(without, 50), p(without, 99))
	if p99 := p(with, 99); p99 > 2*50*time.Millisecond {
		t.Errorf("clients wait %v at the 99th percentile", p99)
	}
	if p99 := p(without, 99); p99 < 4*p(with, 99) {
		t.Errorf("without admission control clients wait %v, so the test needs no protection", p99)
	}
	for at := 20 * time.Second; at < 2*time.Minute; at += 10 * time.Second {
		before, now := back(at-10*time.Second), back(at)
		t.Logf("after %v: %d of %d records are back, %d without admission control", at, now, bulkKeys, backWithout(at))
		if now < before+20 && now < bulkKeys {
			t.Errorf("only %d records came back between %v and %v", now-before, at-10*time.Second, at)
		}
	}
}

package driver_test

import (
	"fmt"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A bench is a cluster of three nodes in memory, without a network: messages are handed from driver
// to driver. So its benchmarks measure the engine, the driver and the store.
type bench struct {
	b       *testing.B
	now     time.Duration
	drivers map[string]*driver.Driver
	stores  map[string]*store.Mem
	queue   []wire.Message
	reply   wire.ClientReply
}

func newBench(b *testing.B) *bench {
	names := []string{"n1", "n2", "n3"}
	var founders []ring.Member
	for _, n := range names {
		founders = append(founders, ring.Member{Name: n, Weight: 1})
	}
	w := &bench{b: b, now: 1_700_000_000 * time.Second, drivers: map[string]*driver.Driver{}, stores: map[string]*store.Mem{}}
	for _, name := range names {
		db := store.NewMem()
		d := driver.New(db, driver.Options{Node: name})
		n, out, err := engine.New(engine.Config{
			Name: name, Ring: ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: ring.DefaultQ}, Founders: founders,
			Quorum: wire.Quorum{R: 2, W: 2}, Secret: []byte("secret"), Seed: 1, Timings: engine.DefaultTimings(), Incarnation: 1,
		}, d.Reader(), w.now)
		if err != nil {
			b.Fatal(err)
		}
		d.Start(n, out)
		w.drivers[name], w.stores[name] = d, db
		w.endTurn(name)
	}
	w.deliver()
	return w
}

// step feeds one input to a node, in a turn of its own.
func (w *bench) step(node string, in engine.Input) {
	w.drivers[node].Step(w.now, in)
	w.endTurn(node)
}

func (w *bench) endTurn(node string) {
	d := w.drivers[node]
	act, err := d.EndTurn(w.now)
	if err != nil {
		w.b.Fatal(err)
	}
	for {
		w.queue = append(w.queue, act.Messages...)
		for _, r := range act.Replies {
			w.reply = r.Body
		}
		if act.Batch == nil {
			return
		}
		if err := w.stores[node].Apply(act.Batch, false); err != nil {
			w.b.Fatal(err)
		}
		act = d.Durable(w.now)
	}
}

// deliver hands over messages until there are none.
func (w *bench) deliver() {
	for i := 0; i < len(w.queue); i++ {
		m := w.queue[i]
		w.step(m.To, &engine.Receive{Message: m})
	}
	clear(w.queue)
	w.queue = w.queue[:0]
}

// do has n1 coordinate a request, and returns the reply.
func (w *bench) do(req wire.ClientRequest) wire.ClientReply {
	w.now += 100 * time.Microsecond
	w.reply = nil
	w.step("n1", &engine.Request{Client: 1, Body: req})
	w.deliver()
	return w.reply
}

const benchKeys = 1000

func (w *bench) puts(b *testing.B, n int) {
	contexts := map[int][]byte{}
	value := make([]byte, 100)
	keys := make([][]byte, benchKeys)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key-%d", i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range n {
		k := i % benchKeys
		r := w.do(wire.PutRequest{Request: uint64(i + 1), Key: keys[k], Value: value, Context: contexts[k]}).(wire.PutReply)
		if r.Err != wire.OK {
			b.Fatal(r.Message)
		}
		contexts[k] = r.Context
	}
	b.StopTimer()
}

// BenchmarkPut puts 100-byte values over a thousand keys with N=3, W=2.
func BenchmarkPut(b *testing.B) {
	w := newBench(b)
	w.puts(b, b.N)
}

// BenchmarkGet gets values of 100 bytes with N=3, R=2.
func BenchmarkGet(b *testing.B) {
	w := newBench(b)
	w.puts(b, benchKeys)
	b.ReportAllocs()
	b.ResetTimer()
	b.StartTimer()
	for i := range b.N {
		r := w.do(wire.GetRequest{Request: uint64(i + 1), Key: fmt.Appendf(nil, "key-%d", i%benchKeys)}).(wire.GetReply)
		if r.Err != wire.OK || len(r.Siblings) != 1 {
			b.Fatalf("%v %q, %d siblings", r.Err, r.Message, len(r.Siblings))
		}
	}
}

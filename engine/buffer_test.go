package engine

import (
	"slices"
	"testing"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// newBuffered returns a world whose nodes have object buffers.
func newBuffered(t *testing.T, names ...string) *world {
	w := newWorld(t, names...)
	w.buffered = true
	for _, n := range names {
		w.start(n)
	}
	w.deliver()
	return w
}

// writesOf returns the receivers of the replicas that an Output sends.
func writesOf(out Output) (lazy, durable []string) {
	for _, m := range out.Messages {
		if b, ok := m.Body.(wire.Write); ok && b.Lazy {
			lazy = append(lazy, m.To)
		} else if ok {
			durable = append(durable, m.To)
		}
	}
	return lazy, durable
}

// §6.1: "the coordinator chooses one out of the N replicas to perform a durable write". The choice
// is random, and the coordinator chooses itself only if it is alone. Otherwise its own write stays
// in the buffer, and nothing that the coordinator sends waits.
func TestOneReplicaIsDurable(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3", "n4")
	n, chosen := w.nodes["n1"], map[string]bool{}
	for i := range 40 {
		key := w.keyAt("n1", "n2", "n3")
		out := n.Step(w.now, &Request{Client: uint64(i + 1), Body: wire.PutRequest{Key: []byte(key), Value: []byte("v")}})
		lazy, durable := writesOf(out)
		if out.Durable || len(lazy) != 1 || len(durable) != 1 {
			t.Fatalf("durable %v, replicas in memory %v and on disk %v", out.Durable, lazy, durable)
		}
		chosen[durable[0]] = true
		w.carryOut("n1", out)
		w.deliver()
	}
	if !chosen["n2"] || !chosen["n3"] {
		t.Errorf("only %v write to their disks", chosen)
	}
	own := 0
	for _, e := range w.saw(event.Ack) {
		if e.Peer != "n1" {
			continue
		}
		if own++; e.Op != event.OpBuffered {
			t.Fatal("the coordinator says that it holds its own write durably")
		}
	}
	if own != 40 {
		t.Errorf("the coordinator acknowledged its own write %d times of 40", own)
	}
	for _, o := range []string{"n2", "n3", "n4"} {
		w.step("n1", PeerDown{o})
	}
	put := wire.PutRequest{Key: []byte("alone"), Value: []byte("v"), Quorum: wire.Quorum{W: 1}}
	out := n.Step(w.now, &Request{Client: 99, Body: put})
	if !out.Durable || len(out.Replies) != 1 {
		t.Errorf("a coordinator that is alone: durable %v, %d replies", out.Durable, len(out.Replies))
	}
}

// If the node that has to write durably does not answer, its fallback writes durably.
func TestTheDurableReplicaIsReplaced(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3", "n4")
	key := []byte(w.keyAt("n1", "n2", "n3"))
	out := w.nodes["n1"].Step(w.now, &Request{Client: 1, Body: wire.PutRequest{Key: key, Value: []byte("v")}})
	_, durable := writesOf(out)
	out.Messages = slices.DeleteFunc(out.Messages, func(m wire.Message) bool { return m.To == durable[0] })
	w.carryOut("n1", out)
	w.deliver()
	out = w.nodes["n1"].Step(w.now+w.timings.Patience, nil)
	if lazy, again := writesOf(out); len(lazy) != 0 || !slices.Equal(again, []string{"n4"}) {
		t.Errorf("%s was silent; now %v are asked to be lazy and %v to be durable", durable[0], lazy, again)
	}
}

// Everything that other nodes rely on is durable before they are told, even if the step writes
// nothing, because the replica may be in the buffer. Only a client's put may stay in the buffer.
func TestWhatOthersRelyOnIsDurable(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	v := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 7}, Counter: 1}, Value: []byte("v")}}
	write := func(lazy bool, p wire.Purpose) bool {
		body := wire.Write{Key: []byte("k"), Siblings: v, Purpose: p, Lazy: lazy}
		return n.Step(w.now, &Receive{wire.Message{From: "n2", To: "n1", Op: 1, Body: body}}).Durable
	}
	if write(true, wire.Replicate) {
		t.Error("a lazy replica waits for the disk")
	}
	for _, p := range []wire.Purpose{wire.Replicate, wire.Handoff, wire.ReadRepair, wire.AntiEntropy, wire.Transfer} {
		if !write(false, p) {
			t.Errorf("%v: the answer does not wait for what is in the buffer", p)
		}
	}
	if n.Step(w.now, &Request{Client: 1, Body: wire.GetRequest{Key: []byte("k")}}).Durable {
		t.Error("a get waits for the disk")
	}
	n.handoff.keep("n3", update{key: []byte("k"), siblings: v})
	n.finish()
	n.handoff.drop("n3", []byte("k"), event.HintDelivered)
	if !n.finish().Durable {
		t.Error("the removal of a hint is not durable")
	}
}

// A node without an object buffer writes durably, even if the sender asks for a lazy write.
func TestWithoutBuffersEverythingIsDurable(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	out := w.nodes["n1"].Step(w.now, &Request{Client: 1, Body: wire.PutRequest{Key: []byte("k"), Value: []byte("v")}})
	if lazy, _ := writesOf(out); !out.Durable || len(lazy) > 0 {
		t.Errorf("durable %v, lazy replicas at %v", out.Durable, lazy)
	}
	v := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 7}, Counter: 1}, Value: []byte("v")}}
	body := wire.Write{Key: []byte("other"), Siblings: v, Lazy: true}
	if !w.nodes["n1"].Step(w.now, &Receive{wire.Message{From: "n2", To: "n1", Op: 1, Body: body}}).Durable {
		t.Error("a write is not durable because a peer with a buffer asked for that")
	}
}

// P6: a crash loses the counters that are in the buffer. So every run counts in an incarnation of
// its own, even if the clock was set back.
func TestEveryRunHasItsIncarnation(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3")
	first := w.nodes["n1"].counters.self.Incarnation
	kept := store.NewMem()
	self := record.EncodeSelf(record.Self{Incarnation: first, Run: first})
	if err := kept.Apply([]store.Write{{Space: store.Meta, Key: record.SelfKey(), Value: self}}, true); err != nil {
		t.Fatal(err)
	}
	key := w.keyAt("n1", "n2", "n3")
	dot := w.mustPut("n1", key, "v", nil).Version.Dot
	w.stores["n1"] = kept // only the beginning of its writes reached its disk
	for _, run := range []uint64{w.runs, first - 1, 0} {
		w.runs = run
		w.start("n1")
		if again := w.mustPut("n1", key, "v", nil).Version.Dot; again.Epoch == dot.Epoch {
			t.Fatalf("the dot %v was followed by %v", dot, again)
		}
	}
}

// KeysOf names the clients' keys of writes that a crash took with the buffer.
func TestKeysOfWrites(t *testing.T) {
	got := KeysOf([]store.Write{
		{Space: store.Data, Key: record.DataKey([]byte("b"))}, {Space: store.Hints, Key: record.HintKey("n2", []byte("a"))},
		{Space: store.Own, Key: record.DataKey([]byte("a"))}, {Space: store.Meta, Key: record.SelfKey()},
	})
	if len(got) != 2 || string(got[0]) != "a" || string(got[1]) != "b" {
		t.Errorf("%q", got)
	}
}

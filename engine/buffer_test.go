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

// newBuffered is a world whose nodes have object buffers.
func newBuffered(t *testing.T, names ...string) *world {
	w := newWorld(t, names...)
	w.buffered = true
	for _, n := range names {
		w.start(n)
	}
	w.deliver()
	return w
}

// writesOf are the replicas that an Output sends.
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

// §6.1: "the coordinator chooses one out of the N replicas to perform a durable write", now this
// one, now that, and itself only if it is alone. Its own write waits in the buffer, and nothing that it sends waits.
func TestOneReplicaIsDurable(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3", "n4")
	n, chosen := w.nodes["n1"], map[string]bool{}
	for i := range 40 {
		key := w.keyAt("n1", "n2", "n3")
		out := n.Step(w.now, Request{Client: uint64(i + 1), Body: wire.PutRequest{Key: []byte(key), Value: []byte("v")}})
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
		t.Errorf("the coordinator told %d times of 40 that it holds its own write", own)
	}
	for _, o := range []string{"n2", "n3", "n4"} {
		w.step("n1", PeerDown{o})
	}
	out := n.Step(w.now, Request{Client: 99, Body: wire.PutRequest{Key: []byte("alone"), Value: []byte("v"), Quorum: wire.Quorum{W: 1}}})
	if !out.Durable || len(out.Replies) != 1 {
		t.Errorf("a coordinator without anybody else: durable %v, %d replies", out.Durable, len(out.Replies))
	}
}

// A replica that was to be durable and does not answer is replaced by one that is.
func TestTheDurableReplicaIsReplaced(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3", "n4")
	key := []byte(w.keyAt("n1", "n2", "n3"))
	out := w.nodes["n1"].Step(w.now, Request{Client: 1, Body: wire.PutRequest{Key: key, Value: []byte("v")}})
	_, durable := writesOf(out)
	out.Messages = slices.DeleteFunc(out.Messages, func(m wire.Message) bool { return m.To == durable[0] })
	w.carryOut("n1", out)
	w.deliver()
	out = w.nodes["n1"].Step(w.now+w.timings.Patience, nil)
	if lazy, again := writesOf(out); len(lazy) != 0 || !slices.Equal(again, []string{"n4"}) {
		t.Errorf("%s was silent; now %v are asked to be lazy and %v to be durable", durable[0], lazy, again)
	}
}

// What others rest on is durable before it is told, also if it changes nothing: what
// makes it so may be in the buffer. Only a client's put may wait.
func TestWhatOthersRestOnIsDurable(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	v := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 7}, Counter: 1}, Value: []byte("v")}}
	write := func(lazy bool, p wire.Purpose) bool {
		return n.Step(w.now, Receive{wire.Message{From: "n2", To: "n1", Op: 1, Body: wire.Write{Key: []byte("k"), Siblings: v, Purpose: p, Lazy: lazy}}}).Durable
	}
	if write(true, wire.Replicate) {
		t.Error("a lazy replica waits for the disk")
	}
	for _, p := range []wire.Purpose{wire.Replicate, wire.Handoff, wire.ReadRepair, wire.AntiEntropy, wire.Transfer} {
		if !write(false, p) {
			t.Errorf("%v: the answer does not wait for what is in the buffer", p)
		}
	}
	if n.Step(w.now, Request{Client: 1, Body: wire.GetRequest{Key: []byte("k")}}).Durable {
		t.Error("a get waits for the disk")
	}
	n.handoff.keep("n3", update{key: []byte("k"), siblings: v})
	n.finish()
	n.handoff.drop("n3", []byte("k"), event.HintDelivered)
	if !n.finish().Durable {
		t.Error("a hint that is dropped need not be so on disk")
	}
}

// A lazy write is lazy only where there are buffers: without them every write is durable.
func TestWithoutBuffersEverythingIsDurable(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	out := w.nodes["n1"].Step(w.now, Request{Client: 1, Body: wire.PutRequest{Key: []byte("k"), Value: []byte("v")}})
	if lazy, _ := writesOf(out); !out.Durable || len(lazy) > 0 {
		t.Errorf("durable %v, lazy replicas at %v", out.Durable, lazy)
	}
	v := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 7}, Counter: 1}, Value: []byte("v")}}
	if !w.nodes["n1"].Step(w.now, Receive{wire.Message{From: "n2", To: "n1", Op: 1, Body: wire.Write{Key: []byte("other"), Siblings: v, Lazy: true}}}).Durable {
		t.Error("a write is not durable because a peer with a buffer asked for that")
	}
}

// P6: a crash takes the counters of dots with the buffer, so a new life counts in an incarnation
// of its own, even if its clock was set back.
func TestEveryLifeHasItsIncarnation(t *testing.T) {
	w := newBuffered(t, "n1", "n2", "n3")
	first := w.nodes["n1"].counters.self.Incarnation
	kept := store.NewMem()
	if err := kept.Apply([]store.Write{{Space: store.Meta, Key: record.SelfKey(), Value: record.EncodeSelf(record.Self{Incarnation: first, Run: first})}}, true); err != nil {
		t.Fatal(err)
	}
	key := w.keyAt("n1", "n2", "n3")
	dot := w.mustPut("n1", key, "v", nil).Version.Dot
	w.stores["n1"] = kept // of all that it wrote nothing got to its disk but the beginning
	for _, lives := range []uint64{w.lives, first - 1, 0} {
		w.lives = lives
		w.start("n1")
		if again := w.mustPut("n1", key, "v", nil).Version.Dot; again.Epoch == dot.Epoch {
			t.Fatalf("the dot %v was followed by %v", dot, again)
		}
	}
}

// What a crash took with the buffer is named by the clients' keys.
func TestKeysOfWrites(t *testing.T) {
	got := KeysOf([]store.Write{
		{Space: store.Data, Key: record.DataKey([]byte("b"))}, {Space: store.Hints, Key: record.HintKey("n2", []byte("a"))},
		{Space: store.Own, Key: record.DataKey([]byte("a"))}, {Space: store.Meta, Key: record.SelfKey()},
	})
	if len(got) != 2 || string(got[0]) != "a" || string(got[1]) != "b" {
		t.Errorf("%q", got)
	}
}

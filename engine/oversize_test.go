package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// pile gives a node versions of a key that no other node has, without a message. Two such piles are
// more than one replica holds.
func (w *world) pile(name, actor string, key []byte, size int) vclock.Siblings {
	var s vclock.Siblings
	for i := range wire.MaxMerged * 2 / 3 {
		s = append(s, vclock.Version{
			Dot:   vclock.Dot{Actor: vclock.Actor{Node: actor, Epoch: 1000}, Counter: uint64(i + 1)},
			Value: fmt.Appendf(make([]byte, 0, size), "%0*d", size, i), Time: int64(testStart),
		})
	}
	s = vclock.Siblings{}.Merge(s)
	rec := record.Record{Siblings: s}
	written := store.Write{Space: store.Data, Key: record.DataKey(key), Value: record.Encode(rec)}
	if err := w.stores[name].Apply([]store.Write{written}, true); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// refusedMerges lists the refused merges that nodes reported, each as "node peer".
func (w *world) refusedMerges() (out []string) {
	for _, e := range w.events {
		if e.Kind == event.MergeRefused {
			out = append(out, e.Node+" "+e.Peer)
		}
	}
	return out
}

// §4.7: homes whose versions of a key do not fit together do not send them to each other in every
// round. They report the key, and converge once a client has reconciled it.
func TestOversizedKeyIsNotSentForEver(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	key := []byte("cart")
	const size = 100
	w.pile("n1", "a", key, size)
	w.pile("n2", "b", key, size)
	withAntiEntropy(w)
	w.pass(time.Minute)
	told := w.refusedMerges()
	if !slices.Contains(told, "n1 n2") || !slices.Contains(told, "n2 n1") {
		t.Errorf("told of %v", told)
	}
	w.sent = 0
	w.pass(30 * time.Minute)
	quiet := w.sent
	if again := w.refusedMerges(); len(again) != len(told) {
		t.Errorf("told again: %v", again)
	}
	// The bytes of rounds, pings and gossip without such a key are measured once the key is
	// reconciled.
	state := w.nodes["n1"].State()
	if len(state.Oversized) == 0 || string(state.Oversized[0].Key) != "cart" ||
		state.Oversized[0].Bytes != wire.MaxMerged*2/3*size {
		t.Errorf("n1 tells of %+v", state.Oversized)
	}
	for _, via := range []string{"n1", "n2", "n3"} { // as the message of view.Cluster.Oversized says
		w.reconcile(via, key)
	}
	w.compare(withRepair)
	w.pass(5 * time.Minute)
	w.wantEqualRoots()
	for _, n := range w.names {
		if s := w.nodes[n].State(); len(s.Oversized) != 0 {
			t.Errorf("%s still tells of %+v", n, s.Oversized)
		}
	}
	w.sent = 0
	w.pass(30 * time.Minute)
	if more := quiet - w.sent; more > wire.MaxMerged*2/3*size*4 {
		t.Errorf("in half an hour the key took %d bytes; it has %d at each home", more, wire.MaxMerged*2/3*size)
	}
}

// reconcile reads all versions that one home holds, and writes one version in their place, as a
// client does.
func (w *world) reconcile(via string, key []byte) {
	w.t.Helper()
	g := w.do(via, wire.GetRequest{Key: key, Quorum: wire.Quorum{R: 1}}).(wire.GetReply)
	if g.Err != wire.OK {
		w.t.Fatalf("get via %s: %v: %s", via, g.Err, g.Message)
	}
	put := wire.PutRequest{Key: key, Value: []byte("reconciled"), Context: g.Context, Quorum: wire.Quorum{W: 1}}
	p := w.do(via, put).(wire.PutReply)
	if p.Err != wire.OK {
		w.t.Fatalf("put via %s: %v: %s", via, p.Err, p.Message)
	}
}

// §4.6: a hint that does not fit at its home is sent again after growing waits.
func TestOversizedHintWaits(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4")
	key := []byte("cart")
	homes := w.ring.Preference(key)
	home, holder := homes[0], homes[3]
	w.pile(home, "a", key, 100)
	for _, n := range w.names {
		w.start(n)
	}
	s := w.pile(holder, "b", []byte("elsewhere"), 100)
	n := w.nodes[holder]
	body := wire.Write{Key: key, Siblings: s, For: home}
	w.step(holder, &Receive{Message: wire.Message{From: homes[1], To: holder, Op: 1, Body: body}})
	w.deliver()
	if len(n.handoff.index.HomesOf(key)) != 1 {
		t.Fatal("no hint was kept")
	}
	w.pass(20 * time.Minute)
	offers := 0
	for _, e := range w.events {
		if e.Kind == event.HintSent && e.Node == holder {
			offers++
		}
	}
	if offers < 3 || offers > 12 {
		t.Errorf("the hint was sent %d times in 20 minutes", offers)
	}
	if s := n.State(); len(s.Oversized) != 1 || !s.Oversized[0].Hint || s.Oversized[0].Peer != home {
		t.Errorf("%+v", s.Oversized)
	}
}

package engine

import (
	"slices"
	"testing"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// §4.9: n6 is to be given ranges by one change of the ring and to give them away by the next, and learns of both at
// once. It holds nothing of them, and n7, which gets them from n6, waits for the nodes that hold them.
func TestNewHomeWaitsForHoldersThatItsPredecessorNeverHeardFrom(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		w := newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: nodes, Q: testQ}, "n1", "n2", "n3", "n4", "n5")
		w.restart(func(c *Config) { c.R, c.W = 1, 1 })
		gossiping(w)
		keys := w.fillKeys("n1", 200)
		was := w.ringNow()
		w.newcomer("n6", "n1")
		w.newcomer("n7", "n1")
		h1, _ := w.nodes["n1"].member.history.With(int64(w.now), member.Change{Node: "n6", By: "n1", Kind: member.Join, Weight: 1})
		h2, _ := h1.With(int64(w.now), member.Change{Node: "n7", By: "n1", Kind: member.Join, Weight: 1})
		between := w.nodes["n1"].member.rings.Of(h1)
		w.refuse = func(m wire.Message) bool { // nothing of what is handed over gets through
			o, ok := m.Body.(wire.Offer)
			return ok && o.Phase == wire.OfferRange && o.Keys > 0
		}
		w.step("n1", Receive{wire.Message{From: "n2", To: "n1", Body: wire.Gossip{Changes: h2}}})
		w.pass(3 * time.Second)
		passed := 0
		for _, k := range keys {
			at := []byte(k)
			through := slices.Contains(between.Homes(at), "n6") && !slices.Contains(w.ringNow().Homes(at), "n6")
			if !through || !slices.Contains(w.ringNow().Homes(at), "n7") {
				continue
			}
			passed++
			if !w.nodes["n7"].Awaits(at) {
				t.Errorf("N=%d: n7 takes %s for given; %v held it, and n6 was never given it", nodes, k, was.Homes(at))
			}
		}
		if passed == 0 {
			t.Fatalf("N=%d: no key goes through n6 to n7", nodes)
		}
		w.refuse = nil
		w.settle()
		w.wantHomes(keys...)
	}
}

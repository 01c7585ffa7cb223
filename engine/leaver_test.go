package engine

import (
	"fmt"
	"testing"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// §4.9: a new home waits for the range of a leaver as long as it can reach the leaver. With N=1
// there is no other home to compare with.
func TestNewHomeWaitsForLeaver(t *testing.T) {
	w := newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: 1, Q: ring.DefaultQ}, "n1", "n2", "n3")
	w.restart(func(c *Config) { c.Quorum = wire.Quorum{R: 1, W: 1} })
	var keys []string
	for i := range 60 {
		if k := fmt.Sprintf("key%d", i); w.ring.Homes([]byte(k))[0] == "n3" {
			keys = append(keys, k)
		}
	}
	h, _ := w.nodes["n1"].members.history.With(int64(w.now), member.Change{Node: "n3", By: "n1", Kind: member.Leave})
	for _, name := range []string{"n1", "n2"} {
		w.nodes[name].members.learn(h, "n3") // the leaver has not handed over anything yet
	}
	for _, k := range keys {
		home := w.nodes["n1"].Ring().Homes([]byte(k))[0]
		if !w.nodes[home].Awaits([]byte(k)) {
			t.Errorf("%s takes %s for given, and n3 has yet to hand it over", home, k)
		}
	}
	for _, name := range []string{"n1", "n2"} {
		w.nodes[name].detector.silent("n3")
		w.nodes[name].arrivals.ask()
	}
	for _, k := range keys {
		home := w.nodes["n1"].Ring().Homes([]byte(k))[0]
		if w.nodes[home].Awaits([]byte(k)) {
			t.Errorf("%s waits for %s, and n3 cannot be reached", home, k)
		}
	}
}

// §4.6, §4.9: leavers keep their hints until these have gone home. A get finds a version that only
// leavers hold, and does not answer "not found" while they are silent.
func TestHintsOfLeaversAreFound(t *testing.T) {
	w, key := overloaded(t)
	h := w.nodes["n1"].members.history
	for _, leaver := range []string{"n4", "n5"} {
		h, _ = h.With(int64(w.now), member.Change{Node: leaver, By: "n1", Kind: member.Leave})
	}
	for _, name := range w.names {
		w.nodes[name].members.learn(h, "n1")
	}
	if r := w.get("n1", key); r.Err != wire.OK || len(r.Siblings) != 1 {
		t.Fatalf("%v %q, %d siblings from %v", r.Err, r.Message, len(r.Siblings), r.Replied)
	}
	if w.hints() == 0 {
		t.Fatal("the hints went home: this test tests nothing")
	}

	w, key = overloaded(t)
	for _, name := range w.names {
		w.nodes[name].members.learn(h, "n1")
	}
	w.split(false, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
	w.wantUnanswered(w.get("n1", key), "n4", "n5")
}

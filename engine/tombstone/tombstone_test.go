package tombstone

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/wire"
)

func tombstones(keys ...string) []wire.Tombstone {
	var out []wire.Tombstone
	for _, k := range keys {
		out = append(out, wire.Tombstone{Key: []byte(k), State: 1})
	}
	return out
}

// A batch keeps the tombstones that no member objected to, whatever the order of the answers.
func TestBatchKeepsWhatAllAgreedTo(t *testing.T) {
	b := NewBatches()
	batch := b.Begin(1, tombstones("a", "b", "c"))
	batch.Ask(2)
	if b.Answer(batch, []wire.CollectAnswer{wire.CollectAgreed, wire.CollectHinted, wire.CollectAgreed}) {
		t.Error("the question ends with the first of two answers")
	}
	if !b.Answer(batch, []wire.CollectAnswer{wire.CollectAgreed, wire.CollectAgreed, wire.CollectAgreed}) {
		t.Error("the question goes on after the last answer")
	}
	if len(batch.Tombstones) != 2 || string(batch.Tombstones[1].Key) != "c" {
		t.Errorf("the batch keeps %v", batch.Tombstones)
	}
	if b.Active([]byte("b")) || !b.Active([]byte("a")) {
		t.Error("a key is active if and only if its batch keeps it")
	}
	if !b.End(batch) || b.End(batch) || !batch.Over() || b.Len() != 0 || b.ActiveLen() != 0 {
		t.Error("a batch ends once, with all its keys")
	}
}

func TestBatchesAreBounded(t *testing.T) {
	b := NewBatches()
	for id := range uint64(MaxBatches) {
		if b.Full() {
			t.Fatalf("full with %d batches", b.Len())
		}
		b.Begin(id+1, tombstones(fmt.Sprint(id)))
	}
	if !b.Full() {
		t.Errorf("room after %d batches", b.Len())
	}
}

// A watch holds until something ends it, and then does not come back.
func TestWatchEnds(t *testing.T) {
	a := tombstones("a")[0]
	for name, x := range map[string]struct {
		happens func(*Watches)
		holds   bool
	}{
		"nothing happens":                {func(*Watches) {}, true},
		"the same state is stored":       {func(w *Watches) { w.Stored(a.Key, a.State) }, true},
		"another state is stored":        {func(w *Watches) { w.Stored(a.Key, 2) }, false},
		"it is stored and comes back":    {func(w *Watches) { w.Stored(a.Key, 2); w.Stored(a.Key, a.State) }, false},
		"another key is stored":          {func(w *Watches) { w.Stored([]byte("b"), 2) }, true},
		"all watches end":                {func(w *Watches) { w.Forget() }, false},
		"the batch is not yet over":      {func(w *Watches) { w.Expire(9) }, true},
		"the batch is over":              {func(w *Watches) { w.Expire(10) }, false},
		"another node asks for the key":  {func(w *Watches) { r := w.FirstQuestion("n2", 1); r.Watch(a); r.End(20) }, false},
		"a later batch asks for the key": {func(w *Watches) { r := w.FirstQuestion("n1", 2); r.Watch(a); r.End(20) }, false},
	} {
		w := NewWatches()
		r := w.FirstQuestion("n1", 1)
		r.Watch(a)
		r.End(10)
		x.happens(w)
		if got := w.Holds("n1", 1, a); got != x.holds {
			t.Errorf("%s: the watch holds: %v", name, got)
		}
	}
}

// A repeated or older question is recognised, also after its watches have ended.
func TestQuestionsAreAskedOnce(t *testing.T) {
	w := NewWatches()
	if w.Asked("n1", 1) {
		t.Error("the first question counts as repeated")
	}
	w.FirstQuestion("n1", 3).End(10)
	w.Expire(10)
	w.Forget()
	if !w.Asked("n1", 3) || !w.Asked("n1", 2) || w.Asked("n1", 4) || w.Asked("n2", 3) {
		t.Error("a question is repeated if the same node has asked for the batch or a later one")
	}
}

// A collected tombstone stays known until its batch expires, although the record is dropped.
func TestCollectedTombstoneIsKnown(t *testing.T) {
	w := NewWatches()
	all := tombstones("a", "b")
	r := w.FirstQuestion("n1", 1)
	r.Watch(all[0])
	r.End(10)
	w.Collected(2, all[0]) // another batch
	w.Collected(1, all[1]) // not watched
	if _, _, ok := w.WasCollected(all[0].Key); ok || w.Watching(all[1].Key) {
		t.Error("a tombstone was collected that was not")
	}
	w.Collected(1, all[0])
	w.Stored(all[0].Key, 0)
	if state, batch, ok := w.WasCollected(all[0].Key); !ok || state != all[0].State || batch != 1 {
		t.Errorf("state %d, batch %d, %v", state, batch, ok)
	}
	if w.Holds("n1", 1, all[0]) {
		t.Error("a member agrees to a tombstone that was collected")
	}
	if w.Expire(10); w.Len() != 0 {
		t.Error("a collected tombstone is never forgotten")
	}
}

// If a member agrees to the second question, it has stored nothing but the tombstone since the
// first question: the whole argument of the package, for any sequence of events at one member.
func TestAgreementMeansNothingElseWasStored(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := NewWatches()
		keys := []string{"a", "b", "c"}
		clean := map[string]time.Duration{} // by key: the time from which on only the tombstone was stored
		first := map[string]time.Duration{} // by key: the time of the first question of the latest batch
		batch, now := uint64(0), time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now++
			key := rapid.SampledFrom(keys).Draw(rt, "key")
			ts := tombstones(key)[0]
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0:
				batch++
				r := w.FirstQuestion("n1", batch)
				for _, k := range rapid.SliceOfDistinct(rapid.SampledFrom(keys), rapid.ID).Draw(rt, "batch") {
					r.Watch(tombstones(k)[0])
					first[k] = now
				}
				r.End(now + 10)
			case 1:
				w.Stored(ts.Key, 2)
				clean[key] = now
			case 2:
				w.Stored(ts.Key, ts.State)
			case 3:
				w.Expire(now)
			case 4:
				for b := uint64(1); b <= batch; b++ {
					if w.Holds("n1", b, ts) && clean[key] > first[key] {
						rt.Fatalf("batch %d: something else of %s was stored at %v, after the first question at %v", b, key, clean[key], first[key])
					}
				}
			}
			if w.Len() > len(keys) || slices.ContainsFunc(keys, func(k string) bool { return w.Watching([]byte(k)) && first[k] == 0 }) {
				rt.Fatal("a key is watched for which no node has asked")
			}
		}
	})
}

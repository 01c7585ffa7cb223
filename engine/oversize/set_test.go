package oversize

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/event"
)

func merge(key, peer string, mine, theirs uint64) Merge {
	return Merge{Oversized: event.Oversized{Key: []byte(key), Peer: peer}, Mine: mine, Theirs: theirs}
}

// A pull is blocked as long as the peer's versions are those that were refused.
func TestBlocksPull(t *testing.T) {
	s := NewSet()
	if !s.Add(0, merge("k", "n2", 1, 2)) || s.Add(0, merge("k", "n2", 1, 2)) || !s.Add(0, merge("k", "n3", 1, 0)) {
		t.Fatal("a merge is not new exactly once")
	}
	for _, c := range []struct {
		peer    string
		hash    uint64
		blocked bool
	}{{"n2", 2, true}, {"n3", 2, false}, {"n2", 3, false}} {
		if got := s.BlocksPull(1, c.peer, c.hash) != nil; got != c.blocked {
			t.Errorf("a pull of %d from %s is blocked: %v", c.hash, c.peer, got)
		}
	}
	if s.BlocksPull(2*knownRetry, "n2", 2) != nil {
		t.Error("the merge is never tried again")
	}
	if s.BlocksPush(1, "n2", []byte("k"), map[uint64]bool{7: true}) || s.BlocksPull(1, "n2", 2) != nil {
		t.Error("the versions of n2 have changed, and the merge is blocked")
	}
}

// If the node does not know what the peer holds, each wait is twice as long, up to a bound.
func TestWaitsGrow(t *testing.T) {
	s := NewSet()
	at, want := firstRetry, firstRetry
	for range 10 {
		s.Add(at, merge("k", "n3", 1, 0))
		if !s.BlocksPush(at+want-1, "n3", []byte("k"), nil) || s.BlocksPush(at+want, "n3", []byte("k"), nil) {
			t.Fatalf("the merge does not wait for %v", want)
		}
		if !s.BlocksHint(at+want-1, []byte("k"), "n3") {
			t.Fatal("a hint does not wait")
		}
		at, want = at+want, min(2*want, lastRetry)
	}
	if s.Retry(); s.BlocksPush(1, "n3", []byte("k"), nil) {
		t.Error("the merge is blocked after Retry")
	}
}

// The number of merges is bounded, and so is the list for State.
func TestBounds(t *testing.T) {
	s := NewSet()
	for i := range 2 * maxMerges {
		s.Add(0, merge(fmt.Sprint(i), "n2", 1, uint64(i+1)))
	}
	if s.count != maxMerges || len(s.pulled) != maxMerges || len(s.List()) != maxListed {
		t.Fatalf("%d merges, %d of them pulled, %d listed", s.count, len(s.pulled), len(s.List()))
	}
	if s.MergedAll("n2", func([]byte) bool { return true }); s.count != 0 || len(s.pulled) != 0 {
		t.Fatalf("%d merges are left", s.count)
	}
}

// The indexes of a set agree with each other.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, model := NewSet(), map[string]bool{}
		keys, peers := rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"n1", "n2"})
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			key, peer := keys.Draw(t, "key"), peers.Draw(t, "peer")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				s.Changed([]byte(key))
				delete(model, key+"n1")
				delete(model, key+"n2")
			case 1:
				s.Merged([]byte(key), peer)
				delete(model, key+peer)
			default:
				// A hash belongs to one key. So hashes of different keys differ.
				hash := uint64(key[0])<<8 + rapid.Uint64Range(0, 2).Draw(t, "theirs")
				if fresh := s.Add(0, merge(key, peer, 1, hash)); fresh == model[key+peer] {
					t.Fatalf("%s with %s is new: %v", key, peer, fresh)
				}
				model[key+peer] = true
				if s.BlocksPull(1, peer, hash) == nil {
					t.Fatalf("a pull of %s from %s is not blocked", key, peer)
				}
			}
			listed := 0
			for _, x := range s.List() {
				if !model[string(x.Key)+x.Peer] {
					t.Fatalf("%s with %s is listed", x.Key, x.Peer)
				}
				listed++
			}
			if s.count != len(model) || listed != len(model) || len(s.pulled) != len(model) {
				t.Fatalf("%d merges, %d listed, %d pulled, want %d", s.count, listed, len(s.pulled), len(model))
			}
		}
	})
}

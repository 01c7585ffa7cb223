package account

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
)

// Flushes cover what a list of all of them covers.
func TestFlushes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept flushes
		var all []flush
		for i, upTo := range rapid.SliceOf(rapid.IntRange(0, 20)).Draw(t, "upTo") {
			f := flush{event: 2 * i, upTo: time.Duration(upTo)}
			kept = kept.with(f)
			all = append(all, f)
		}
		since := rapid.IntRange(-1, 2*len(all)+1).Draw(t, "since")
		stored := time.Duration(rapid.IntRange(0, 21).Draw(t, "stored"))
		want := false
		for _, f := range all {
			want = want || f.event > since && f.upTo >= stored
		}
		if got := kept.cover(since, stored); got != want {
			t.Errorf("%v of %v: after event %d, %d is covered: %v, want %v", kept, all, since, stored, got, want)
		}
	})
}

// A flush of the same moment does not cover what the node stored after it.
func TestFlushBeforeStore(t *testing.T) {
	s := newStory(buffered)
	v := s.version("n1", 1, 1)
	s.put(v, "n2")
	i := len(s.events) - 2 // n2 stores v
	flushed := event.Event{Kind: event.Buffered, Node: "n2", Time: s.events[i].Time}
	for _, c := range []struct {
		at   int // where in the stream the buffer of n2 becomes empty
		want string
	}{{i, "#1 buffer"}, {i + 1, "#1 visible"}} {
		a := New()
		a.ApplyAll(s.events[:c.at])
		a.Apply(flushed)
		a.ApplyAll(s.events[c.at:])
		if got := fates(a); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// The work for a stream with an object buffer grows as the stream does. Acknowledgements, states
// and flushes come with each put, so none of them may walk the replicas of all keys.
func TestWorkWithObjectBuffer(t *testing.T) {
	for _, keys := range []int{100, 1000} {
		s := newStory(func(c *settings.Cluster) { c.Buffer = 10 })
		for k := range keys {
			v := s.version("n1", uint64(k+1), uint64(k+1))
			name := fmt.Appendf(nil, "k%d", k)
			for _, n := range []string{"n1", "n2", "n3"} {
				s.add(event.Event{
					Kind: event.Stored, Key: name, Node: n, Peer: "n1", Op: "put", Request: v.Request, Versions: vclock.Siblings{v},
				})
				s.add(event.Event{Kind: event.Buffered, Node: n})
				s.add(event.Event{Kind: event.Ack, Key: name, Node: "n1", Peer: n, Op: "put", Request: v.Request})
				s.add(event.Event{Kind: event.State, Node: n, State: &event.NodeState{}})
			}
		}
		a := s.account()
		kept := 0
		for _, fs := range a.flushes {
			kept += len(fs)
		}
		if n := len(a.Writes(nil)); n != keys {
			t.Fatalf("%d writes of %d keys", n, keys)
		}
		if limit := 10; a.walked+kept > limit {
			t.Errorf("%d keys: the events walked %d replicas and left %d flushes, want at most %d", keys, a.walked, kept, limit)
		}
	}
}

package account

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// t0 is the time of the first event of a story; each further event is a second later.
const t0 = 12 * time.Hour

// A story builds a stream of events about the key cart, whose homes are n1, n2 and n3.
type story struct {
	events []event.Event
	seq    uint64
}

func newStory(change func(*settings.Cluster)) *story {
	s := &story{}
	c := settings.Cluster{
		Name: "test", Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 12,
	}
	if change != nil {
		change(&c)
	}
	s.add(event.Event{Kind: event.Cluster, Settings: &c})
	for _, n := range c.Nodes {
		s.add(event.Event{Kind: event.NodeUp, Node: n})
	}
	return s
}

func (s *story) add(e event.Event) *story {
	s.seq++
	e.Seq, e.Time = s.seq, t0+time.Duration(s.seq)*time.Second
	s.events = append(s.events, e)
	return s
}

// now is the time of the next event, for versions.
func (s *story) now() int64 { return int64(t0 + time.Duration(s.seq+1)*time.Second) }

// version returns a version that node stamps now for a request, over past.
func (s *story) version(node string, counter, request uint64, past ...vclock.Version) vclock.Version {
	v := vclock.Version{
		Dot:  vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1}, Counter: counter},
		Past: vclock.Siblings(past).Context(), Request: request, Time: s.now(), Value: []byte("x"),
	}
	return v
}

func (s *story) key(e event.Event) *story {
	e.Key = []byte("cart")
	return s.add(e)
}

// put has a coordinator stamp v and store it beside others, with an acknowledgement by nodes.
func (s *story) put(v vclock.Version, nodes ...string) *story {
	node, op := v.Dot.Node, "put"
	if v.Deleted {
		op = "del"
	}
	s.key(event.Event{Kind: event.Requested, Node: node, Request: v.Request, Op: op})
	s.key(event.Event{
		Kind: event.Coordinate, Node: node, Request: v.Request, Versions: vclock.Siblings{v}, Homes: []string{"n1", "n2", "n3"},
	})
	for _, n := range nodes {
		s.stored(n, "put", v.Request, v)
	}
	return s.key(event.Event{
		Kind: event.Replied, Node: node, Peer: node, Op: op, Request: v.Request, Versions: vclock.Siblings{v}, Nodes: nodes,
		Count: len(nodes), Want: 2,
	})
}

// stored has a node hold exactly these versions.
func (s *story) stored(node, op string, request uint64, versions ...vclock.Version) *story {
	var all vclock.Siblings
	for _, v := range versions {
		all = all.Merge(vclock.Siblings{v})
	}
	return s.key(event.Event{Kind: event.Stored, Node: node, Peer: "n1", Op: op, Request: request, Versions: all})
}

func (s *story) account() *Account {
	a := New()
	a.ApplyAll(s.events)
	return a
}

// fates returns the fates of all writes: "#1 superseded by #2, #2 visible".
func fates(a *Account) string {
	var out []string
	for _, w := range a.Writes(nil) {
		text := fmt.Sprintf("#%d %s", w.Request, w.Fate)
		if w.By != nil {
			text += fmt.Sprintf(" by #%d", w.By.Request)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func lww(c *settings.Cluster) { c.Mode = settings.ModeLWW }

func buffered(c *settings.Cluster) { c.Buffer = 100 }

// Each fate, and what it follows from.
func TestFates(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*settings.Cluster)
		tell     func(*story)
		want     string
	}{
		"a write on its homes": {nil, func(s *story) { s.put(s.version("n1", 1, 1), "n1", "n2") }, "#1 visible"},
		"an overwrite": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			s.put(s.version("n1", 2, 2, v), "n1", "n2")
		}, "#1 superseded by #2, #2 visible"},
		"the first overwrite counts": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			w := s.version("n1", 2, 2, v)
			s.put(w, "n1", "n2", "n3")
			s.put(s.version("n1", 3, 3, w), "n1", "n2", "n3")
		}, "#1 superseded by #2, #2 superseded by #3, #3 visible"},
		"a delete": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			d := s.version("n1", 2, 2, v)
			d.Deleted, d.Value = true, nil
			s.put(d, "n1", "n2", "n3")
		}, "#1 superseded by #2, #2 visible"},
		"a delete whose tombstone was collected": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1")
			d := s.version("n1", 2, 2, v)
			d.Deleted, d.Value = true, nil
			s.put(d, "n1")
			s.key(event.Event{Kind: event.TombstoneCollected, Node: "n1", Versions: vclock.Siblings{d}})
		}, "#1 superseded by #2, #2 visible"},
		"a delete beside a value": {nil, func(s *story) {
			v, d := s.version("n1", 1, 1), s.version("n2", 1, 2)
			d.Deleted, d.Value = true, nil
			s.put(v, "n1").put(d, "n2")
			s.stored("n1", "handoff", 0, v, d)
		}, "#1 visible, #2 sibling"},
		"siblings": {nil, func(s *story) {
			v, w := s.version("n1", 1, 1), s.version("n2", 1, 2)
			s.put(v, "n1").put(w, "n2")
		}, "#1 sibling, #2 sibling"},
		"a hint": {func(c *settings.Cluster) { c.Nodes = append(c.Nodes, "n4") }, func(s *story) {
			v := s.version("n4", 1, 1)
			s.put(v)
			s.key(event.Event{Kind: event.HintStored, Node: "n4", Peer: "n4", For: "n9", Op: "put", Versions: vclock.Siblings{v}})
		}, "#1 hint"},
		"a delivered hint": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v)
			s.key(event.Event{Kind: event.HintStored, Node: "n2", Peer: "n1", For: "n3", Op: "put", Versions: vclock.Siblings{v}})
			s.stored("n3", "handoff", 0, v)
			s.key(event.Event{Kind: event.HintDelivered, Node: "n2", Peer: "n3", For: "n3"})
		}, "#1 visible"},
		"in memory only": {buffered, func(s *story) { s.put(s.version("n1", 1, 1), "n1") }, "#1 buffer"},
		"in memory, and then on disk": {buffered, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.Buffered, Node: "n1", Want: 100})
		}, "#1 visible"},
		"in memory of one and on the disk of another": {buffered, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1", "n2")
			s.key(event.Event{Kind: event.Ack, Node: "n1", Peer: "n2", Request: 1, Count: 2, Want: 2})
		}, "#1 visible"},
		"a crash took it from memory": {buffered, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.NodeDown, Node: "n1"})
			s.add(event.Event{Kind: event.BufferLost, Node: "n1", Count: 1})
			s.key(event.Event{Kind: event.BufferLost, Node: "n1"})
		}, "#1 lost"},
		"a crash took something from memory": {buffered, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.BufferLost, Node: "n1", Count: 1})
		}, "#1 unknown"},
		"every disk was lost": {nil, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1", "n2")
			s.add(event.Event{Kind: event.NodeWiped, Node: "n1"}).add(event.Event{Kind: event.NodeWiped, Node: "n2"})
		}, "#1 lost"},
		"an older disk": {nil, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.RolledBack, Node: "n1", Message: "old"})
		}, "#1 unknown"},
		"a gap": {nil, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.Gap, Count: 5})
		}, "#1 unknown"},
		"a sample": {nil, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.Summary, Count: 5})
		}, "#1 unknown"},
		"acknowledged, and stamped before the known events": {nil, func(s *story) {
			v := s.version("n1", 1, 1)
			s.add(event.Event{Kind: event.Gap, Count: 5})
			s.key(event.Event{Kind: event.Replied, Node: "n1", Op: "put", Request: 1, Versions: vclock.Siblings{v}, Want: 2})
		}, "#1 unknown"},
		"last write wins, seen": {lww, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2")
			s.put(s.version("n1", 2, 2, v), "n1", "n2")
		}, "#1 superseded by #2, #2 visible"},
		"last write wins, unseen": {lww, func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1")
			w := s.version("n2", 1, 2)
			s.put(w, "n2")
			s.stored("n1", "handoff", 0, w)
			s.key(event.Event{Kind: event.LWWLost, Node: "n1", Request: 1, Versions: vclock.Siblings{v},
				Message: "lost to " + w.Notation() + ", which had not seen it"})
		}, "#1 lost by #2, #2 visible"},
		"last write wins, unseen, and no node could report it": {lww, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			w := s.version("n2", 1, 2)
			s.put(w, "n2")
			s.stored("n1", "handoff", 0, w)
		}, "#1 lost by #2, #2 visible"},
		"last write wins, on its way": {lww, func(s *story) {
			v := s.version("n1", 1, 1)
			s.key(event.Event{Kind: event.Replicate, Node: "n1", Peer: "n2", Request: 1})
			s.put(v, "n1")
			w := s.version("n2", 1, 2)
			s.put(w, "n2")
			s.stored("n1", "put", 2, w)
		}, "#1 superseded by #2, #2 visible"},
		"last write wins, not merged yet": {lww, func(s *story) {
			s.put(s.version("n1", 1, 1), "n1").put(s.version("n2", 1, 2), "n2")
		}, "#1 sibling, #2 visible"},
		"a failed put": {nil, func(s *story) {
			s.key(event.Event{Kind: event.Replied, Node: "n1", Op: "put", Request: 1, Err: wire.QuorumNotReached, Want: 2})
		}, ""},
	} {
		s := newStory(c.settings)
		c.tell(s)
		if got := fates(s.account()); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A write of an earlier run is found in a snapshot, and its number is not taken for one of this
// run.
func TestEarlierWrites(t *testing.T) {
	s := newStory(nil)
	old := s.version("n1", 1, 1)
	old.Time = 0
	s.put(s.version("n1", 2, 1, old), "n1")
	a := s.account()
	a.Apply(event.Event{Kind: event.Replicas, Node: "n2", Key: []byte("cart"), Replicas: []event.Replica{{Versions: vclock.Siblings{old}}}})
	writes := a.Writes([]byte("cart"))
	if len(writes) != 2 || !writes[0].Earlier || writes[0].Acked || writes[0].Fate != Superseded || writes[1].Earlier {
		t.Fatalf("got %+v", writes)
	}
	if n := Count(writes); n[Superseded] != 1 || n[Visible] != 1 || n[Lost] != 0 {
		t.Errorf("counts %v", n)
	}
	if strings.Contains(a.ref(old), "#") {
		t.Errorf("%s has a number of this run", a.ref(old))
	}
}

// Known begins with the first event, and after a gap.
func TestKnown(t *testing.T) {
	a := New()
	if a.Known() != (Known{}) {
		t.Errorf("nothing is known since %v", a.Known())
	}
	a.Apply(event.Event{Seq: 7, Time: t0, Kind: event.Gap, Count: 7})
	a.Apply(event.Event{Seq: 8, Time: t0 + 1, Kind: event.Heal})
	if k := a.Known(); k.Since != t0 || k.Missing != 7 {
		t.Errorf("after a gap, %+v", k)
	}
	s := newStory(nil)
	if k := s.account().Known(); k.Since != t0+time.Second || k.Missing != 0 {
		t.Errorf("of a whole stream, %+v", k)
	}
}

// An account takes any event, also one of a forged recording.
func TestForgedEvents(t *testing.T) {
	v := newStory(nil).version("n1", 1, 1)
	for kind := range event.Sections {
		for _, key := range [][]byte{nil, []byte("cart")} {
			a := New()
			for range 2 {
				a.Apply(event.Event{Seq: 1, Kind: kind, Key: key, Request: 1, Node: "\x1b[31m", Op: "put", Versions: vclock.Siblings{v}})
			}
			for _, w := range a.Writes(nil) {
				if strings.Contains(w.Text, "\x1b") {
					t.Errorf("%s: %q is not safe for a terminal", kind, w.Text)
				}
			}
			texts := []Explanation{a.Why([]byte("cart"))}
			if x, ok := a.WhyRequest(1); ok {
				texts = append(texts, x)
			}
			for _, x := range texts {
				for _, step := range append(x.Chain, Step{Text: x.Text}) {
					if strings.Contains(step.Text, "\x1b") {
						t.Errorf("%s: %q is not safe for a terminal", kind, step.Text)
					}
				}
			}
		}
	}
}

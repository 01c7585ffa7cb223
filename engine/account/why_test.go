package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// split cuts n1 off from n2 and n3.
func (s *story) split() *story {
	return s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3"}}})
}

// What an explanation of the key is about, its conclusion and its steps.
func TestWhy(t *testing.T) {
	for name, c := range map[string]struct {
		tell  func(*story)
		about About
		text  []string // parts of the conclusion
		chain []string // parts of the steps, in order
	}{
		"never written": {func(*story) {}, Absent, []string{"no write of it is known since 12:00:01"}, nil},
		"nothing to explain": {func(s *story) { s.put(s.version("n1", 1, 1), "n1", "n2", "n3") }, Nothing,
			[]string{"hold the same version, #1 {n1:1}"}, []string{"n1 took put #1 and stamped {n1:1}; its writer had seen no version",
				"n3 stored it as the last home"}},
		"a split": {func(s *story) {
			v := s.version("n2", 1, 1)
			s.put(v, "n1", "n2", "n3")
			s.split()
			a := s.version("n2", 2, 2, v)
			s.put(a, "n2", "n3")
			b := s.version("n1", 1, 3, v)
			s.put(b, "n1")
			s.add(event.Event{Kind: event.Heal})
			s.stored("n2", "anti-entropy", 0, a, b)
		}, Siblings, []string{
			"n2 took #2 {n2:2}. n1 took #3 {n1:1 n2:1}, and had not seen #2 {n2:2} because of the split of 12:00:",
			"neither descends from the other: n1 0<1, n2 2>1",
		}, []string{
			"All the writers below had seen this version", "the network split: n1 │ n2 n3", "n2 took put #2 during the split",
			"n1 took put #3 during the split", "the network healed", "n2 got what it lacked, by anti-entropy, and keeps both",
		}},
		"a blind write": {func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			w := s.version("n1", 2, 2)
			s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 2, Versions: vclock.Siblings{w}})
			for _, n := range []string{"n1", "n2", "n3"} {
				s.stored(n, "put", 2, v, w)
			}
		}, Siblings, []string{"n1 took #2 {n1:.2} without a context that covers #1 {n1:1}: a blind write"}, nil},
		"a put without a context": {func(s *story) {
			a := s.version("n1", 1, 1)
			s.put(a, "n1", "n2", "n3")
			v := s.version("n1", 2, 2, a)
			s.put(v, "n1", "n2", "n3")
			w := s.version("n1", 3, 3, a) // its past covers what the coordinator knows to be superseded
			s.key(event.Event{Kind: event.Requested, Node: "n1", Request: 3, Op: "put", Context: event.NoContext})
			s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 3, Versions: vclock.Siblings{w}})
			for _, n := range []string{"n1", "n2", "n3"} {
				s.stored(n, "put", 3, v, w)
			}
		}, Siblings, []string{"n1 took #3 {n1:1.3} without a context, so #3 {n1:1.3} does not cover #2 {n1:2}: a blind write."},
			[]string{"its client gave no context"}},
		"a put with an old context": {func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			w := s.version("n1", 2, 2)
			s.key(event.Event{Kind: event.Requested, Node: "n1", Request: 2, Op: "put", Context: event.ContextGiven})
			s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 2, Versions: vclock.Siblings{w}})
			for _, n := range []string{"n1", "n2", "n3"} {
				s.stored(n, "put", 2, v, w)
			}
		}, Siblings, []string{"n1 took #2 {n1:.2} with a context that is older than #1 {n1:1}"}, nil},
		"an old context": {func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			a := s.version("n1", 2, 2, v)
			s.put(a, "n1", "n2", "n3")
			b := s.version("n1", 3, 3, v)
			s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 3, Versions: vclock.Siblings{b}})
			for _, n := range []string{"n1", "n2", "n3"} {
				s.stored(n, "put", 3, a, b)
			}
		}, Siblings, []string{"n1 took #3 {n1:1.3} without a context that covers #2 {n1:2}: a blind write, or one with an older context"}, nil},
		"written at once": {func(s *story) {
			s.put(s.version("n1", 1, 1), "n1").put(s.version("n2", 1, 2), "n2")
		}, Siblings, []string{"n2 took #2 {n2:1} before it heard of #1 {n1:1}"}, nil},
		"a hint": {func(s *story) {
			v := s.version("n1", 1, 1)
			s.add(event.Event{Kind: event.NodeDown, Node: "n3"})
			s.put(v, "n1", "n2")
			s.key(event.Event{Kind: event.HintStored, Node: "n2", Peer: "n1", For: "n3", Op: "put", Request: 1,
				Versions: vclock.Siblings{v}})
		}, Waiting, []string{"n2 keeps {n1:1} for n3, and cannot reach it because n3 went down at 12:00:05"},
			[]string{"n3 went down", "n1 took put #1", "n2 stands in for n3: it keeps {n1:1} as a hint"}},
		"a lost message": {func(s *story) {
			s.key(event.Event{Kind: event.Replicate, Node: "n1", Peer: "n3", Request: 1})
			s.add(event.Event{Kind: event.Dropped, Node: "n1", Peer: "n3", Request: 1, Message: "loss"})
			s.put(s.version("n1", 1, 1), "n1", "n2")
		}, Stale, []string{"n3 lacks #1 {n1:1}, because the network lost its replica"}, nil},
		"a wiped home": {func(s *story) {
			s.put(s.version("n1", 1, 1), "n1", "n2", "n3")
			s.add(event.Event{Kind: event.NodeWiped, Node: "n3"}).add(event.Event{Kind: event.NodeUp, Node: "n3"})
		}, Stale, []string{"n3 lacks #1 {n1:1}, because n3 lost its disk at 12:00:"}, []string{"n1 took put #1", "n3 lost its disk"}},
		"deleted": {func(s *story) {
			v := s.version("n1", 1, 1)
			s.put(v, "n1", "n2", "n3")
			d := s.version("n1", 2, 2, v)
			d.Deleted, d.Value = true, nil
			s.put(d, "n1", "n2", "n3")
		}, Absent, []string{"cart was deleted by #2 {n1:2}. Its homes keep the tombstone"},
			[]string{"n1 took put #1", "n1 took delete #2", "the client was told"}},
		"destroyed": {func(s *story) {
			s.put(s.version("n1", 1, 1), "n1")
			s.add(event.Event{Kind: event.NodeWiped, Node: "n1"})
		}, Absent, []string{"no replica of #1 {n1:1} is left: n1 lost its disk"}, []string{"n1 took put #1", "n1 lost its disk"}},
	} {
		s := newStory(nil)
		c.tell(s)
		x := s.account().Why([]byte("cart"))
		check(t, name, x, c.about, c.text, c.chain)
	}
}

func check(t *testing.T, name string, x Explanation, about About, text, chain []string) {
	t.Helper()
	if x.About != about {
		t.Errorf("%s: about %s, want %s: %s", name, x.About, about, x.Text)
	}
	for _, part := range text {
		if !strings.Contains(x.Text, part) {
			t.Errorf("%s: %q does not say %q", name, x.Text, part)
		}
	}
	i := 0
	for _, s := range x.Chain {
		if i < len(chain) && strings.Contains(s.Text, chain[i]) {
			i++
		}
		if s.Section == "" || s.Time == 0 {
			t.Errorf("%s: a step without section or time: %+v", name, s)
		}
	}
	if i < len(chain) {
		t.Errorf("%s: no step says %q after the others: %+v", name, chain[i], x.Chain)
	}
	if !slices.IsSortedFunc(x.Chain, func(a, b Step) int { return int(a.Seq) - int(b.Seq) }) {
		t.Errorf("%s: the steps are not in order: %+v", name, x.Chain)
	}
}

// Last write wins lost a write that was acknowledged; later writes push that into the background.
func TestWhyLost(t *testing.T) {
	s := newStory(lww)
	s.split()
	v := s.version("n2", 1, 1)
	s.put(v, "n2", "n3")
	w := s.version("n1", 1, 2)
	s.put(w, "n1")
	s.add(event.Event{Kind: event.Heal})
	for _, n := range []string{"n2", "n3"} {
		s.stored(n, "anti-entropy", 0, w)
	}
	s.key(event.Event{Kind: event.LWWLost, Node: "n2", Request: 1, Versions: vclock.Siblings{v},
		Message: "lost to {n1:1}, which had not seen it"})
	check(t, "lost", s.account().Why([]byte("cart")), Dropped, []string{
		"n1 took #2 {n1:1}, and had not seen #1 {n2:1} because of the split of", "it kept #2 {n1:1} and dropped #1 {n2:1}",
	}, []string{"the network split", "n2 took put #1", "the client of #1 {n2:1} was told", "n1 took put #2", "a replica had to choose"})
	s.put(s.version("n1", 2, 3, w), "n1", "n2", "n3")
	check(t, "later", s.account().Why([]byte("cart")), Nothing, []string{"Before that, last write wins lost #1 {n2:1}"}, nil)
}

// Why requests ended as they did.
func TestWhyRequest(t *testing.T) {
	s := newStory(nil)
	if _, ok := s.account().WhyRequest(1); ok {
		t.Error("request 1 is explained before it began")
	}
	s.add(event.Event{Kind: event.Suspect, Node: "n1", Peer: "n3"})
	v := s.version("n1", 1, 1)
	s.key(event.Event{Kind: event.Requested, Node: "n4", Request: 1, Op: "put"})
	s.key(event.Event{Kind: event.Forwarded, Node: "n4", Peer: "n1", Request: 1})
	s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 1, Versions: vclock.Siblings{v}, Homes: []string{"n1", "n2", "n3"}})
	s.stored("n1", "put", 1, v)
	s.key(event.Event{Kind: event.Replicate, Node: "n1", Peer: "n5", For: "n3", Request: 1})
	s.key(event.Event{Kind: event.HintStored, Node: "n5", Peer: "n1", For: "n3", Op: "put", Request: 1, Versions: vclock.Siblings{v}})
	s.key(event.Event{Kind: event.Replied, Node: "n4", Peer: "n1", Op: "put", Request: 1, Versions: vclock.Siblings{v},
		Nodes: []string{"n1", "n5"}, Hinted: []wire.Hint{{Holder: "n5", For: "n3"}}, Count: 2, Want: 2})
	x, _ := s.account().WhyRequest(1)
	check(t, "a fallback", x, Waiting, []string{
		"it succeeded, because n1 and n5 acknowledged and W=2",
		"n1 believed that n3 had failed since 12:00:05 → n5 stood in for n3, with a hint", "What became of it: visible",
	}, []string{
		"n1 believed that n3 had failed", "put cart reached n4", "n4 gave the put to n1: n4 is not a home of the key",
		"n1 coordinated and stamped {n1:1} for the homes n1, n2 and n3", "n5 stands in, with a hint for n3",
		"n1 and n5 acknowledged, which is 2 of W=2",
	})

	a := s.account()
	v1 := a.Verdict(eventsOf(s, 1), nil)
	if stood := v1.Fallbacks; len(stood) != 1 || stood[0].Home != "n3" || stood[0].Node != "n5" || stood[0].Asked || stood[0].Obstacle() != "" {
		t.Errorf("who stood in: %+v", stood)
	}
	if !slices.Equal(v1.Answered, []string{"n1", "n5"}) || !slices.Equal(v1.Others, []string{"n5"}) || v1.Forward.Peer != "n1" ||
		!slices.Equal(v1.Kept, []string{"n1", "n5"}) || v1.Blind {
		t.Errorf("the verdict is %+v", v1)
	}

	s.split()
	s.key(event.Event{Kind: event.Requested, Node: "n2", Request: 2, Op: "get"})
	s.key(event.Event{Kind: event.ReadReply, Node: "n2", Peer: "n2", Request: 2, Count: 1, Want: 2})
	s.key(event.Event{Kind: event.ReadFrom, Node: "n2", Peer: "n3", Request: 2})
	s.key(event.Event{Kind: event.ReadReply, Node: "n2", Peer: "n3", Request: 2, Count: 2, Want: 2})
	s.key(event.Event{Kind: event.Replied, Node: "n2", Peer: "n2", Op: "get", Request: 2, Nodes: []string{"n2", "n3"}, Count: 2,
		Want: 2})
	x, _ = s.account().WhyRequest(2)
	check(t, "a stale get", x, Stale, []string{
		"it is stale: it missed #1 {n1:1}, which n1 and n5 had acknowledged",
		"because n2 could not reach n1: the split of", "R+W>N does not promise the newest write",
	}, []string{"put of #1 {n1:1} was acknowledged by n1 and n5", "the network split", "n3 answered that it holds nothing"})

	s.key(event.Event{Kind: event.Requested, Node: "n2", Request: 3, Op: "put"})
	s.key(event.Event{Kind: event.Replied, Node: "n2", Peer: "n2", Op: "put", Request: 3, Err: wire.QuorumNotReached,
		Message: "W=3, but n2 reaches only itself", Want: 3})
	x, _ = s.account().WhyRequest(3)
	check(t, "a failed put", x, Failed, []string{
		"it failed: quorum not reached: W=3, but n2 reaches only itself",
		"No answer came from n1, because the split of",
	}, []string{"the network split", "put cart reached n2", "n2 answered: quorum not reached"})

	a = s.account()
	if v3 := a.Verdict(eventsOf(s, 3), []string{"n1", "n2", "n3"}); len(v3.Away) != 1 || v3.Away[0].Node != "n1" ||
		!strings.HasPrefix(v3.Away[0].Obstacle(), "the split of") {
		t.Errorf("the verdict on a put of a minority is %+v", v3)
	}
	if got := a.LastRequest(); got != 3 {
		t.Errorf("the last request is #%d", got)
	}
	if got := a.KeyOf(3); string(got) != "cart" || a.KeyOf(4) != nil {
		t.Errorf("the keys of requests 3 and 4 are %q and %q", got, a.KeyOf(4))
	}
}

// A put without a context is blind if its coordinator held something.
func TestVerdictOnABlindPut(t *testing.T) {
	for _, given := range []event.Context{event.ContextUnsaid, event.ContextGiven, event.NoContext} {
		s := newStory(nil)
		v := s.version("n1", 1, 1)
		s.put(v, "n1", "n2")
		w := s.version("n1", 2, 2)
		s.key(event.Event{Kind: event.Requested, Node: "n1", Request: 2, Op: "put", Context: given})
		s.key(event.Event{Kind: event.Coordinate, Node: "n1", Request: 2, Versions: vclock.Siblings{w}, Homes: []string{"n1", "n2", "n3"}})
		s.stored("n1", "put", 2, v, w)
		s.key(event.Event{Kind: event.Replied, Node: "n1", Op: "put", Request: 2, Versions: vclock.Siblings{w}, Nodes: []string{"n1"},
			Count: 1, Want: 1})
		x, _ := s.account().WhyRequest(2)
		if blind := strings.Contains(x.Text, "gave no context"); blind != (given == event.NoContext) {
			t.Errorf("context %q: %s", given, x.Text)
		}
	}
}

// eventsOf returns the events of a request.
func eventsOf(s *story, id uint64) (out []event.Event) {
	for _, e := range s.events {
		if e.Request == id {
			out = append(out, e)
		}
	}
	return out
}

// Which of the causes that were on at a moment kept a node from another.
func TestCauses(t *testing.T) {
	s := newStory(nil)
	moment := func() int { return len(s.events) }
	type question struct {
		from, to string
		at       int
		want     string
	}
	var all []question
	ask := func(from, to, want string) { all = append(all, question{from, to, moment(), want}) }
	ask("n1", "n2", "")
	s.add(event.Event{Kind: event.Slow, Link: "n1-n2", Delay: time.Second})
	ask("n2", "n1", "the link n1-n2 was slowed down by 1s")
	ask("n1", "n3", "")
	s.add(event.Event{Kind: event.Loss, Link: "n3", Percent: 10})
	ask("n1", "n3", "the link n3 lost 10% of its messages")
	s.split()
	ask("n1", "n2", "the split of 12:00:07")
	ask("n2", "n3", "the link n3 lost 10% of its messages")
	s.add(event.Event{Kind: event.Heal})
	ask("n1", "n2", "")
	s.add(event.Event{Kind: event.Suspect, Node: "n1", Peer: "n2"})
	ask("n1", "n2", "n1 believed that n2 had failed since 12:00:09")
	ask("n3", "n2", "")
	s.add(event.Event{Kind: event.Alive, Node: "n1", Peer: "n2"})
	ask("n1", "n2", "")
	s.add(event.Event{Kind: event.NodePaused, Node: "n2"})
	ask("n1", "n2", "n2 was paused at 12:00:11")
	s.add(event.Event{Kind: event.NodeUp, Node: "n2"})
	ask("n1", "n2", "")
	a := s.account()
	for _, q := range all {
		got, _ := a.causeOf(q.from, q.to, q.at)
		if got.short != q.want {
			t.Errorf("%s to %s before event %d: got %q, want %q", q.from, q.to, q.at, got.short, q.want)
		}
	}
}

package tour

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// Tests load fewer keys than a learner sees. A comparison of trees is worth its cost only where
// there are many keys.
const (
	fewKeys  = 300
	manyKeys = 1000
)

// walkTime bounds a walk through a lesson, under the race detector on a busy machine.
const walkTime = 2 * time.Minute

// A walker is a learner of a test.
type walker struct {
	t   *testing.T
	ctx context.Context
	s   *Session
}

// open opens a lesson at a step, which counts from 1.
func open(t *testing.T, lesson string, step, keys int) *walker {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), walkTime)
	t.Cleanup(cancel)
	s, err := Open(ctx, Options{MaxKeys: keys, Width: plainWidth}, lesson)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := &walker{t, ctx, s}
	w.check(s.Start(ctx))
	if step > 1 {
		w.check(s.retry(ctx, step-1))
		s.publish()
	}
	return w
}

// say types a line and returns what the session says, with the marks.
func (w *walker) say(line string) string {
	w.t.Helper()
	return w.check(w.s.Line(w.ctx, line))
}

// check returns the text of messages. A message may not have a value that is unknown, and prose may
// not be a failure of the session.
func (w *walker) check(messages []Message) string {
	w.t.Helper()
	var out strings.Builder
	for _, m := range messages {
		if strings.Contains(string(m.Text), "unknown") && m.Kind != Output || strings.Contains(string(m.Text), "${") {
			w.t.Errorf("%s: a value is not known: %s", m.Kind, m.Text)
		}
		if m.Kind == Failure && strings.Contains(string(m.Text), "tour:") {
			w.t.Errorf("the session failed: %s", m.Text)
		}
		out.WriteString(string(m.Kind) + ": " + string(m.Text) + "\n")
	}
	return out.String()
}

// finish does the steps that are left with show me. answers are the answers to the questions that
// are left; each must be right.
func (w *walker) finish(answers []string) {
	w.t.Helper()
	for w.s.View().Phase != Over && w.ctx.Err() == nil {
		v := w.s.View()
		said := ""
		switch v.Phase {
		case Asking:
			if len(answers) == 0 {
				w.t.Fatalf("step %d: no answer to %q", v.At+1, v.Text.Ask)
			}
			said = w.say("answer " + answers[0])
			answers = answers[1:]
		case Doing:
			if got := w.say("next"); w.s.View().Phase != Doing {
				w.t.Errorf("step %d is done before it is begun: %s", v.At+1, got)
			}
			said = w.say("show me")
		case Revealed:
			said = w.say("")
		}
		if strings.Contains(said, "the cluster says") || strings.Contains(said, "failure: ") {
			w.t.Errorf("step %d: %s", v.At+1, said)
		}
		if now := w.s.View(); now.Phase == v.Phase && now.At == v.At {
			w.t.Fatalf("step %d does not go on: %s", v.At+1, said)
		}
	}
	if len(answers) > 0 {
		w.t.Errorf("answers are left: %q", answers)
	}
}

// rightWay has the right answers of each lesson, which the cluster must confirm.
var rightWay = map[string][]string{
	"where":   {"3", "n5 n3, n4", "no", "20", "c"},
	"quorum":  {"a", "b", "1", "c", "2", "no"},
	"clocks":  {"b", "a", "c", "c", "b", "{n1:3 n2:1}"},
	"carts":   {"yes", "2"},
	"members": {"n1", "yes", "no", "3", "1"},
	"grow":    {"n3 n4 n6", "c", "no", "n3 n4 n6", "3"},
	"lww":     {"2", "b", "1", "no"},
	"writers": {"1", "2", "2", "2"},
	"exam":    {"n3 n4 n5", "n3", "neither", "no", "2", "{n1:1 n3:2 n4:1}", "c", "no", "yes", "n4", "1", "3"},
	"hints":   {"yes", "n4", "no", "no", "yes"},
	"stale":   {"b", "c", "2"},
	"repair":  {"a", "yes", "c", "yes"},
	"merge":   {"c", "yes", "no", "{n3:3 n4:1}"},
}

func TestRightWay(t *testing.T) {
	var all walks
	for _, l := range Lessons() {
		all.add(t, l.Name, func(t *testing.T) {
			w := open(t, l.Name, 1, manyKeys)
			w.finish(rightWay[l.Name])
			if !w.s.Completed() || w.s.View().Wrong > 0 {
				t.Errorf("not completed: %+v", w.s.View())
			}
		})
	}
	all.Wait()
}

// maxWalks bounds the walks at once. They wait most of the time, so there may be more of them than
// processors.
const maxWalks = 6

// walks are subtests that run at once, more of them than parallel subtests would.
type walks struct {
	sync.WaitGroup
	slots chan struct{}
}

func (all *walks) add(t *testing.T, name string, walk func(t *testing.T)) {
	if all.slots == nil {
		all.slots = make(chan struct{}, maxWalks)
	}
	all.Go(func() {
		all.slots <- struct{}{}
		defer func() { <-all.slots }()
		t.Run(name, walk)
	})
}

// A wrongWay is a way that a learner may take by mistake, from the beginning of a step.
type wrongWay struct {
	lesson string
	step   int
	lines  []string
	want   string // in what the session says to the lines
}

var wrongWays = []wrongWay{
	{"where", 2, []string{"answer n1", "put cart milk --via n1"}, "n1 only received the request"},
	{"where", 2, []string{"answer n3 n4 n5", "kill n5"}, "A node is missing now"},
	{"where", 4, []string{"24"}, "Twice a fifth would leave too little"},
	{"where", 5, []string{"a", "join n7"}, "under another name: n1 n2 n3 n4 n5 n7"},
	{"where", 5, []string{"c", "leave n2"}, "A node has left the ring"},

	{"quorum", 1, []string{"a", "put tea green -W 1"}, "had another W"},
	{"quorum", 2, []string{"a", "put milk fresh"}, "did not wait for three nodes"},
	{"quorum", 4, []string{"c", "restart n1"}, "n1 runs again"},
	{"quorum", 6, []string{"yes", "put wish pony --via n1"}, "n1 alone cannot reach W=2"},
	{"quorum", 6, []string{"yes", "put wish pony --via n1 -W 1", "heal", "wait converged --key wish"}, "it left n1 " +
		"before"},

	{"clocks", 1, []string{"c"}, "Compare again"},
	{"clocks", 4, []string{"a"}, "has not seen the one event of n2"},
	{"clocks", 6, []string{"{n1:4 n2:1}", "heal", "put beer ours --via n1"}, "or one from before these versions"},
	{"clocks", 6, []string{"{n1:2 n2:1}", "put beer ours -c @beer --via n1"}, "heal first"},
	{"clocks", 6, []string{"{n1:3}", "heal", "get beer -R 3", "put beer ours -c @beer --via n1"}, "or one from " +
		"before these versions"},

	{"carts", 1, []string{"put cart milk", "undo", "hint"}, "keeps the context"},
	{"carts", 2, []string{"kill n1"}, "A crash is not a split"},
	{"carts", 2, []string{"partition n1,n3 n2,n4,n5"}, "cut in another place"},
	{"carts", 3, []string{"yes", "put cart milk,beer --via n1"}, "has seen nothing, not even the milk"},
	{"carts", 3, []string{"yes", "put cart milk,eggs -c @cart"}, "The put went to one side only"},
	{"carts", 3, []string{"no", "put cart milk,eggs -c @cart --via n3", "heal"}, "The network is whole again"},
	{"carts", 4, []string{"1", "put cart tea --via n3"}, "does not end the split"},

	{"hints", 1, []string{"no", "put cart milk --strict --via n3"}, "a strict quorum counts homes only"},
	{"hints", 1, []string{"no", "restart n4"}, "A home is up again"},
	{"hints", 2, []string{"n2"}, "The hint names the home"},
	{"hints", 4, []string{"yes", "restart n5", "wait hints=0"}, "it came by handoff"},
	{"hints", 5, []string{"no", "wipe n1"}, "its disk was wiped"},

	{"stale", 1, []string{"a", "put cart eggs -c @cart --via n3", "get cart --via n3"}, "you read what you wrote"},
	{"stale", 1, []string{"c", "put cart eggs -c @cart --via n3 --strict"}, "n3 is alone on its side"},
	{"stale", 2, []string{"a", "put cart tea -c @cart --via n3"}, "it was not strict"},
	{"stale", 3, []string{"3", "heal"}, "no hint was kept for it"},

	{"repair", 1, []string{"d", "put cart eggs -c @cart -W 3"}, "n5 got the put itself"},
	{"repair", 2, []string{"no", "put cart tea"}, "hides what n1 had missed"},
	{"repair", 3, []string{"a", "get cart -R 3"}, "cart was mended by your read"},
	{"repair", 4, []string{"no", "wipe n1"}, "n1 is empty"},

	{"members", 1, []string{"n2", "put beer warm --via n1"}, "no message was lost"},
	{"members", 1, []string{"n1", "partition n1 n2"}, "A split cuts many links"},
	{"members", 1, []string{"n1", "kill n2"}, "n2 is down"},
	{"members", 4, []string{"1", "join x"}, "n1 recorded that join"},
	{"members", 5, []string{"3", "join x --via x"}, "Now the other one"},

	{"grow", 1, []string{"n1 n3 n4 n6", "join n7"}, "under another name"},
	{"grow", 2, []string{"b"}, "n6 had only said that it wants them"},
	{"grow", 3, []string{"yes", "join n6 --via n1"}, "n6 is on the side of n1"},
	{"grow", 5, []string{"2", "kill n1"}, "A crash is no leave"},

	{"lww", 1, []string{"1", "put cart milk,beer -c @cart --via n1"}, "Then write on the side of n3"},
	{"lww", 1, []string{"2", "heal"}, "undo cuts it again"},
	{"lww", 3, []string{"0"}, "no node has them"},

	{"writers", 1, []string{"2", "put cart milk,eggs -c @cart --via n3", "put cart milk,beer -c @cart --via " +
		"n4"}, "two nodes have coordinated"},
	{"writers", 1, []string{"1", "put cart milk,beer --via n4"}, "two nodes have coordinated"},
	{"writers", 3, []string{"1", "put cart tea -c @cart"}, "leave -c out"},
	{"writers", 4, []string{"1", "get cart --save @new", "put cart coffee -c @new"}, "the right way to tidy up"},
	{"writers", 4, []string{"2", "put cart coffee"}, "That put had no context"},

	{"merge", 1, []string{"a", "cart remove basket milk --via n3"}, "Only the side of n3 has changed"},
	{"merge", 1, []string{"c", "heal"}, "both customers see the same cart"},
	{"merge", 2, []string{"no", "heal"}, "Nothing merges them by itself"},
	{"merge", 2, []string{"no", "resolve basket --with milk --via n3"}, "heal first"},
	// The goal is reached in another way than the question is about.
	{"where", 2, []string{"n3 n4 n5", "put cart milk --via n3"}, "That put went through n3, but the question is"},
	{"where", 5, []string{"c", "kill n2", "join n6"}, "n6 has joined, but n2 is down"},
	{"quorum", 1, []string{"a", "put tea green --via n1"}, "The question is about a put that another node"},
	{"clocks", 6, []string{"{n1:3 n2:1}", "heal", "get beer -R 3 --save @beer", "put beer ours -c @beer --via n2"},
		"That put went through n2, but the question is about n1"},
	{"carts", 1, []string{"put cart milk"}, "Still to do: keep a context"},
	{"carts", 1, []string{"put cart bread --save @cart"}, "The cart has bread"},
	{"hints", 5, []string{"yes", "get cart -R 3", "restart n1", "wait hints=0"}, "A read has brought n5 the milk"},
	{"stale", 1, []string{"b", "get cart --via n4", "put cart eggs -c @cart --via n3"}, "Your get came before the put"},
	{"stale", 1, []string{"b", "put cart eggs --via n3"}, "That put had no context"},
	{"stale", 2, []string{"c", "put cart tea -c @cart --via n3 --strict", "get cart --via n3 --strict"},
		"The question is about a get through n4"},
	{"stale", 2, []string{"c", "put cart tea -c @cart --via n3 --strict", "get cart --via n4"}, "That get was not strict"},
	{"stale", 2, []string{"c", "put cart tea -c @cart --via n3 -W 3", "get cart --via n4 --strict"},
		"no strict one through n3"},
	{"stale", 2, []string{"c", "get cart --via n4 --strict"}, "Still to do: a strict put through n3"},
	{"repair", 2, []string{"yes", "get cart --no-repair"}, "lets a get send no repair"},
	{"repair", 4, []string{"yes", "wipe n2", "wipe n1"}, "Not only n1 has lost its disk"},
	{"repair", 4, []string{"yes", "wipe n1", "get cart -R 3", "sync"}, "cart came to n1 by read-repair"},
	{"grow", 1, []string{"n3 n4 n6", "leave n3", "wait 'len(members(n1))==4'", "join n6"}, "has n1 n2 n4 n5 n6."},
	{"lww", 4, []string{"no", "put cart milk,beer,eggs"}, "That put did not have the context of a get from now"},
	{"lww", 4, []string{"no", "put cart milk,beer,eggs -c @cart"}, "that client has not seen the beer"},
	{"merge", 2, []string{"yes", "heal", "resolve basket --pick 1 -R 5"}, "What was put is not the union"},
	{"merge", 3, []string{"no", "resolve set --pick 1 -R 5"}, "it is not the merge of both"},
	{"merge", 4, []string{"{n3:3 n4:1}", "resolve cart --union -R 3 --via n4"}, "That put went through n4"},

	{"merge", 4, []string{"{n3:3}", "put cart x --via n3"}, "did not have the context of both"},
}

func TestWrongWays(t *testing.T) {
	ways := map[string]int{}
	var all walks
	for _, way := range wrongWays {
		ways[way.lesson]++
		undo := ways[way.lesson] == 1
		all.add(t, way.lesson+"/"+strings.Join(way.lines, ";"), func(t *testing.T) {
			w := open(t, way.lesson, way.step, fewKeys)
			said := ""
			for _, line := range way.lines {
				said += w.say(line)
			}
			wants(t, said, way.want)
			if v := w.s.View(); undo && v.Turn != "" && !strings.Contains(w.say("undo"), "fresh cluster") {
				t.Error("undo does not begin the step again")
			}
		})
	}
	all.Wait()
	for _, l := range Lessons() {
		if ways[l.Name] < 2 && !l.Exam {
			t.Errorf("%s has %d wrong ways that a test takes, want 2", l.Name, ways[l.Name])
		}
	}
}

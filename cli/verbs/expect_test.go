package verbs

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/wire"
)

func TestExpressions(t *testing.T) {
	for line, want := range map[string]bool{
		`siblings(cart)==2`:                              true,
		`siblings(cart) == 1 || hints > 2`:               true,
		`siblings("cart")==2 && !split`:                  false,
		`values(cart)==["milk,beer","milk,eggs"]`:        true,
		`"milk,eggs" in values(cart)`:                    true,
		`clocks(cart)[0]=="{n3:1 n4:1}"`:                 true,
		`clock(cart)=="{n3:1 n4:1} ‖ {n3:2}"`:            true,
		`coordinator(cart)=="n4 n3"`:                     true,
		`homes(cart)[0]==n3`:                             true,
		`n1 not in homes(cart)`:                          true,
		`hints(n2)==3 && hints(n2,n3)==1 && hints==3`:    true,
		`hints()==3`:                                     true,
		`up(n4) && down(n5) && !up && !paused(n4)`:       true,
		`len(nodes)==5 && all(nodes, keys(#)==1)`:        true,
		`replica(n4,cart)=="{n3:2}"`:                     true,
		`replica(n1,cart)==""`:                           true,
		`!converged(cart) && !converged`:                 true,
		`found(my-key) && found(user.x) && found(a-b.c)`: true,
		`deleted(cart)`:                                  false,
		`up=n4`:                                          true,
		`down=n5`:                                        true,
		`up=n4,n5`:                                       false,
		`hints=3`:                                        true,
		`hints==0`:                                       false,
		`up`:                                             false,
		`converged`:                                      false,
	} {
		s := scene(t).say("expect " + Join([]string{line}))
		if held := s.exit == 0; held != want || s.exit != 0 && s.exit != exit.Expectation {
			t.Errorf("%s: exit %d: %+v", line, s.exit, s.failure)
		}
	}
}

func TestWrongExpressionsSayWhy(t *testing.T) {
	for line, want := range map[string]string{
		`sibling(cart)==1`:        "did you mean siblings?",
		`siblings()==1`:           "takes 1 argument, not 0",
		`hints(a,b,c)==1`:         "takes 0 to 2 arguments, not 3",
		`siblngs == 1`:            "there is no name 'siblngs'; did you mean siblings?",
		`foo`:                     "there is no name 'foo'; there are acks apart",
		`conversed`:               "did you mean converged?",
		`siblings(cart)=2`:        "write == to compare: siblings(cart)==2",
		`lost=x`:                  "lost is a number; compare it with a number, as in lost==2",
		`hints=0 0`:               "invalid condition 'hints=0 0': ",
		`siblings(cart)`:          "it is a number; compare it, as in siblings(cart)==2",
		`hints`:                   "it is a number; compare it, as in hints==2",
		`hints + 1`:               "it is a number; compare it, as in hints + 1==2",
		`value(cart)`:             `it is text; compare it, as in value(cart)=="milk"`,
		`nodes`:                   "it is a list; compare its length, as in len(nodes)==2",
		`siblings(cart`:           "invalid condition",
		`up(n9)`:                  "there is no node 'n9'",
		`up=n9`:                   "there is no node 'n9'",
		`"milk"`:                  "invalid condition",
		strings.Repeat("(", 4097): "longer than",
	} {
		s := scene(t).say("expect " + Join([]string{line}))
		if s.exit != exit.Usage || !strings.Contains(s.failure.Message, want) {
			t.Errorf("%.40s: exit %d: %+v", line, s.exit, s.failure)
		}
	}
}

// A count that needs no argument can be compared with a single =.
func TestCountsWithOneEqualSign(t *testing.T) {
	for _, line := range []string{"lost=0", "buffered=0", "hints=3", "lost = 0"} {
		if s := scene(t).say("expect " + Join([]string{line})); s.exit != 0 {
			t.Errorf("%s: exit %d: %+v", line, s.exit, s.failure)
		}
	}
	if s := scene(t).say("expect lost=1"); s.exit != exit.Expectation ||
		!strings.Contains(s.failure.Message, "lost is 0") {
		t.Errorf("lost=1: %+v", s.failure)
	}
}

func TestExpectSaysWhatIsInstead(t *testing.T) {
	s := scene(t).say("expect 'siblings(cart)==1 || hints==0'")
	for _, want := range []string{"siblings(cart) is 2 ({n3:1 n4:1} milk,beer ‖ {n3:2} milk,eggs)", "hints is 3"} {
		if !strings.Contains(s.failure.Message, want) {
			t.Errorf("%q lacks %q", s.failure.Message, want)
		}
	}
	f := scene(t)
	f.get = wire.GetReply{Err: wire.QuorumNotReached, Message: "R=2, but only n4"}
	if s := f.say("expect 'siblings(cart)==1'"); s.exit != exit.Expectation ||
		!strings.Contains(s.failure.Message, "only n4") {
		t.Errorf("a get that fails: %+v", s.failure)
	}
}

func TestExpectExit(t *testing.T) {
	for line, exit := range map[string]int{
		"expect --exit 4 -- get cart --one":          0,
		"expect --exit 4 -- ringside get cart --one": 0,
		"expect -- get cart":                         0,
		"expect --exit 0 -- get cart --one":          exit.Expectation,
		"expect --exit 5 -- get cart":                exit.Expectation,
		"expect --exit 5 -- nonsense":                exit.Expectation,
		"expect --exit 2 -- nonsense":                0,
		"expect --exit 5":                            exit.Usage,
		"expect --exit 5 --":                         exit.Usage,
		"expect --exit 5 get cart":                   exit.Usage,
		"expect up -- get cart":                      exit.Usage,
	} {
		if s := scene(t).say(line); s.exit != exit {
			t.Errorf("%s: exit %d, want %d: %+v", line, s.exit, exit, s.failure)
		}
	}
}

func TestWaitNamesWhatBlocks(t *testing.T) {
	for cond, want := range map[string]string{
		"hints=0":              "n2 keeps 1 hint for n3, which is beyond the split; n2 keeps 2 hints for n4, which is beyond the split",
		"up":                   "n5 is down",
		"up=n4,n5":             "n5 is down",
		"down=n4":              "n4 is up",
		"converged":            "n2 keeps",
		"converged --key cart": "n2 keeps a hint for n3",
		"'siblings(cart)==1'":  "siblings(cart) is 2",
	} {
		s := scene(t).say("wait --timeout 20ms " + cond)
		if s.exit != exit.Expectation || s.failure.Code != "wait_timed_out" ||
			!strings.Contains(s.failure.Message, want) {
			t.Errorf("%s: %+v", cond, s.failure)
		}
	}
}

// An event wakes the wait; the poll alone would come too late. The machine may stand still for as
// long as the poll takes, but not every time.
func TestWaitWakesOnEvents(t *testing.T) {
	const attempts, poll = 10, 250 * time.Millisecond
	for range attempts {
		if took := wakeByEvent(t); took < poll {
			return
		}
	}
	t.Errorf("%d times in a row the wait took as long as the poll, %v", attempts, poll)
}

// wakeByEvent waits for a node that comes back after a moment, and returns how long that took.
func wakeByEvent(t *testing.T) time.Duration {
	t.Helper()
	f := newFake(t)
	f.down = []string{"n2"}
	waker := &waking{fake: f, event: make(chan struct{})}
	go func() {
		time.Sleep(20 * time.Millisecond)
		waker.mu.Lock()
		waker.back = true
		waker.mu.Unlock()
		close(waker.event)
	}()
	start := time.Now()
	s := f.say("wait up", func(e *Env) { e.Cluster = waker })
	if s.exit != 0 {
		t.Errorf("exit %d: %+v", s.exit, s.failure)
	}
	return time.Since(start)
}

// waking is a cluster whose node n2 comes back with an event.
type waking struct {
	*fake
	back  bool
	event chan struct{}
}

func (w *waking) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.back {
		w.down = nil
	}
	return w.fake.Snapshot(ctx, keys...)
}

func (w *waking) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	select {
	case <-w.event:
		if err := fn([]event.Event{{Seq: 1, Node: "n2", Kind: event.NodeUp}}); err != nil {
			return err
		}
	case <-ctx.Done():
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestComplete(t *testing.T) {
	f := scene(t)
	for line, want := range map[string][]string{
		"pa":                     {"partition", "pause"},
		"get ":                   {"cart"},
		"get cart --v":           {"--via"},
		"get cart --via ":        {"n1", "n2", "n3", "n4", "n5"},
		"get cart x":             nil,
		"put cart -c @":          {"@cart"},
		"partition n4,":          {"n4,n5", "n4,n2", "n4,n3", "n4,n1"},
		"kill n4 n":              {"n1", "n2", "n3", "n4", "n5"},
		"trace ":                 {"last", "41"},
		"help tr":                {"trace"},
		"expect --exit 5 -- res": {"resolve", "resume", "restart"},
		"expect -- get ca":       {"cart"},
		"wait hin":               {"hints=0"},
		"nonsense ":              nil,
	} {
		words := strings.Fields(line)
		if strings.HasSuffix(line, " ") {
			words = append(words, "")
		}
		got := Complete(context.Background(), &Env{Cluster: f}, words)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	if got := Complete(context.Background(), &Env{}, []string{"get", ""}); got != nil {
		t.Errorf("without a cluster: %q", got)
	}
}

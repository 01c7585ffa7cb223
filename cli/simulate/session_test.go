package simulate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/cli/capsule"
	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/sim/plan"
	"ringside/engine/view"
	"ringside/tui"
)

// sessionFile writes the capsule of a session, after a change.
func sessionFile(t *testing.T, name string, s verbs.Session, change func(*capsule.Capsule)) {
	t.Helper()
	report, text, err := s.Report()
	if err != nil {
		t.Fatal(err)
	}
	c, err := capsule.New(text, report)
	if err != nil {
		t.Fatal(err)
	}
	c.Events, c.Ending = slices.Clone(s.Events), slices.Clone(s.Ending)
	if change != nil {
		change(&c)
	}
	if err := c.Write(name); err != nil {
		t.Fatal(err)
	}
}

// played returns a session that stands for one of a real cluster.
func played(seed uint64) verbs.Session {
	return sessionOf(nil, plan.New(plan.Options{Seed: seed, Ops: 30, Nodes: 5, N: 3, Keys: 2, Faults: []string{"crash", "partition"}}))
}

// forgotten returns a snapshot without the first replica that holds anything.
func forgotten(snapshot []event.Event) []event.Event {
	i := slices.IndexFunc(snapshot, func(e event.Event) bool { return len(e.Replicas) > 0 })
	return slices.Delete(slices.Clone(snapshot), i, i+1)
}

// The capsule of a session opens to the same numbers as text, as JSON and on the screens, which
// begin at the end.
func TestSessionOpens(t *testing.T) {
	dir := t.TempDir()
	s := played(4)
	sessionFile(t, filepath.Join(dir, "a.capsule"), s, nil)
	report, text, err := s.Report()
	if err != nil {
		t.Fatal(err)
	}
	if r := opens(t, dir, "open a.capsule"); r.exit != 0 || r.out != text || !strings.Contains(r.out, "requests answered") {
		t.Errorf("%+v\nwant\n%s", r, text)
	}
	want, err := json.Marshal(report)
	if r := opens(t, dir, "open a.capsule --json"); err != nil || !sameResult([]byte(r.out), want) {
		t.Errorf("%v: %+v\nwant\n%s", err, r, want)
	}
	call, err := verbs.Parse(OpenVerb, []string{"a.capsule"})
	if err != nil {
		t.Fatal(err)
	}
	var shown *recording.Recording
	r := &runner{
		Console: &console.Console{Stdout: os.Stdout, Dir: dir}, ctx: t.Context(), call: call, toScreens: true,
		screens: func(rec *recording.Recording, o tui.Options) error {
			shown = rec
			if o.Key != s.LastKey() || o.Key == "" {
				t.Errorf("the screens begin with the key %q", o.Key)
			}
			return nil
		},
	}
	if err := r.open(); err != nil || shown == nil {
		t.Fatalf("%v, shown %v", err, shown)
	}
	keys := view.From(s.Ending).Keys()
	key, other := keys[0].Key, keys[1].Key
	snapshot, err := shown.Snapshot(t.Context(), key)
	if p := shown.Progress(); err != nil || !p.Paused || p.At != p.Length {
		t.Errorf("%v: the screens begin at %+v", err, p)
	}
	if a, b := view.From(snapshot), view.From(s.Ending); a.Key(other) != nil || a.Hints() != b.Hints() ||
		heldText(a, key, true) != heldText(b, key, true) || heldText(a, key, true) == "nothing" {
		t.Errorf("the screens show %s, %d hints", heldText(a, key, true), a.Hints())
	}
}

// A capsule whose events no longer come to its result is refused, and its text cannot move a
// cursor.
func TestSessionRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, change := range []func(*capsule.Capsule){
		func(c *capsule.Capsule) { c.Events = c.Events[:len(c.Events)/2] },
		func(c *capsule.Capsule) { c.Ending = forgotten(c.Ending) },
		func(c *capsule.Capsule) {
			c.Result = json.RawMessage(strings.Replace(string(c.Result), `"requests":`, `"requests":1`, 1))
		},
	} {
		sessionFile(t, filepath.Join(dir, "a.capsule"), played(4), change)
		if r := opens(t, dir, "open a.capsule"); r.exit != exit.Expectation || !strings.Contains(r.err, "comes to another result") {
			t.Errorf("%+v", r)
		}
	}
	if got := safeText("a\x1b[2Jb\nc\\d"); strings.ContainsRune(got, '\x1b') || !strings.HasSuffix(got, "\nc\\d") {
		t.Errorf("%q", got)
	}
}

// Two sessions with other times, addresses and orders of messages are the same. One request more,
// another fault and another replica in the end are differences.
func TestSessionDiff(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	s := played(4)
	sessionFile(t, file("a.capsule"), s, nil)
	later := verbs.Session{Ending: s.Ending}
	for i := 0; i < len(s.Events); i++ {
		e := s.Events[i]
		e.Time += time.Duration(i) * time.Millisecond
		e.Addr = "127.0.0.1:1"
		later.Events = append(later.Events, e)
	}
	for i := 2; i < len(later.Events); i++ { // messages of other requests overtake each other
		if a, b := later.Events[i-1], later.Events[i]; a.Kind == event.Ack && b.Kind == event.Replicate {
			later.Events[i-1], later.Events[i] = b, a
		}
	}
	sessionFile(t, file("later.capsule"), later, nil)
	if r := opens(t, dir, "diff a.capsule later.capsule"); r.exit != 0 ||
		!strings.Contains(r.out, "the runs are the same, apart from times: ") {
		t.Errorf("%+v", r)
	}
	last := slices.IndexFunc(s.Events, func(e event.Event) bool { return e.Kind == event.Split })
	without := verbs.Session{Events: slices.Delete(slices.Clone(s.Events), last, last+1), Ending: forgotten(s.Ending)}
	sessionFile(t, file("other.capsule"), without, nil)
	var d sessionDiff
	r := opens(t, dir, "diff a.capsule other.capsule --json")
	if err := json.Unmarshal([]byte(r.out), &d); err != nil || d.Equal || d.First == nil ||
		!strings.HasPrefix(d.First.A.Text, "partition ") || len(d.Keys) != 1 || d.A.Events != d.B.Events+1 {
		t.Errorf("%v: %+v", err, r)
	}
	if r := opens(t, dir, "diff a.capsule other.capsule"); !strings.Contains(r.out, "is the first that differs") ||
		!strings.Contains(r.out, d.First.A.Text) {
		t.Errorf("%+v", r)
	}
	// A simulated run is compared in the same way, without values.
	if r := ringside(t, dir, "sim --seed 4 --ops 30 --nodes 5 --N 3 --keys 2 --faults crash,partition --script a.script"); r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	if r := opens(t, dir, "diff a.capsule a.script"); !strings.Contains(r.out, "apart from times and values: ") {
		t.Errorf("%+v", r)
	}
}

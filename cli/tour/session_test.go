package tour

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"ringside/cli/condition"
	"ringside/cli/exit"
	"ringside/cli/verbs"
)

// is checks that a condition holds on the cluster of the session.
func (w *walker) is(text string) {
	w.t.Helper()
	c, err := condition.Parse([]string{text}, condition.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := c.Check(w.ctx, w.s.Env().Source())
	if err != nil || found.Blocks != "" {
		w.t.Errorf("%s: %s %v", text, found.Blocks, err)
	}
}

// wants checks that a text has words.
func wants(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in:\n%s", word, text)
		}
	}
}

// undo starts a fresh cluster and plays the steps before again. The answer that was given stays.
func TestUndoPlaysAgain(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 3, fewKeys)
	wants(t, w.say("undo"), "nothing to undo")
	wants(t, w.say("perhaps"), "neither a command nor an answer; want: answer yes, or: answer no.")
	w.say("yes")
	w.say("put cart wrong --via n1")
	w.is("requests(put,cart)==2 && hints>0")
	before := w.s.View()
	wants(t, w.say("undo"), "A fresh cluster has started, and steps 1 to 2 were played again.", "Write on both sides")
	after := w.s.View()
	if after.Generation != before.Generation+1 || after.Said != "yes" || after.Phase != Doing || after.Turn != "" {
		t.Errorf("after undo: %+v", after)
	}
	w.is("requests(put,cart)==1 && hints==0 && apart(n1,n3)")
	w.say("put cart milk,eggs -c @cart --via n3") // the context was saved again
	wants(t, w.say("put cart milk,beer -c @cart --via n1"), "Right: yes")
}

// back goes to the step before, also out of a step that is done.
func TestBack(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 3, fewKeys)
	wants(t, w.say("back"), "step 1 was played again", "Step 2 of 4")
	w.is("!split && requests(put,cart)==1")
	wants(t, w.say("back"), "A fresh cluster has started.", "Step 1 of 4")
	wants(t, w.say("back"), "This is the first step")
	w.say("show me")
	wants(t, w.say("undo"), "Step 1 of 4")
	if v := w.s.View(); v.Phase != Doing || v.Steps[0].State != Current {
		t.Errorf("after undo of a step that was done: %+v", v)
	}
}

// A step whose cluster the learner has changed begins in a fresh one.
func TestNeeds(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 2, fewKeys)
	w.say("show me")
	w.say("heal") // free play
	wants(t, w.say("next"), "The cluster was not as this step needs it", "steps 1 to 2 were played again")
	w.is("apart(n1,n3)")
}

// show me begins the step again if the learner has changed the cluster in it.
func TestShowMeStartsAfresh(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 3, fewKeys)
	w.say("put cart other --via n1")
	wants(t, w.say("show me"), "Then see what the cluster does", "The step begins again")
	w.say("put cart other --via n1")
	wants(t, w.say("show me"), "The step begins again", "Done.")
	w.is("blind(cart)==0")
}

// A command that is typed while a question is open does not reach the goal in place of the learner.
func TestCommandsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lesson string
		step   int
		lines  []string
	}{
		{"stale", 2, []string{"put cart tea --via n3", "get cart --via n4", "c"}},
		{"lww", 4, []string{"put cart tea", "no"}},
		{"writers", 3, []string{"put cart tea", "2"}},
	} {
		w := open(t, c.lesson, c.step, fewKeys)
		said := ""
		for _, line := range c.lines {
			said = w.say(line)
		}
		wants(t, said, "A command before the answer changed the cluster", "The step begins again", "goal: ")
		wants(t, w.say("show me"), "Done.", "Right: ")
	}
}

// An answer of another kind is refused, and does not count.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	w := open(t, "where", 2, fewKeys)
	for _, line := range []string{"zebra", "2", "answer 2", "n9"} {
		wants(t, w.say(line), "there is no node '", "want names of nodes, as in: answer n1 n2")
	}
	wants(t, w.say("n3 n4 n5"), "Noted: n3 n4 n5")
	wants(t, w.say("put cart milk --via n2"), "That put went through n2")
	wants(t, w.say(""), "That put went through n2", "This is still so")
	w = open(t, "grow", 1, fewKeys)
	wants(t, w.say("n6 n3 n4"), "Noted: ")
	w = open(t, "clocks", 6, fewKeys)
	wants(t, w.say("hint"), "larger counter of each node")
	w = open(t, "exam", 1, fewKeys)
	for _, line := range []string{"put cart x", ": ringside put cart x", "expect --exit 0 -- put cart x",
		"as a put cart x"} {
		wants(t, w.say(line), "look and not touch")
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 1, fewKeys)
	wants(t, w.say("next"), "Not done yet", "hint helps")
	wants(t, w.say("hint"), "--save @NAME")
	wants(t, w.say("hint"), "put cart milk --save @cart")
	if hints := w.s.View().Text.Hints; len(hints) != 1 {
		t.Errorf("%q", hints)
	}
	wants(t, w.say("answer 3"), "no open question")
	wants(t, w.say("3"), "There is no command '3'")
	wants(t, w.say("putt cart milk"), "There is no command 'putt'; did you mean put?")
	wants(t, w.say("down"), "quit leaves the tour")
	wants(t, w.say("events -f"), "would not end")
	wants(t, w.say("help"), "glossary")
	wants(t, w.say("help put"), "put KEY VALUE")
	wants(t, w.say("glossary hints"), "deleted when the home holds")
	wants(t, w.say("glossary nothing"), "The glossary does not have 'nothing'")
	wants(t, w.say("put cart 'milk"), "quote")
	wants(t, w.say(": ringside put cart milk --save @cart"), "Done.")
	if quit := w.say("quit"); quit != "" || !w.s.Quit() {
		t.Errorf("quit says %q", quit)
	}
}

// A step that is skipped leaves the cluster as the next step needs it, and the lesson undone.
func TestSkip(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 1, fewKeys)
	wants(t, w.say("skip"), "Skipped.", "step 1 was played again", "Step 2 of 4")
	w.is("requests(put,cart)==1")
	w.say("skip")
	w.say("skip")
	wants(t, w.say("skip"), "You skipped 4 steps", "restart begins it again")
	if v := w.s.View(); w.s.Completed() || v.Phase != Over || v.Steps[3].State != Skipped || v.Wrong != 2 {
		t.Errorf("%+v", w.s.View())
	}
	wants(t, w.say(""), "The lesson is over")
	wants(t, w.say("restart"), "Two carts", "Step 1 of 4")
	wants(t, w.say("lesson merge"), "Who reconciles")
	wants(t, w.say("lesson 99"), "there is no lesson '99'")
}

// What the cluster does by itself ends a step, without a line of the learner.
func TestLook(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 1, fewKeys)
	if got := w.s.Look(w.ctx); got != nil {
		t.Errorf("%v", got)
	}
	if _, code := w.s.live.run(w.ctx, "put cart milk --save @cart"); code != exit.OK { // from another screen
		t.Fatal(code)
	}
	wants(t, w.check(w.s.Look(w.ctx)), "Done.")
}

// The exam counts a question that is left out as wrong, and names the lessons to repeat.
func TestExam(t *testing.T) {
	t.Parallel()
	w := open(t, "exam", 1, fewKeys)
	wants(t, w.say("hint"), "no hints")
	wants(t, w.say("show me"), "shows nothing")
	wants(t, w.say("undo")+w.say("back"), "no undo", "no way back")
	wants(t, w.say("n1 n2 n3"), "the cluster says n3 n4 n5", "Step 2 of 12")
	wants(t, w.say("n3"), "Right: n3", "Step 3 of 12")
	said := ""
	for range 10 {
		said = w.say("skip")
	}
	wants(t, said, "1 of 12 answers were right", "Lessons to repeat: 1 (Where a key lives), 2 (Two of three), 3 (")
	if strings.Contains(said, "(A write that waits next door)") || !w.s.Completed() {
		t.Error(said)
	}
}

// The progress survives, and a damaged file is told and ignored.
func TestProgress(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	p := loadProgress(home)
	if p.next() != Lessons()[0] || p.problem != nil {
		t.Errorf("%v", p)
	}
	if err := p.done(Lessons()[0].Name, 3, 5); err != nil {
		t.Fatal(err)
	}
	other := loadProgress(home)
	if other.next() != Lessons()[1] || other.records[Lessons()[0].Name] != (record{3, 5}) {
		t.Errorf("%v", other)
	}
	if err := errors.Join(other.done(Lessons()[1].Name, 1, 1), p.done(Lessons()[2].Name, 1, 1)); err != nil {
		t.Fatal(err) // p does not forget what other wrote
	}
	if p = loadProgress(home); len(p.records) != 3 {
		t.Errorf("%v", p.records)
	}
	if err := os.WriteFile(filepath.Join(home, progressFile), []byte(`{"lessons":`), 0o600); err != nil {
		t.Fatal(err)
	}
	p = loadProgress(home)
	if p.problem == nil || len(p.records) != 0 {
		t.Error("a damaged file is believed")
	}
	list, problem := Listing(home)
	if problem == nil || len(list) != len(Lessons()) || list[0].Done {
		t.Errorf("%v %v", list, problem)
	}
	if err := p.done(Lessons()[0].Name, 1, 1); err != nil || !loadProgress(home).isDone(Lessons()[0].Name) {
		t.Errorf("the damaged file is not replaced: %v", err)
	}
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) != 1 {
		t.Errorf("files are left: %v %v", entries, err)
	}
}

// A session that ends leaves no folder.
func TestClose(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Open(ctx, Options{}, "carts")
	if err != nil {
		t.Fatal(err)
	}
	dir := s.live.dir
	cancel()
	s.Line(ctx, "undo")
	s.Line(ctx, "put cart milk")
	s.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

// A completion reads the surroundings of the live cluster beside the lines, and also after the end.
func TestEnvFromAnyGoroutine(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 2, fewKeys)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			verbs.Complete(w.ctx, w.s.Env(), []string{"get", ""})
			if w.s.Cluster() == nil {
				t.Error("there is no cluster")
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	before := w.s.Env()
	w.say("show me")
	w.say("undo")
	if w.s.Env() == before {
		t.Error("an undo does not replace the cluster")
	}
	w.s.Close()
	verbs.Complete(w.ctx, w.s.Env(), []string{"get", ""})
	close(stop)
	<-stopped
}

// A line that is interrupted leaves the session at its step and on its cluster, and says so.
func TestInterruptedLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ before, line string }{
		{"", "lesson where"}, {"", "restart"}, {"put cart other", "undo"}, {"", "back"}, {"", "skip"},
		{"put cart other", "skip"}, {"show me", ""}, {"show me;heal", "next"},
	} {
		w := open(t, "carts", 2, fewKeys)
		for _, line := range strings.Split(tt.before, ";") {
			if line != "" {
				w.say(line)
			}
		}
		before, env := w.s.View(), w.s.Env()
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		got := w.check(w.s.Line(ctx, tt.line))
		if after := w.s.View(); !reflect.DeepEqual(after, before) || w.s.Env() != env || w.s.live.env != env {
			t.Errorf("%q: %+v, want %+v", tt.line, after, before)
		}
		wants(t, got, "failure: ", "interrupted", "again")
		w.say(tt.line)
		if after := w.s.View(); reflect.DeepEqual(after, before) {
			t.Errorf("%q does not go on after an interrupt", tt.line)
		}
		w.s.Close()
	}
}

// An interrupt while the cluster of another lesson is prepared leaves the open lesson as it was.
func TestInterruptWhilePreparing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	exec := func(ctx context.Context, env *verbs.Env, line string) (string, int) {
		if strings.HasPrefix(line, "load ") { // carts loads nothing
			cancel()
		}
		return verbs.RunLine(ctx, env, line, nil)
	}
	s, err := Open(ctx, Options{MaxKeys: fewKeys, Exec: exec}, "carts")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Start(ctx)
	before := s.View()
	got := s.Line(ctx, "lesson grow")
	if ctx.Err() == nil {
		t.Fatal("the lesson loads nothing")
	}
	if len(got) != 1 || got[0].Kind != Failure || !reflect.DeepEqual(s.View(), before) {
		t.Errorf("%v: %+v", got, s.View())
	}
	if out := s.Line(t.Context(), "put cart milk --save @cart"); out[0].Kind != Output || s.View().Phase != Revealed {
		t.Errorf("the lesson does not go on: %v", out)
	}
}

// No more than maxProgress bytes of the file are read: this one fits no memory.
func TestProgressIsBounded(t *testing.T) {
	t.Parallel()
	p := loadProgress(t.TempDir())
	if err := os.WriteFile(p.path(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p.path(), 1<<42); err != nil {
		t.Fatal(err)
	}
	if p = loadProgress(p.home); p.problem == nil {
		t.Error("the file is believed")
	}
}

// Only a call of events that runs on is refused, in each form of its flag.
func TestEventsThatRunOn(t *testing.T) {
	t.Parallel()
	w := open(t, "carts", 1, fewKeys)
	for _, line := range []string{"events -f", "events -f=true", "events --f", "events --key cart -f"} {
		wants(t, w.say(line), "would not end here")
	}
	if got := w.say("events -f=false"); strings.Contains(got, "would not end") {
		t.Error(got)
	}
}

// Each word of the tour is in its help, and leave and quit end it.
func TestWords(t *testing.T) {
	for _, word := range Words {
		wants(t, Help, "\n  "+word)
	}
	for line, want := range map[string]bool{"leave": true, ": quit": true, ":q": true, "ringside exit": true, "": false,
		"put leave x": false, "leave n5": false} {
		if Leaves(line) != want {
			t.Errorf("%q: leaves is %v", line, !want)
		}
	}
}

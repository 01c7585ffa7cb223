package cli

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/tour"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/tui"
)

// A lesson's cluster takes the place of the cluster that the screens show, an undo replaces it, and
// leave leads back.
func TestLessonsOnTheScreens(t *testing.T) {
	own, err := localcluster.Start(t.Context(), config.Options{Name: "own", Home: t.TempDir(), Mem: true,
		Settings: settings.Cluster{Nodes: []string{"n1", "n2", "n3"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	live := recording.NewLive(own)
	room := &classroom{options: tour.Options{Home: t.TempDir()}, shown: live, own: &verbs.Env{Cluster: live, Name: "own"}}
	defer room.Close()
	name := func() string {
		t.Helper()
		events, err := live.Snapshot(t.Context())
		if err != nil || len(events) == 0 || events[0].Kind != event.Cluster {
			t.Fatalf("%d events: %v", len(events), err)
		}
		return events[0].Settings.Name
	}
	mine := name()
	line := func(text string, wantCode int) string {
		t.Helper()
		out, code, handled := room.Line(t.Context(), text)
		if !handled || code != wantCode {
			t.Fatalf("%s: exit %d, handled %v: %s", text, code, handled, out)
		}
		return out
	}
	if _, _, handled := room.Line(t.Context(), "status"); handled {
		t.Error("a command without a lesson is for the tour")
	}
	if out := line("lesson nowhere", exit.Usage); !strings.Contains(out, "there is no lesson") {
		t.Errorf("lesson nowhere says %q", out)
	}
	stream := make(chan error, 1)
	go func() {
		stream <- live.Events(context.Background(), event.Query{Follow: true}, func([]event.Event) error { return nil })
	}()
	line("lesson carts", exit.OK)
	if err := <-stream; !errors.Is(err, tui.ErrRewound) {
		t.Errorf("the stream of the own cluster ended with %v", err)
	}
	if v, open := room.View(); !open || v.Name != "carts" || name() == mine {
		t.Errorf("lesson %q is open: %v, on cluster %s", v.Name, open, name())
	}
	if out := line("show me", exit.OK); !strings.Contains(out, "$ put") {
		t.Errorf("show me says %q", out)
	}
	if v, _ := room.View(); v.Phase != tour.Revealed {
		t.Errorf("after show me the step is %s", v.Phase)
	}
	line("no-such-command", exit.Usage)
	line("get nothing", exit.NotFound) // the code of the command
	line("status", exit.OK)
	if _, err := live.Rewind(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"next", "undo", "leave", "lesson hints", "show me"} {
		if out := line(text, exit.Usage); !strings.Contains(out, "L leads back to the present first") {
			t.Errorf("in the past, %s says %q", text, out)
		}
	}
	for _, text := range []string{"put cart beer", "status", "leave n2"} {
		if out, _, handled := room.Line(t.Context(), text); handled {
			t.Errorf("in the past, the lesson runs %s: %s", text, out)
		}
	}
	if live.Past() == nil {
		t.Error("a lesson ended the past")
	}
	live.Present()
	before := room.generation
	line("undo", exit.OK)
	afterUndo := room.generation
	if _, err := live.Rewind(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out, code := verbs.RunLine(t.Context(), room.env(), "put cart milk --save @cart", nil); code != exit.OK {
		t.Fatal(out)
	}
	if out := room.Look(t.Context()); out != "" {
		t.Errorf("while the past is shown, a look says %q", out)
	}
	if v, _ := room.View(); v.Phase != tour.Doing || live.Past() == nil {
		t.Errorf("while the past is shown, a look judges the step: it is %s", v.Phase)
	}
	live.Present()
	if room.Look(t.Context()); !revealed(room) || room.generation != afterUndo {
		t.Error("back in the present, a look does not judge the step")
	}
	if room.generation == before || room.env().Name == "own" {
		t.Error("an undo does not replace the cluster")
	}
	if out := line("leave", exit.OK); !strings.Contains(out, "your own cluster") || name() != mine || room.env().Name != "own" {
		t.Errorf("leave says %q, and the cluster is %s", out, name())
	}
}

// revealed reports whether the step of the open lesson is done.
func revealed(r *classroom) bool {
	v, open := r.View()
	return open && v.Phase == tour.Revealed
}

// Without screens the prompt prints all texts of a lesson, and says nothing of screens.
func TestLessonsInTheLineMode(t *testing.T) {
	room := newRoom(t)
	room.plain = true
	line := func(text string) string {
		t.Helper()
		out, _, handled := room.Line(t.Context(), text)
		if !handled {
			t.Fatalf("%s is not handled", text)
		}
		return out
	}
	for _, step := range []struct {
		line string
		says []string
	}{
		{"lesson carts", []string{"Lesson 4: Two carts", "A shop must always take", "Step 1 of 4", "Your turn: "}},
		{"show me", []string{"$ ringside put cart milk", "Done.", "Three nodes hold the cart"}},
		{": next", []string{"Step 2 of 4"}},
		{"skip", []string{"Step 3 of 4", "Question: ", "Answer with"}},
	} {
		out := line(step.line)
		for _, want := range step.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", step.line, want, out)
			}
		}
	}
	if out := line("leave"); strings.Contains(out, "screen") || !strings.Contains(out, "your own cluster") {
		t.Errorf("leave says %q", out)
	}
}

// newRoom returns a classroom beside a cluster that is not running.
func newRoom(t *testing.T) *classroom {
	t.Helper()
	live := recording.NewLive(nil)
	room := &classroom{options: tour.Options{Home: t.TempDir()}, shown: live, own: &verbs.Env{Cluster: live, Name: "own"}}
	t.Cleanup(room.Close)
	return room
}

// Tab may complete a line while a lesson begins, begins again and ends.
func TestCompletionBesideALesson(t *testing.T) {
	room := newRoom(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			if room.env() == nil {
				t.Error("there are no surroundings")
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for _, text := range []string{"lesson carts", "show me", "undo", "leave", "lesson carts", "leave"} {
		if out, code, _ := room.Line(t.Context(), text); code != exit.OK {
			t.Errorf("%s: exit %d: %s", text, code, out)
		}
	}
	close(stop)
	<-stopped
}

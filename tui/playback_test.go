package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/tui/refresh"
)

// A fakePlayback is a recording that remembers how its time was moved.
type fakePlayback struct {
	fakeCluster
	did     []string
	p       Progress
	flights []Flight
}

func (f *fakePlayback) TogglePause() { f.did = append(f.did, "pause"); f.p.Paused = !f.p.Paused }
func (f *fakePlayback) Step(by int, _ func(event.Event) bool) {
	f.did = append(f.did, fmt.Sprintf("step %+d", by))
}
func (f *fakePlayback) Skip(by time.Duration) { f.did = append(f.did, "skip "+by.String()) }
func (f *fakePlayback) Progress() Progress    { return f.p }
func (f *fakePlayback) Flights() []Flight     { return f.flights }
func (f *fakePlayback) Speed(by int) {
	if f.did = append(f.did, "slower"); by > 0 {
		f.did[len(f.did)-1] = "faster"
	}
}

// Keys move the time of a recording. The screens show that time, and not the time of the clock.
func TestPlaybackKeys(t *testing.T) {
	f := &fakePlayback{p: Progress{Now: time.Hour, At: 1500 * time.Millisecond, Length: 2 * time.Minute, Speed: 4}}
	s := newScene(5, Options{Cluster: f, ASCII: true, Key: "cart"})
	s.w, s.h = 120, 36
	s.stale = true
	if frame := s.View(); !strings.Contains(frame, "x4 1.5s of 2m0s") || !strings.Contains(frame, "step") {
		t.Errorf("no sign of the recording:\n%s", frame)
	}
	s.press("space", ".", ",", ">", "<", "n", "N", "+", "-")
	paused := s.refresh.Status().Paused
	got := strings.Join(f.did, ", ")
	if got != "pause, step +1, step -1, skip 5s, skip -5s, step +1, step -1, faster, slower" || paused {
		t.Errorf("keys did %q; the display is paused: %v", got, paused)
	}
	if frame := s.View(); !strings.Contains(frame, "PAUSED 1.5s of 2m0s") {
		t.Errorf("a paused recording looks like\n%s", frame)
	}
	if s.state.Now() != time.Hour {
		t.Errorf("now is %v", s.state.Now())
	}
}

// Keys that are held down come in one burst. A recording cannot be changed, so no key offers that.
func TestPlaybackIsLookedAt(t *testing.T) {
	f := &fakePlayback{p: Progress{Now: time.Hour, At: time.Minute, Length: time.Minute, Speed: 1,
		Over: "P1 does not hold", Failed: true}}
	s := newScene(5, Options{Cluster: f, ASCII: true, Key: "cart"})
	s.w, s.h = 120, 36
	s.stale = true
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("++-.<")})
	if got := strings.Join(f.did, ", "); got != "faster, faster, slower, step +1, skip -5s" || s.focus == promptPane {
		t.Errorf("a burst of keys did %q", got)
	}
	s.add(event.Event{Kind: event.Violated, Message: "P1: put #3 is lost"})
	f.p.Now = s.at + 500*time.Millisecond
	s.take()
	s.stale = true
	frame := s.View()
	for _, want := range []string{"END 1m0s of 1m0s: P1 does not hold", "59.5000", "VIOLATED", "put #3 is lost"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q in\n%s", want, frame)
		}
	}
	for _, wrong := range []string{"partition", "heal", "kill", "resolve", "via n"} {
		if strings.Contains(frame[strings.LastIndex(frame, "Prompt"):], wrong) {
			t.Errorf("it offers %s:\n%s", wrong, frame)
		}
	}
}

// A live cluster has no keys that move time.
func TestNoPlaybackKeys(t *testing.T) {
	s := newScene(5, Options{})
	s.w, s.h = 120, 36
	s.stale = true
	s.press("esc", "space")
	if !s.refresh.Status().Paused || strings.Contains(s.View(), "step") {
		t.Errorf("paused %v:\n%s", s.refresh.Status().Paused, s.View())
	}
}

// A fakeRewinder is a cluster whose past is a fakePlayback.
type fakeRewinder struct {
	fakeCluster
	past    *fakePlayback
	err     error
	shown   Playback
	present int // calls of Present
}

func (f *fakeRewinder) Rewind(context.Context) (Playback, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.shown = f.past
	return f.past, nil
}

func (f *fakeRewinder) Present() {
	f.shown = nil
	f.present++
}

func (f *fakeRewinder) Past() Playback { return f.shown }

// The key , leads into the past of a running cluster, in which nothing can be changed, and L back.
func TestBackInTime(t *testing.T) {
	f := &fakeRewinder{past: &fakePlayback{p: Progress{Now: time.Hour, At: time.Second, Length: time.Minute, Paused: true}}}
	s := newScene(5, Options{Cluster: f, Key: "cart", Suggest: []string{"partition n1"}})
	s.resize(120, 36)
	press := func(key string) {
		_, cmd := s.Update(keyMsg(key))
		s.do(cmd)
	}
	s.press("esc")
	press(",")
	shows(t, s, "PAUSED 1s of 1m0s")
	shows(t, s, "back to the present")
	if strings.Contains(s.View(), "try partition") {
		t.Error("it proposes to change the past")
	}
	press(",")
	press("h")
	if got := strings.Join(f.past.did, ", "); got != "step -1, step -1" || s.prompt.Line() != "" || s.focus == promptPane {
		t.Errorf("keys did %q in the past, and %q is typed", got, s.prompt.Line())
	}
	shows(t, s, "the key h does nothing in the past; L leads back to the present")
	press("L")
	press("L")
	shows(t, s, "this is the present")
	if f.present != 1 || s.state.Playback != nil || strings.Contains(s.View(), "back to the present") {
		t.Errorf("L does not lead back:\n%s", s.View())
	}
	press(",")
	s.state.ChooseRequest(7)
	f.shown = nil // a lesson's cluster takes the place
	s.changed(refresh.Change{Reset: true})
	if f.present != 1 || s.state.Playback != nil || s.state.RequestChosen() || strings.Contains(s.View(), "back to the present") {
		t.Errorf("another cluster does not end the past:\n%s", s.View())
	}
	_, cmd := s.Update(keyMsg(","))
	msg := cmd()
	f.shown = nil // meanwhile
	if s.Update(msg); s.state.Playback != nil {
		t.Error("the past of the cluster before is shown")
	}
	f.err = errors.New("the log is gone")
	press(",")
	shows(t, s, "the past cannot be shown: the log is gone")
}

// The title of a recording has a timeline of its faults, of which only the count is left where room
// is short.
func TestFaultTimeline(t *testing.T) {
	f := &fakePlayback{p: Progress{Now: time.Hour, At: 30 * time.Second, Length: time.Minute, Speed: 1,
		Faults: []time.Duration{0, 15 * time.Second, time.Minute}}}
	s := newScene(5, Options{Cluster: f, ASCII: true, Key: "cart"})
	for width, shown := range map[int]bool{120: true, 60: false} {
		s.w, s.h, s.stale = width, 36, true
		title, _, _ := strings.Cut(s.View(), "\n")
		if !strings.Contains(title, "x1 30s of 1m0s") || !strings.Contains(title, "fault 2/3") ||
			strings.Contains(title, "[!----!---->--------!] fault 2/3") != shown {
			t.Errorf("%d columns: %q", width, title)
		}
	}
}

// In slow motion, messages are seen to move along their links, and only then.
func TestSlowMotion(t *testing.T) {
	f := &fakePlayback{p: Progress{Now: time.Hour, At: time.Second, Length: time.Minute, Speed: 1.0 / 1024},
		flights: []Flight{{From: "n1", To: "n3", Part: .2, Kind: event.Replicate}}}
	s := newScene(5, Options{Cluster: f, Key: "cart"})
	s.resize(120, 36)
	first := s.View()
	if n := strings.Count(first, "⣿") - strings.Count(steady(s, f), "⣿"); n != 1 {
		t.Errorf("%d messages are drawn:\n%s", n, first)
	}
	f.flights[0].Part = .6
	if _, cmd := s.Update(movedMsg{}); cmd == nil || s.View() == first {
		t.Error("the message does not move")
	}
	f.p.Paused = true
	if _, cmd := s.Update(movedMsg{}); cmd != nil {
		t.Error("pictures are drawn while time stands still")
	}
	f.p.Paused, f.p.Speed = false, 1
	s.Update(movedMsg{})
	if s.View() != steady(s, f) {
		t.Error("messages are drawn at full speed")
	}
}

// steady returns the frame without messages.
func steady(s *scene, f *fakePlayback) string {
	flights := f.flights
	f.flights = nil
	s.Update(movedMsg{})
	frame := s.View()
	f.flights = flights
	s.Update(movedMsg{})
	return frame
}

// The length of a short recording is not rounded to less than the time of its end.
func TestLengthOfAShortRecording(t *testing.T) {
	p := Progress{At: 1070 * time.Millisecond, Length: 1070 * time.Millisecond, Over: "nothing more was recorded"}
	if text, _, _ := p.Text(); !strings.Contains(text, "1.07s of 1.07s") {
		t.Errorf("the title says %q", text)
	}
}

package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
	"github.com/muesli/termenv"

	"ringside/cli/verbs"
	"ringside/tui/cast"
	"ringside/tui/cues"
	"ringside/tui/feed"
	"ringside/tui/lessons"
	"ringside/tui/page"
	"ringside/tui/plain"
	"ringside/tui/playback"
	"ringside/tui/prompt"
	"ringside/tui/theme"
)

// Options are what the screens are started with.
type Options struct {
	Cluster  Source          // a Playback, if it is a recording; a Rewinder, if its past can be shown
	Exec     prompt.Exec     // runs a line of the prompt; one at a time
	Complete prompt.Complete // completes a line; may run beside the screen
	Flags    []verbs.Flag    // that every verb has in the prompt beyond its own
	ASCII    bool            // draw with ASCII signs only
	NoColor  bool            // draw without colours and attributes
	Light    bool            // the terminal has a light background
	Big      bool            // begin with large letters
	Dir      string          // the folder of snapshots; "" for the working folder
	Suggest  []string        // first steps, proposed one after another
	Key      string          // the key that is shown at the start; "" for none
	Lessons  lessons.Desk    // of screen 5; nil: there is no such screen
	Start    page.ID         // the screen that is shown first
	Record   io.Writer       // gets an asciicast of the screens; nil: no recording
	Welcome  string          // a message that the prompt shows at the start; "" for none

	Fork      *Fork       // the other future of the recorded run that Cluster is; nil: there is one
	ThrowAway bool        // the cluster ends with the screens, so leaving asks first
	Cues      *cues.Sheet // nil: no cue sheet
	Auto
	// Afresh puts a fresh cluster in the place of Cluster and runs lines in it. Further lines are the
	// commands of client, "" for no client. nil: there is no way back in Cues.
	Afresh func(ctx context.Context, lines []string) (client, out string, code int)
}

// Auto says how a cue sheet plays by itself.
type Auto struct {
	Every  time.Duration // between two cues, and from the last one to the end; 0: keys give the cues
	Unseen bool          // draw into Record alone, in colour, at a fixed size, and read no keys
}

// The types of a cluster that the screens show.
type (
	Source   = feed.Source
	Playback = playback.Playback
	Rewinder = playback.Rewinder
	Flight   = playback.Flight
	Progress = playback.Progress
)

// TourScreen is the screen with the lessons.
const TourScreen = page.Tour

// ErrRewound is feed.ErrRewound.
var ErrRewound = feed.ErrRewound

// The size of the screen if the output is not a terminal.
const (
	plainWidth  = 80
	plainHeight = 24
)

// framesPerSecond is how often the terminal is written to at most.
const framesPerSecond = 30

// Run shows the cluster until the user quits or ctx ends, and then restores the terminal, also
// after a panic. It returns nil if the user quit, and the cause if ctx ended.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	th := theme.New(out, o.ASCII, o.NoColor)
	if o.Light {
		th.SetLight()
	}
	width, height := plainWidth, plainHeight
	var tape *cast.Recorder
	if o.Unseen {
		width, height = pictureWidth, pictureHeight
		th.SetProfile(termenv.ANSI256) // a third shorter than with all colours
		tape = cast.New(o.Record, width, height)
		in, out = nil, unseen{tape}
	} else {
		out, tape = shared(out, o.Record)
	}
	m, feeds := newRoot(ctx, o, th)
	reach := unattached()
	if tape != nil {
		reach.resized, reach.outputs = tape.Resize, tape.Outputs
	}
	if t, ok := out.(term.File); !ok || !term.IsTerminal(t.Fd()) {
		m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	} else {
		reach.copy = func(s string) { _, _ = osc52.New(s).WriteTo(out) } // a terminal without a clipboard ignores this
	}
	m.attach(reach)
	// Signals end ctx. Bubble Tea's own handler of signals can hang if ctx ends meanwhile.
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithFPS(framesPerSecond))
	var wg sync.WaitGroup
	var crash error
	var crashed sync.Once
	for _, f := range feeds {
		wg.Go(func() {
			defer func() { // a panic of this goroutine would leave the terminal raw
				if r := recover(); r != nil {
					crashed.Do(func() { crash = fmt.Errorf("tui: read the cluster: panic: %v", r) })
					p.Kill()
				}
			}()
			f.Run(ctx)
		})
	}
	_, err = p.Run()
	if tape != nil && err == nil {
		err = tape.Err()
	}
	outer := context.Cause(ctx)
	cancel()
	wg.Wait()
	switch {
	case crash != nil:
		return crash
	case err == nil || errors.Is(err, tea.ErrInterrupted):
		return nil
	case outer != nil:
		return outer
	}
	return fmt.Errorf("tui: %w", err)
}

// A root is the model of a program: that of one cluster, or of two futures.
type root interface {
	tea.Model
	attach(terminal)
}

// newRoot returns the model that o asks for, and the feeds that it takes events from.
func newRoot(ctx context.Context, o Options, th *theme.Theme) (root, []*feed.Feed) {
	f := feed.New(o.Cluster)
	if o.Fork == nil {
		return newModel(ctx, o, th, f), []*feed.Feed{f}
	}
	feeds := [2]*feed.Feed{f, feed.New(o.Fork.Changed)}
	return newDuo(ctx, o, th, feeds), feeds[:]
}

// attach makes a model use a terminal.
func (t *terminal) attach(to terminal) { *t = to }

// RunPlain shows the cluster as lines of text. echo says that the lines that are read are not seen
// otherwise.
func RunPlain(ctx context.Context, in io.Reader, out io.Writer, o Options, echo bool) error {
	var lesson func() bool
	if o.Lessons != nil {
		lesson = func() bool {
			_, open := o.Lessons.View()
			return open
		}
	}
	return plain.Run(ctx, in, out, plain.Options{
		Lesson: lesson, Cluster: o.Cluster, Exec: o.Exec, Flags: o.Flags, Suggest: o.Suggest,
		Key: o.Key, Welcome: o.Welcome, Echo: echo,
		Save: func(ctx context.Context, name, key string) (string, error) { return saveUnseen(ctx, o, name, key) },
	})
}

// shared returns out with a lock for two writers. The renderer writes whole frames, and the
// sequence for the clipboard must not come within one. If record is not nil, all that is written
// goes to the tape too.
func shared(out, record io.Writer) (io.Writer, *cast.Recorder) {
	f, ok := out.(term.File)
	if !ok {
		return out, nil
	}
	if record == nil {
		return &sharedFile{File: f}, nil
	}
	w, h, err := term.GetSize(f.Fd())
	if err != nil {
		w, h = plainWidth, plainHeight
	}
	tape := cast.New(record, w, h)
	return &sharedFile{File: f, tape: tape}, tape
}

// An unseen is an output that goes to a tape only.
type unseen struct{ tape *cast.Recorder }

// Write implements io.Writer. The tape keeps its first error.
func (u unseen) Write(b []byte) (int, error) {
	u.tape.Output(b)
	return len(b), nil
}

// A sharedFile is a terminal that several goroutines write to.
type sharedFile struct {
	term.File
	tape *cast.Recorder // nil: no recording
	mu   sync.Mutex
}

// Write implements io.Writer.
func (s *sharedFile) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tape != nil {
		s.tape.Output(b)
	}
	return s.File.Write(b)
}

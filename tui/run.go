package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
)

// Options are what the screens are started with.
type Options struct {
	Cluster Source
	// Exec runs one line of the prompt: a verb with its arguments, as in the
	// shell but without "ringside". It returns text that is safe to show, and
	// the exit code that the shell would give. One runs at a time.
	Exec func(ctx context.Context, line string) (out string, code int)
	// Complete returns what the last word of line could become: whole words. It
	// runs beside the screen and may ask the cluster.
	Complete func(line string) []string
	ASCII    bool     // draw with ASCII signs only
	NoColor  bool     // no colours and no attributes
	Suggest  []string // first steps, proposed one after another
	Key      string   // chosen at the start; "" for none
}

// Size of the screen where the output is no terminal and so has none.
const (
	plainWidth  = 80
	plainHeight = 24
)

// framesPerSecond is the most that the terminal is written to.
const framesPerSecond = 30

// Run shows the cluster until the user quits or ctx ends, and leaves the
// terminal as it was, whatever happens. Quitting is no error.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	th := newTheme(out, o.ASCII, o.NoColor)
	out = shared(out)
	f := newFeed(o.Cluster)
	m := newModel(ctx, o, th, f)
	m.copy = func(s string) { _, _ = osc52.New(s).WriteTo(out) } // a terminal without a clipboard ignores it
	if t, ok := out.(term.File); !ok || !term.IsTerminal(t.Fd()) {
		m.w, m.h = plainWidth, plainHeight
		m.copy = func(string) {}
		m.redraw()
	}
	// Signals end ctx; its own handler can hang if that happens while it reports one.
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(in), tea.WithOutput(out), tea.WithAltScreen(), tea.WithFPS(framesPerSecond))
	var wg sync.WaitGroup
	var crash error
	wg.Go(func() {
		defer func() { // a panic here would leave the terminal raw
			if r := recover(); r != nil {
				crash = fmt.Errorf("tui: read the cluster: panic: %v", r)
				p.Kill()
			}
		}()
		f.run(ctx)
	})
	_, err = p.Run()
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

// shared makes out safe for two writers: the renderer writes whole frames, and
// the clipboard's sequence must not land within one.
func shared(out io.Writer) io.Writer {
	if f, ok := out.(term.File); ok {
		return &sharedFile{File: f}
	}
	return out
}

type sharedFile struct {
	term.File
	mu sync.Mutex
}

// Write implements io.Writer.
func (s *sharedFile) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.File.Write(b)
}

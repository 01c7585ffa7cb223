package tui

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"ringside/tui/feed"
	"ringside/tui/refresh"
	"ringside/tui/snapshot"
	"ringside/tui/theme"
)

// picture returns the rows of the frame in sight, with colours whatever the terminal shows.
func picture(m *model) []string {
	screen, prompt := m.screen, m.focus
	defer func() { m.screen, m.focus = screen, prompt }()
	m.th = theme.New(io.Discard, m.o.ASCII, false)
	m.th.SetProfile(termenv.TrueColor)
	m.panes, m.frame, m.signature, m.stale = [paneCount][]string{}, "", "", true
	return strings.Split(m.View(), "\n")
}

// Picture returns the rows of a frame of w×h of the cluster as it is now, as if the screens had
// just been opened. A recording is drawn as the cluster was at the time where the recording stands,
// with times in UTC, so that the picture is the same each time.
func Picture(ctx context.Context, o Options, w, h int) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, recorded := o.Cluster.(Playback)
	o.Cluster = struct{ Source }{o.Cluster} // without the keys and the title of a recording
	f := feed.New(o.Cluster)
	m := newModel(ctx, o, theme.New(io.Discard, o.ASCII, true), f)
	m.w, m.h = max(w, minWidth), max(h, minHeight)
	now := time.Now()
	m.state.Clock = func() time.Time { return now }
	if recorded {
		m.state.Zone = time.UTC
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { f.Run(ctx) })
	for m.refresh.Status().Link == feed.Connecting {
		msg := m.refresh.Await(time.Time{})()
		if msg == nil {
			return nil, context.Cause(ctx)
		}
		m.Update(msg)
	}
	if s := m.refresh.Status(); s.Link == feed.Lost {
		return nil, errors.Join(s.Err, errors.New("the cluster does not answer"))
	}
	m.Update(refresh.FeedMsg{})
	if cmd := m.refresh.Snapshot(); cmd != nil {
		m.Update(cmd())
	}
	return picture(m), nil
}

// The size of a picture of screens that are not in sight.
const (
	pictureWidth  = 120
	pictureHeight = 36
)

// saveUnseen writes what the screens would show of a key to a file. With an empty name it chooses
// one. It returns the name.
func saveUnseen(ctx context.Context, o Options, name, key string) (string, error) {
	if name == "" {
		name = snapshot.FreeName(o.Dir)
	}
	if err := snapshot.Check(name); err != nil {
		return "", err
	}
	rows, err := Picture(ctx, Options{Cluster: o.Cluster, Flags: o.Flags, ASCII: o.ASCII, Big: o.Big, Key: key},
		pictureWidth, pictureHeight)
	if err != nil {
		return "", err
	}
	return name, snapshot.Write(inFolder(o.Dir, name), "ringside: the screen of a cluster", rows)
}

// inFolder returns the path of a file that is named from a folder, "" for the working folder.
func inFolder(folder, name string) string {
	if folder == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// savedMsg says how saving a snapshot ended.
type savedMsg struct {
	name string
	err  error
}

// save writes what is in sight to a file beside the screen. With an empty name it chooses one.
func save(m *model, name string) tea.Cmd {
	return saveRows(m, name, picture(m))
}

// saveRows writes rows of the screen to a file, as save does.
func saveRows(m *model, name string, rows []string) tea.Cmd {
	folder := m.o.Dir
	if name = strings.TrimSpace(name); name == "" {
		name = snapshot.FreeName(folder)
	}
	path := inFolder(folder, name)
	title := "ringside: " + string(m.state.View.Settings.Name)
	return func() tea.Msg { return savedMsg{name, snapshot.Write(path, title, rows)} }
}

// said returns what the prompt says of it.
func (s savedMsg) said() string {
	if s.err != nil {
		return s.err.Error()
	}
	return "saved what is in sight as " + s.name
}

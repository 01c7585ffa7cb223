package recording

import (
	"context"
	"errors"
	"sync"

	"ringside/cli/fresh"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/tui"
)

// A Live is a running cluster whose past can be looked at. Until Rewind it is the cluster itself.
// From then on it is the recording of what the cluster remembers, until Present. The cluster runs
// on meanwhile. The methods may be called by any goroutine.
type Live struct {
	cluster // what is shown now: that of show
	show    *fresh.Cluster
	own     verbs.Cluster // the cluster of NewLive

	mu      sync.Mutex    // held while another cluster is shown
	running verbs.Cluster // own, or the cluster of Use
	uses    int           // calls of Use
	past    tui.Playback  // the recording that is shown, nil in the present
}

// cluster lets Live have the methods of verbs.Cluster and not those that replace it.
type cluster = verbs.Cluster

var (
	_ verbs.Cluster = (*Live)(nil)
	_ tui.Rewinder  = (*Live)(nil)
)

// NewLive returns c, in the present.
func NewLive(c verbs.Cluster) *Live {
	show := fresh.New(c)
	return &Live{cluster: show, show: show, own: c, running: c}
}

// errReplaced is the error of Rewind if another cluster came into the place meanwhile.
var errReplaced = errors.New("another cluster is shown now; go back in time again")

// Rewind implements tui.Rewinder. The recording begins paused, at its end. After a call of Use
// meanwhile, the recording is that of another cluster: Rewind then shows nothing and returns an
// error.
func (l *Live) Rewind(ctx context.Context) (tui.Playback, error) {
	l.mu.Lock()
	running, uses := l.running, l.uses
	l.mu.Unlock()
	events, err := verbs.Remembered(ctx, running)
	if err != nil {
		return nil, err
	}
	r, err := New(events, "the past (the key L leads back to the present)")
	if err != nil {
		return nil, err
	}
	r.Step(len(events), func(event.Event) bool { return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uses != uses {
		return nil, errReplaced
	}
	l.past = r
	l.show.Show(r)
	return r, nil
}

// Present implements tui.Rewinder.
func (l *Live) Present() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.past = nil
	l.show.Show(l.running)
}

// Use shows another running cluster in place of that of NewLive, and with nil that one again. The
// past that was shown is left.
func (l *Live) Use(c verbs.Cluster) {
	if c == nil {
		c = l.own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	l.running, l.past = c, nil
	l.show.Show(c)
}

// Past implements tui.Rewinder.
func (l *Live) Past() tui.Playback {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.past
}

// Generation implements feed.Changing.
func (l *Live) Generation() int { return l.show.Generation() }

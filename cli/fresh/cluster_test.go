package fresh

import (
	"context"
	"errors"
	"testing"

	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/tui"
)

// A named cluster answers snapshots with its name, and follows until it is told to stop.
type named struct {
	verbs.Cluster
	name    string
	started chan struct{}
}

func (n *named) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	return []event.Event{{Node: n.name}}, nil
}

func (n *named) Events(ctx context.Context, _ event.Query, _ func([]event.Event) error) error {
	close(n.started)
	<-ctx.Done()
	return ctx.Err()
}

func newNamed(name string) *named { return &named{name: name, started: make(chan struct{})} }

func (c *Cluster) is(t *testing.T, want string) {
	t.Helper()
	got, err := c.Snapshot(t.Context())
	if err != nil || got[0].Node != want {
		t.Errorf("%v answers (%v), want %s", got, err, want)
	}
}

// A stream of the old cluster ends as a rewound one, and before the new cluster starts.
func TestReplace(t *testing.T) {
	old := newNamed("old")
	c := New(old)
	ended := make(chan error, 1)
	go func() { ended <- c.Events(t.Context(), event.Query{Follow: true}, nil) }()
	<-old.started
	c.is(t, "old")
	err := c.Replace(func() (verbs.Cluster, error) {
		if err := <-ended; !errors.Is(err, tui.ErrRewound) {
			t.Errorf("the stream ended with %v", err)
		}
		return newNamed("new"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.is(t, "new")
	broken := errors.New("no room")
	if err := c.Replace(func() (verbs.Cluster, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("replaced with %v", err)
	}
	c.is(t, "new")
}

// A stream that ends by itself keeps its error.
func TestStreamsKeepTheirErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(newNamed("one")).Events(ctx, event.Query{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

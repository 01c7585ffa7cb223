package localcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
)

func connect(t *testing.T, c *Cluster) *control.Remote {
	t.Helper()
	r, err := control.Connect(t.Context(), c.opts.Home, c.registry.settings().Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestRemoteCalls(t *testing.T) {
	c := begin(t, Options{Mem: true})
	r := connect(t, c)
	value := strings.Repeat("\x00", wire.MaxValue)
	reply, err := r.Do(t.Context(), "n1", wire.PutRequest{Key: []byte("k\xff"), Value: []byte(value)})
	if err != nil || reply.(wire.PutReply).Err != wire.OK || reply.(wire.PutReply).Request != 1 {
		t.Fatalf("%+v, %v", reply, err)
	}
	reply, err = r.Do(t.Context(), "", wire.GetRequest{Key: []byte("k\xff")})
	if err != nil || string(reply.(wire.GetReply).Siblings[0].Value) != value {
		t.Fatalf("%v", err)
	}
	reply, err = r.Do(t.Context(), "", wire.PutRequest{Key: []byte("k"), Value: append([]byte(value), 1)})
	if err != nil || reply.(wire.PutReply).Err != wire.TooLarge {
		t.Errorf("%+v, %v", reply, err)
	}
	_, err = r.Do(t.Context(), "n9", wire.GetRequest{Key: []byte("k")})
	usageError(t, err, "n9", "n1 n2 n3 n4 n5")
	usageError(t, r.Fault(t.Context(), fault.Fault{Kind: fault.Kill}), "no node is named")
	if err := r.Fault(t.Context(), fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}}}); err != nil {
		t.Error(err)
	}
	events, err := r.Snapshot(t.Context(), []byte("k\xff"))
	if err != nil {
		t.Fatal(err)
	}
	v := view.From(events)
	if len(v.Groups) != 2 || v.Key([]byte("k\xff")) == nil || v.Settings.Name != config.DefaultName {
		t.Errorf("view %+v", v)
	}
}

func TestRemoteEvents(t *testing.T) {
	c := begin(t, Options{Mem: true})
	r := connect(t, c)
	var first, last uint64
	if err := r.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		if first == 0 {
			first = batch[0].Seq
		}
		last = batch[len(batch)-1].Seq
		return nil
	}); err != nil || first != 1 || last < 6 {
		t.Errorf("events %d to %d, %v", first, last, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = c.Fault(ctx, fault.Fault{Kind: fault.Heal}) }()
	err := r.Events(ctx, event.Query{After: last, Follow: true}, func(batch []event.Event) error {
		if batch[0].Seq <= last {
			t.Errorf("event %d after %d", batch[0].Seq, last)
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	stop := errors.New("enough")
	if err := r.Events(t.Context(), event.Query{Follow: true}, func([]event.Event) error { return stop }); err != stop {
		t.Error(err)
	}
	if _, err := r.Snapshot(t.Context()); err != nil { // the connections still work
		t.Error(err)
	}
}

// The lines of events are the JSON of the events, and what a query does not select is not sent.
func TestRemoteEventLines(t *testing.T) {
	c := begin(t, Options{Mem: true})
	r := connect(t, c)
	put(t, c, "n1", "cart", "milk", nil)
	// With W=3 every home has told that it stored the version before the put is answered, so the two
	// reads below see the same events.
	r3, err := c.Do(t.Context(), "n2", wire.PutRequest{
		Key: []byte("wish"), Value: []byte("<tea>\x1b"), Quorum: wire.Quorum{W: 3},
	})
	if err != nil || r3.(wire.PutReply).Err != wire.OK {
		t.Fatal(r3, err)
	}
	q := event.Query{Filter: event.Filter{Key: []byte("wish"), Kinds: []event.Kind{event.Coordinate, event.Stored, event.Replied}}}
	var want, got bytes.Buffer
	if err := c.Events(t.Context(), q, func(batch []event.Event) error {
		for _, e := range batch {
			if string(e.Key) != "wish" || !slices.Contains(q.Kinds, e.Kind) {
				t.Errorf("the query does not select %+v", e)
			}
			b, err := json.Marshal(e)
			if err != nil {
				return err
			}
			want.Write(append(b, '\n'))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.EventLines(t.Context(), q, func(lines []byte) error { got.Write(lines); return nil }); err != nil {
		t.Fatal(err)
	}
	if want.Len() == 0 || got.String() != want.String() {
		t.Errorf("got  %s\nwant %s", got.String(), want.String())
	}
	if _, err := r.Snapshot(t.Context()); err != nil { // the connection still works
		t.Error(err)
	}
}

func TestRemoteDown(t *testing.T) {
	for _, mem := range []bool{true, false} {
		home := t.TempDir()
		c := begin(t, Options{Home: home, Mem: mem})
		r, watcher := connect(t, c), connect(t, c)
		watched := make(chan error)
		go func() {
			watched <- watcher.Events(t.Context(), event.Query{Follow: true}, func([]event.Event) error { return nil })
		}()
		if err := r.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin(t, Options{Home: home, Mem: mem}) // the name is free as soon as Down returns
		select {
		case <-c.Done():
		case <-time.After(5 * time.Second):
			t.Fatal("not done")
		}
		if err := <-watched; !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("the watcher got %v", err)
		}
	}
}

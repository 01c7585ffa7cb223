package condition

// The functions about the requests that the event log remembers. The gets of conditions are
// requests also, so a condition that counts gets must not use a function that gets a key.

import (
	"context"
	"slices"
	"strconv"
	"time"

	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// replies returns the replies to requests on a key, oldest first. args are the operation, the key
// and, optionally, the quorum that the request asked for.
func (l *look) replies(ctx context.Context, args []string) ([]event.Event, error) {
	op, key, want := args[0], args[1], 0
	if !slices.Contains([]string{"get", "put", "del"}, op) {
		return nil, usage.Errorf("there is no operation %q; there are get put del", op)
	}
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		if err != nil || n < 1 {
			return nil, usage.Errorf("the quorum %q is not a number from 1 on", args[2])
		}
		want = n
	}
	var out []event.Event
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.Replied}, Key: []byte(key)}}
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Replied && e.Op == op && (want == 0 || e.Want == want) {
				out = append(out, e)
			}
		}
		return nil
	})
	return out, err
}

// succeeded returns the replies to requests that succeeded.
func (l *look) succeeded(ctx context.Context, args []string) ([]event.Event, error) {
	all, err := l.replies(ctx, args)
	return slices.DeleteFunc(all, func(e event.Event) bool { return e.Err != wire.OK }), err
}

// requestCount returns the number of requests that succeeded.
func requestCount(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.succeeded(ctx, args)
	return len(all), err
}

// refusedCount returns the number of requests that failed.
func refusedCount(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.replies(ctx, args)
	return len(slices.DeleteFunc(all, func(e event.Event) bool { return e.Err == wire.OK })), err
}

// lastTook returns how many whole milliseconds the latest request took that succeeded, 0 if there
// was none.
func lastTook(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.succeeded(ctx, args)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return int(all[len(all)-1].Elapsed / time.Millisecond), nil
}

// lastAcks returns the nodes that had answered when the latest request succeeded.
func lastAcks(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.succeeded(ctx, args)
	if err != nil || len(all) == 0 {
		return []string{}, err
	}
	return append([]string{}, all[len(all)-1].Nodes...), nil
}

// lastVia returns the node that the client of the latest request that succeeded had asked, "" if
// there was none.
func lastVia(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.succeeded(ctx, args)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[len(all)-1].Node, nil
}

// lastStored returns how a home was given what it holds of a key: put, handoff, read-repair,
// anti-entropy or transfer; "" if the log remembers nothing of it.
func lastStored(ctx context.Context, l *look, args []string) (any, error) {
	how := ""
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.Stored}, Node: args[0], Key: []byte(args[1])}}
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Stored {
				how = e.Op
			}
		}
		return nil
	})
	return how, err
}

// lastSeq returns the number of the latest event of a kind, at a node if one is given; 0 if the log
// remembers none.
func lastSeq(ctx context.Context, l *look, args []string) (any, error) {
	kind := event.Kind(args[0])
	if event.Sections[kind] == "" {
		return nil, usage.Errorf("there is no kind of events %q; events --json shows kinds", args[0])
	}
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{kind}}}
	if len(args) > 1 {
		q.Node = args[1]
	}
	last := 0
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == kind {
				last = int(e.Seq)
			}
		}
		return nil
	})
	return last, err
}

// writersOf returns the nodes that coordinated the acknowledged puts of a key, sorted.
func writersOf(ctx context.Context, l *look, args []string) (any, error) {
	all, err := l.succeeded(ctx, []string{"put", args[0]})
	out := []string{}
	for _, e := range all {
		out = append(out, e.Peer)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// wasWiped reports whether the log remembers that a node lost its disk.
func wasWiped(ctx context.Context, l *look, args []string) (any, error) {
	wiped := false
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.NodeWiped}, Node: args[0]}}
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			wiped = wiped || e.Kind == event.NodeWiped
		}
		return nil
	})
	return wiped, err
}

// ofPast returns a function of what all remembered events say.
func ofPast(f func(*view.Cluster) any) func(context.Context, *look, []string) (any, error) {
	return func(ctx context.Context, l *look, _ []string) (any, error) {
		v, err := l.past(ctx)
		if err != nil {
			return nil, err
		}
		return f(v), nil
	}
}

// strictCount returns the number of requests that asked for a strict quorum. args are the
// operation, the key and, optionally, the node that the client asked.
func strictCount(ctx context.Context, l *look, args []string) (any, error) {
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.Requested}, Key: []byte(args[1])}}
	if len(args) > 2 {
		q.Node = args[2]
	}
	strict := 0
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Requested && e.Op == args[0] && e.Quorum == event.StrictQuorum {
				strict++
			}
		}
		return nil
	})
	return strict, err
}

// blindCount returns the number of acknowledged puts of a key that came without a context, or that
// had seen no earlier acknowledged version of the key, although there was one. Under last write
// wins the clock of a version covers all that its coordinator held, so only the request tells.
func blindCount(ctx context.Context, l *look, args []string) (any, error) {
	stamps := map[uint64]vclock.Siblings{} // by request
	bare := map[uint64]bool{}              // requests without a context
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.Requested, event.Coordinate}, Key: []byte(args[0])}}
	err := l.src.Events(ctx, q, func(batch []event.Event) error {
		for _, e := range batch {
			switch e.Kind { // which may also be Gap
			case event.Requested:
				bare[e.Request] = e.Context == event.NoContext
			case event.Coordinate:
				stamps[e.Request] = e.Versions
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	acknowledged, err := l.succeeded(ctx, []string{"put", args[0]})
	if err != nil {
		return nil, err
	}
	blind := 0
	var before []vclock.Version
	for _, e := range acknowledged {
		for _, v := range stamps[e.Request] {
			seen := func(w vclock.Version) bool { return w.Compare(v) == vclock.Before }
			if len(before) > 0 && (bare[e.Request] || !slices.ContainsFunc(before, seen)) {
				blind++
			}
			before = append(before, v)
		}
	}
	return blind, nil
}

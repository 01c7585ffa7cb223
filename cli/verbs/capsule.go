package verbs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/capsule"
	"ringside/cli/render"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/view"
)

// Capsule returns the capsule of a cluster: the events that it remembers, what the nodes hold of
// the latest view.MaxKeys keys of these events, and what that comes to.
func Capsule(ctx context.Context, cluster Cluster) (capsule.Capsule, error) {
	events, err := Remembered(ctx, cluster)
	if err != nil {
		return capsule.Capsule{}, err
	}
	var keys [][]byte
	for _, k := range view.From(events).Keys() {
		keys = append(keys, k.Key)
	}
	ending, err := ending(ctx, cluster, keys)
	if err != nil {
		return capsule.Capsule{}, err
	}
	newer, err := between(ctx, cluster, events, ending)
	if err != nil {
		return capsule.Capsule{}, err
	}
	s := Session{Events: append(events, newer...), Ending: ending}
	report, text, err := s.Report()
	if err != nil {
		return capsule.Capsule{}, err
	}
	c, err := capsule.New(text, report)
	c.Events, c.Ending = s.Events, s.Ending
	return c, err
}

// ending returns a snapshot with the replicas of keys. A part of the keys is asked for at a time.
func ending(ctx context.Context, cluster Cluster, keys [][]byte) ([]event.Event, error) {
	out, err := cluster.Snapshot(ctx, keys[:min(len(keys), maxKeysAtOnce)]...)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(keys[min(len(keys), maxKeysAtOnce):], maxKeysAtOnce) {
		more, err := cluster.Snapshot(ctx, some...)
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			if e.Kind == event.Replicas {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// between returns the events that happened after events and that the snapshot includes.
func between(ctx context.Context, cluster Cluster, events, snapshot []event.Event) (out []event.Event, err error) {
	if len(events) == 0 || len(snapshot) == 0 {
		return nil, errors.New("the cluster told nothing about itself")
	}
	_, err = eventsAfter(ctx, cluster, events[len(events)-1].Seq, func(e *event.Event) {
		if e.Seq <= uint64(snapshot[0].Count) {
			out = append(out, *e)
		}
	})
	return out, err
}

// Remembered returns the events that a cluster remembers. If the cluster has forgotten its
// beginning, they begin with the settings of now, and with the present state of each node whose
// state did not change since.
func Remembered(ctx context.Context, c Cluster) ([]event.Event, error) {
	var events []event.Event
	_, err := eventsAfter(ctx, c, 0, func(e *event.Event) { events = append(events, *e) })
	if err != nil || len(events) == 0 || events[0].Kind == event.Cluster {
		return events, err
	}
	snapshot, err := c.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, e := range events {
		switch e.Kind {
		case event.NodeUp, event.NodeDown, event.NodePaused:
			changed[e.Node] = true
		}
	}
	var first []event.Event
	for _, e := range snapshot {
		e.Time = events[0].Time
		switch e.Kind {
		case event.Cluster:
			e.Count = 0
			first = append(first, e)
		case event.NodeUp, event.NodeDown, event.NodePaused:
			if !changed[e.Node] {
				first = append(first, e)
			}
		}
	}
	return append(first, events...), nil
}

// A Session is the past of a real cluster, as a capsule has it.
type Session struct {
	Events []event.Event
	Ending []event.Event // a snapshot after Events
}

// A SessionReport is what a Session comes to, as JSON.
type SessionReport struct {
	Events   int                  `json:"events"`
	Missing  int                  `json:"missing_events"` // in gaps
	From     string               `json:"from"`           // time of the first event
	To       string               `json:"to"`             // and of the ending
	Requests int                  `json:"requests"`       // that were answered
	Refused  int                  `json:"refused"`        // those among them that failed
	Fates    map[account.Fate]int `json:"fates"`          // of acknowledged writes
	Status   any                  `json:"status"`         // as of the command status
	Keys     []any                `json:"keys"`           // each as of the command inspect
}

// maxCapsuleKeys is the number of keys that the text of a session shows.
const maxCapsuleKeys = 10

// LastKey returns the key of the latest request, "" if there is none.
func (s Session) LastKey() string {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.Kind == event.Requested {
			return string(e.Key)
		}
	}
	return ""
}

// Report returns what the session comes to: for --json, and as text.
func (s Session) Report() (report SessionReport, text string, err error) {
	acc := account.New()
	acc.ApplyAll(s.Events)
	acc.ApplyAll(s.Ending)
	state := view.From(s.Ending)
	if state.Ring == nil {
		return report, "", errors.New("the snapshot of the cluster has no ring")
	}
	out := SessionReport{
		Fates: account.Count(acc.Writes(nil)), Status: statusJSON(state), Keys: []any{},
		From: event.Timestamp(s.Events[0].Time), To: event.Timestamp(s.Ending[0].Time),
	}
	for _, e := range s.Events {
		switch {
		case e.Kind == event.Gap:
			out.Missing += e.Count
			continue
		case e.Failed():
			out.Refused++
		}
		if out.Events++; e.Kind == event.Replied {
			out.Requests++
		}
	}
	for _, k := range state.Keys() {
		out.Keys = append(out.Keys, inspectJSON(state, k.Key))
	}
	return out, s.text(&out, acc, state), nil
}

// text returns what the session comes to as text.
func (s Session) text(r *SessionReport, acc *account.Account, state *view.Cluster) string {
	var p render.Painter
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s: %s answered, %d of them refused\n", render.Count(r.Events, "event"),
		render.Offset(s.Ending[0].Time-s.Events[0].Time), render.Count(r.Requests, "request"), r.Refused)
	b.WriteString(knownLine(acc.Known()) + "\n")
	if writes := acc.Writes(nil); len(writes) > 0 {
		b.WriteString(countLine(p, writes) + "\n")
	}
	b.WriteString("\n" + showStatus(p, state))
	past, keys := view.From(s.Events), state.Keys()
	touched := func(k *view.Key) time.Duration {
		if k = past.Key(k.Key); k == nil { // of a forged capsule
			return 0
		}
		return k.Touched
	}
	slices.SortStableFunc(keys, func(a, b *view.Key) int { return cmp.Compare(touched(b), touched(a)) })
	for _, k := range keys[:min(len(keys), maxCapsuleKeys)] {
		b.WriteString("\n" + showInspect(p, state, k.Key))
	}
	if n := len(keys) - maxCapsuleKeys; n > 0 {
		fmt.Fprintf(&b, "\n%s; --json has all\n", render.Count(n, "more key"))
	}
	return b.String()
}

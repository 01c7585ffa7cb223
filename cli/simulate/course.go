package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// A moment is something that a person or a client did to a cluster, and what came of it. Two runs
// of a real cluster never have the same times, and messages never arrive in the same order. What
// stays the same is the order of requests and faults, and what clients were told.
type moment struct {
	Time    string `json:"time"`
	Request uint64 `json:"request,omitempty"` // the number of the request; 0: the step is not a request
	Text    string `json:"text"`              // without times, addresses and numbers of requests
	at      time.Duration
	open    *asked // the request while its events come
}

// asked is what the events of a request say of it.
type asked struct {
	what    string // put cart at n1
	ending  string
	put     vclock.Siblings // the version of a put, with its value
	via     string          // the coordinator, if it is not the node that the client asked
	hints   []string        // n1 for n3
	notable []string        // what else a client would want to know
}

// maxMoments bounds the moments of a run that are compared. They are the first ones.
const maxMoments = 200_000

// courseReader makes the moments of events.
type courseReader struct {
	values  bool // the texts have values
	moments []moment
	asked   map[uint64]*asked
	down    map[string]bool // nodes that went down, or were paused
	changes map[member.Change]bool
}

// momentsOf returns the moments of events, the oldest first. If values is set, their texts have the
// values of versions.
func momentsOf(events []event.Event, values bool) []moment {
	r := &courseReader{
		values: values, asked: map[uint64]*asked{}, down: map[string]bool{}, changes: map[member.Change]bool{},
	}
	for i := range events {
		if len(r.moments) == maxMoments {
			break
		}
		r.apply(&events[i])
	}
	for i := range r.moments {
		if m := &r.moments[i]; m.open != nil {
			m.Text = m.open.text()
		}
	}
	return r.moments
}

func (r *courseReader) add(e *event.Event, text string) {
	r.moments = append(r.moments, moment{Time: event.Timestamp(e.Time), Text: text, at: e.Time})
}

func (r *courseReader) apply(e *event.Event) {
	switch e.Kind {
	case event.Cluster:
		if s := e.Settings; s != nil {
			for _, c := range s.History() {
				r.changes[c] = true
			}
			r.add(e, fmt.Sprintf("the settings are N=%d R=%d W=%d, %s, %s", s.N, s.R, s.W, s.Versioning(),
				render.Nodes(s.Nodes)))
		}
	case event.Gap:
		r.add(e, "events are missing here")
	case event.NodeUp:
		if r.down[e.Node] {
			delete(r.down, e.Node)
			r.add(e, render.Node(e.Node)+" is up")
		}
	case event.NodeDown, event.NodePaused:
		r.down[e.Node] = true
		r.fault(e)
	case event.Split, event.Heal, event.Slow, event.Loss, event.Skew, event.NodeWiped, event.NodeLeft, event.DiskFailed:
		r.fault(e)
	case event.Membership:
		r.change(e)
	default:
		if e.Request > 0 {
			r.request(e)
		}
	}
}

func (r *courseReader) fault(e *event.Event) {
	own := *e
	own.Elapsed, own.Addr = 0, ""
	text := render.Node(e.Node) + " " + string(e.Kind) + " " + render.Detail(own)
	r.add(e, strings.Join(strings.Fields(text), " "))
}

// change adds the membership changes that no node knew before. Gossip spreads them at any time.
func (r *courseReader) change(e *event.Event) {
	for _, c := range e.Changes {
		if !r.changes[c] {
			r.changes[c] = true
			r.add(e, c.Kind.String()+" "+render.Node(c.Node))
		}
	}
}

// request applies an event of a request.
func (r *courseReader) request(e *event.Event) {
	q := r.asked[e.Request]
	if e.Kind == event.Requested && q == nil {
		q = &asked{what: fmt.Sprintf("%s %s at %s", render.Text(e.Op), render.Key(e.Key), render.Node(e.Node))}
		r.asked[e.Request] = q
		r.moments = append(r.moments, moment{
			Time: event.Timestamp(e.Time), at: e.Time, Request: e.Request, open: q,
		})
		return
	}
	if q == nil { // the request began before the first event
		return
	}
	switch e.Kind {
	case event.HintStored:
		if h := render.Node(e.Node) + " for " + render.Node(e.For); !slices.Contains(q.hints, h) {
			q.hints = append(q.hints, h)
		}
	case event.LWWLost:
		q.notable = append(q.notable, "lost to last write wins")
	case event.Replied:
		q.replied(e, r.values)
	case event.Coordinate:
		q.put = e.Versions
	}
}

func (q *asked) replied(e *event.Event, values bool) {
	if e.Peer != "" && e.Peer != e.Node {
		q.via = render.Node(e.Peer)
	}
	if e.Err != wire.OK {
		q.ending = "refused: " + e.Err.String()
		return
	}
	versions := e.Versions // those of a put have no value
	if len(q.put) == 1 && len(versions) == 1 && versions.Has(q.put[0].Dot) {
		versions = q.put
	}
	q.ending = contentText(versions, values)
}

// text returns the moment of the request.
func (q *asked) text() string {
	text := q.what
	if q.via != "" {
		text += " by " + q.via
	}
	if text += ": "; q.ending == "" {
		text += "no answer"
	}
	text += q.ending
	if len(q.hints) > 0 {
		slices.Sort(q.hints)
		text += "; hints at " + strings.Join(q.hints, ", ")
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(q.notable))) {
		text += "; " + n
	}
	return text
}

// contentText returns versions with their clocks and, if values is set, their values. Their times
// do not change the order.
func contentText(s vclock.Siblings, values bool) string {
	var out []string
	for _, v := range s {
		text := render.Clock(v)
		if values || v.Deleted {
			text += " " + render.Value(v, maxShownValue)
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "nothing"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// maxShownValue bounds the runes of a value.
const maxShownValue = 40

// heldText returns what the nodes hold of a key, nodes that hold the same together.
func heldText(state *view.Cluster, key []byte, values bool) string {
	k := state.Key(key)
	if k == nil {
		return "nothing"
	}
	by := map[string][]string{}
	for _, n := range state.Nodes {
		for home, s := range k.Held[n.Name] {
			if len(s) == 0 {
				continue
			}
			place := render.Node(n.Name)
			if home != "" {
				place += " for " + render.Node(home)
			}
			content := contentText(s, values)
			by[content] = append(by[content], place)
		}
	}
	var out []string
	for content, places := range by {
		slices.Sort(places)
		out = append(out, strings.Join(places, ", ")+": "+content)
	}
	if len(out) == 0 {
		return "nothing"
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

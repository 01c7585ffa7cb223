package diagram

import (
	"cmp"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
)

// Limits from which a time without an event has a row of its own. The rows are one below the other
// however much time lies between them, so the diagram must say when that time is long.
const (
	longGap  = time.Second            // in any request
	leastGap = 500 * time.Microsecond // in a request whose time this is a great part of
	gapShare = 4                      // a great part is one of gapShare parts
)

// A layout is the state in which the next row is laid.
type layout struct {
	*Diagram
	last     *event.Event // the latest event of the request
	cut      bool         // the split is on
	answered bool         // the client got its answer
	told     bool         // a row says so
	gaps     int          // rows about time that passed
}

// layRows makes the rows of the events, with breaks where time passes, where the client gets its
// answer, and where a fault begins or ends. cut says that a split was on at the start.
func (d *Diagram) layRows(faults []event.Event, cut bool) {
	events := durably(d.events)
	lost := lostMessages(events)
	l := &layout{Diagram: d, cut: cut}
	for i := range events {
		e := &events[i]
		if lost[i] < 0 { // the loss of a message that has a row
			continue
		}
		timed := l.last == nil // a row tells the time already
		for len(faults) > 0 && faults[0].Time <= e.Time {
			timed = l.addFault(&faults[0]) || timed
			faults = faults[1:]
		}
		l.addAnswered()
		if !timed {
			l.addGap(e)
		}
		l.addEvent(e, lost[i])
		l.answered = l.answered || e.Kind == event.Replied
		l.last = e
	}
	if d.left > 0 {
		d.Rows = append(d.Rows, Row{
			Shape: Break, At: l.last.Time - d.Start, After: l.answered, Tone: render.Dim,
			Text: render.Count(d.left, "row") + " more",
		})
	}
}

// addAnswered adds a row where the client has its answer, once.
func (l *layout) addAnswered() {
	if l.answered && !l.told {
		l.told = true
		l.add(Row{
			Shape: Break, At: l.Reply.Time - l.Start, After: true, Cut: l.cut && l.cuts, Tone: render.Dim,
			Text: "after the client got its answer",
		})
	}
}

// add adds a row, or counts it if there is no room.
func (d *Diagram) add(r Row) {
	if len(d.Rows) >= MaxRows-1 {
		d.left++
		return
	}
	d.Rows = append(d.Rows, r)
}

// durably returns the events with the times at which others could know of them. A node that stores
// a replica counts it, and sends messages, when its disk has the replica. The events of that step
// have the time of the step, and Stored has how long the disk took.
func durably(events []event.Event) []event.Event {
	type step struct {
		node string
		at   time.Duration
	}
	took := map[step]time.Duration{}
	for i := range events {
		if e := &events[i]; e.Kind == event.Stored || e.Kind == event.HintStored {
			took[step{e.Node, e.Time}] = e.Elapsed
		}
	}
	out := slices.Clone(events)
	for i := range out {
		e := &out[i]
		if leaves := sends(e.Kind) || e.Kind == event.Ack && e.Peer == e.Node; leaves && e.Op != event.OpBuffered {
			e.Time += took[step{e.Node, e.Time}]
		}
	}
	slices.SortStableFunc(out, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

// lostMessages pairs the losses of messages with the events that sent the messages. A sender's
// entry is the index of the loss, and the loss's entry is -1. All other entries are 0.
func lostMessages(events []event.Event) []int {
	out := make([]int, len(events))
	for i, e := range events {
		if e.Kind != event.Dropped {
			continue
		}
		for j := i - 1; j >= 0; j-- {
			s := &events[j]
			if arrived := s.Node == e.Peer && s.Peer == e.Node && s.Kind != event.Dropped; arrived {
				break // Peer has the message, so another one was lost
			}
			if sends(s.Kind) && s.Node == e.Node && s.Peer == e.Peer && out[j] == 0 {
				out[i], out[j] = -1, i
				break
			}
		}
	}
	return out
}

// sends reports whether an event of the kind is a message from Node to Peer.
func sends(k event.Kind) bool {
	switch k {
	case event.Forwarded, event.Replicate, event.ReadFrom, event.ReadRepair, event.HintSent:
		return true
	}
	return false
}

// arrives reports whether an event of the kind is a message from Peer that arrived at Node.
func arrives(k event.Kind) bool {
	switch k {
	case event.Ack, event.ReadReply, event.HintDelivered:
		return true
	}
	return false
}

// addEvent adds the row of an event. lost is the index of the event that says that the message was
// lost, 0 for none.
func (l *layout) addEvent(e *event.Event, lost int) {
	node, peer := l.lane(e.Node), l.lane(e.Peer)
	row := Row{
		Shape: Mark, At: e.Time - l.Start, From: node, To: node, After: l.answered, Cut: l.cut && l.cuts, Event: *e,
		Tone: render.ToneOf(*e), Section: e.Section(), Text: render.Sentence(*e),
	}
	switch {
	case e.Kind == event.Requested:
		row.Shape, row.From = Arrow, Client
	case e.Kind == event.Replied:
		l.addAnswer(e, row)
		row.Shape, row.To = Arrow, Client
	case e.Kind == event.Dropped:
		row.Shape, row.To = Lost, peer
	case sends(e.Kind):
		row.Shape, row.To = Arrow, peer
	case e.Kind == event.HintRefused && e.Peer != "": // the holder refuses what the coordinator sent
		row.Shape, row.To = Arrow, peer
	case arrives(e.Kind):
		row.Shape, row.From = Arrow, peer
	case e.Kind == event.Stored || e.Kind == event.HintStored:
		row.Shape = Kept
	case e.Kind == event.Coordinate:
		row.Away = l.away(e)
	}
	if row.Shape == Arrow && row.From == row.To {
		row.Shape = Count
	}
	if lost > 0 {
		row.Shape, row.Tone = Lost, render.Bad
		row.Text += ": lost on the way" + because(render.Text(l.events[lost].Message))
	}
	l.add(row)
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// addAnswer adds a row for the coordinator's answer to the node that forwarded the request. No
// event stands for that message, but Replied says that it arrived. A failure does not say so.
func (l *layout) addAnswer(e *event.Event, row Row) {
	if e.Peer == "" || e.Peer == e.Node || e.Failed() && len(e.Nodes) == 0 {
		return
	}
	row.Shape, row.From, row.To, row.Event, row.Tone = Arrow, l.lane(e.Peer), l.lane(e.Node), event.Event{}, render.Plain
	row.Text = render.Node(e.Peer) + " tells " + render.Node(e.Node) + " the outcome"
	l.add(row)
}

// away returns the lanes of the homes to which the coordinator sends nothing at first.
func (d *Diagram) away(coordinate *event.Event) []int {
	var out []int
	for i, l := range d.Lanes {
		if l.Rank > 0 && slices.Contains(d.unreached(coordinate), l.Node) {
			out = append(out, i)
		}
	}
	return out
}

// unreached returns the homes that the coordinator of a put believes to have failed: those that a
// fallback stands for from the start, and those without a fallback.
func (d *Diagram) unreached(coordinate *event.Event) []string {
	out := slices.Clone(coordinate.Nodes)
	if coordinate.For != "" {
		out = append(out, coordinate.For)
	}
	asked := map[string]bool{}
	for i := range d.events {
		e := &d.events[i]
		if e.Kind != event.Replicate {
			continue
		}
		if e.For != "" && !asked[e.For] && !slices.Contains(out, e.For) {
			out = append(out, e.For)
		}
		asked[e.Peer] = true
	}
	return out
}

// addFault adds the row of a fault, unless the fault is of a node without a lane.
func (l *layout) addFault(e *event.Event) bool {
	if e.Node != "" && l.lane(e.Node) == Client {
		return false
	}
	l.addAnswered()
	node, p := render.Node(e.Node), render.Describe(*e)
	text := ""
	switch e.Kind {
	case event.Split:
		l.cut, text = true, "split "+p.Text
	case event.Heal:
		l.cut, text = false, "heal: "+p.Text
	case event.NodeUp:
		text = node + " runs again"
	case event.NodeDown:
		text = node + " " + p.Text
	case event.NodePaused:
		text = node + " is paused"
	case event.NodeWiped:
		text = node + " " + p.Text
	default:
		text = p.Text
	}
	l.add(Row{
		Shape: Break, At: e.Time - l.Start, After: l.answered, Cut: l.cut && l.cuts, Event: *e, Tone: p.Tone,
		Section: e.Section(), Text: text,
	})
	return true
}

// addGap adds a row if much time passed before an event.
func (l *layout) addGap(e *event.Event) {
	gap := e.Time - l.last.Time
	great := !l.answered && l.Reply != nil && gap >= leastGap && gap >= l.Reply.Elapsed/gapShare
	if gap <= longGap && !great {
		return
	}
	text := render.Duration(gap) + " later"
	if why := l.spent(l.last, e); why != "" && !l.answered {
		text = render.Duration(gap) + ": " + why
	}
	if l.gaps == 0 {
		text += " · the time axis is not linear"
	}
	l.gaps++
	l.add(Row{
		Shape: Break, At: l.last.Time - l.Start, After: l.answered, Cut: l.cut && l.cuts, Tone: render.Dim, Text: text,
	})
}

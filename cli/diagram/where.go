package diagram

import (
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
)

// A Share is a part of the time that the client's node needed for the request. Shares add up to
// the elapsed time of Replied. The way between the client and that node is not among them, because
// no event tells how long that takes.
type Share struct {
	Name string // safe for a terminal
	Took time.Duration
	Note string // what the share is made of, or what is not known; safe for a terminal
}

// A ledger cuts the time of a request into shares, from its start to its end.
type ledger struct {
	*Diagram
	at, end time.Duration
	shares  []Share
}

// until ends a share at a time. A time outside of what is left is moved to its bounds.
func (l *ledger) until(t time.Duration, name, note string) {
	t = min(max(t, l.at), l.end)
	l.shares = append(l.shares, Share{name, t - l.at, note})
	l.at = t
}

// where returns the shares of the request's time, nil if no answer is known. It follows the one
// chain of messages that the answer waited for: the coordinator, and the slowest node that was
// needed.
func (d *Diagram) where() []Share {
	if d.Reply == nil {
		return nil
	}
	l := &ledger{Diagram: d, at: d.Reply.Time - d.Reply.Elapsed, end: d.Reply.Time}
	if d.Op == "get" {
		l.get()
	} else {
		l.put()
	}
	note := ""
	if c := d.Reply.Peer; c != "" && c != d.Reply.Node {
		note = render.Node(c) + " to " + render.Node(d.Reply.Node)
	}
	l.until(l.end, "reply", note)
	return l.shares
}

func (l *ledger) put() {
	begun := l.first(func(e *event.Event) bool { return e.Kind == event.Coordinate })
	if begun == nil {
		l.refusal()
		return
	}
	c := begun.Node
	note := ""
	if c != l.Reply.Node {
		note = render.Node(l.Reply.Node) + " forwards to " + render.Node(c)
	}
	l.until(begun.Time, "coordinate", note)
	own := l.first(func(e *event.Event) bool { return stores(e) && e.Node == c })
	switch {
	case own == nil:
		l.until(l.at, "local write", render.Node(c)+" stores no replica")
	case own.Elapsed == 0:
		l.until(l.at, "local write", "not measured at "+render.Node(c))
	case l.enough(event.Ack) != nil && l.enough(event.Ack).Peer == c:
		after := ", after the time that is counted here"
		l.until(l.at, "local write", render.Duration(own.Elapsed)+" at "+render.Node(c)+after)
	default:
		l.until(own.Time+own.Elapsed, "local write", render.Node(c)+" "+l.write)
	}
	l.replica(event.Replicate, event.Ack, c)
}

func (l *ledger) get() {
	asked := l.first(func(e *event.Event) bool { return e.Kind == event.ReadFrom || e.Kind == event.ReadReply })
	if asked == nil {
		l.refusal()
		return
	}
	l.until(asked.Time, "coordinate", "")
	l.replica(event.ReadFrom, event.ReadReply, asked.Node)
	if !l.Reply.Failed() && len(l.Reply.Versions) == 0 && l.at < l.end {
		l.until(l.end, "confirm", "other nodes are asked before the answer is that there is no value")
	}
}

// refusal is the share of a request that no replica was asked for.
func (l *ledger) refusal() {
	name := "decide"
	note := render.Node(l.Reply.Node) + " asks no replica"
	if f := l.first(func(e *event.Event) bool { return e.Kind == event.Forwarded }); f != nil {
		name, note = "forward", "what "+render.Node(f.Peer)+" did is not known"
	}
	l.until(l.end, name, note)
}

// replica adds the share of the slowest replica that the answer waited for. question and
// answer are the kinds of the messages to and from replicas.
func (l *ledger) replica(question, answer event.Kind, c string) {
	needed := l.enough(answer)
	if needed == nil {
		l.until(l.end, "wait", "for "+l.silent(question, answer, l.Reply.Time))
		return
	}
	if needed.Peer == c {
		l.until(needed.Time, "replica "+render.Node(c), "the coordinator's own is enough")
		return
	}
	var sent, stored *event.Event
	for i := range l.events {
		e := &l.events[i]
		switch {
		case e.Time > needed.Time:
		case e.Kind == question && e.Peer == needed.Peer:
			sent = e
		case sent != nil && stores(e) && e.Node == needed.Peer:
			stored = e
		}
	}
	if sent != nil && sent.Time > l.at && len(l.silentAt(question, answer, sent.Time)) > 0 {
		l.until(sent.Time, "wait", "for "+l.silent(question, answer, sent.Time))
	}
	note := "the ways and the read were not measured apart"
	switch {
	case answer == event.Ack && (stored == nil || stored.Elapsed == 0):
		note = "the ways and the write were not measured apart"
	case answer == event.Ack:
		there := max(stored.Time-l.at, 0)
		back := max(needed.Time-stored.Time-stored.Elapsed, 0)
		note = "way " + render.Duration(there) + ", write " + render.Duration(stored.Elapsed) +
			", back " + render.Duration(back)
	}
	l.until(needed.Time, "replica "+render.Node(needed.Peer), note)
}

// first returns the first event that fits, nil if there is none.
func (d *Diagram) first(fits func(*event.Event) bool) *event.Event {
	for i := range d.events {
		if e := &d.events[i]; fits(e) {
			return e
		}
	}
	return nil
}

// enough returns the answer of a replica with which a request that succeeded had enough of them.
func (d *Diagram) enough(answer event.Kind) *event.Event {
	if d.Reply.Failed() {
		return nil
	}
	var last *event.Event
	for i := range d.events {
		e := &d.events[i]
		if e.Kind == event.Replied {
			break
		}
		if e.Kind == answer {
			last = e
			if e.Want > 0 && e.Count >= e.Want {
				break
			}
		}
	}
	return last
}

// silentAt returns the nodes that were asked before a time and had not answered by then.
func (d *Diagram) silentAt(question, answer event.Kind, at time.Duration) []string {
	var out []string
	for i := range d.events {
		e := &d.events[i]
		if e.Time > at {
			break
		}
		switch e.Kind {
		case question:
			if e.Time < at && !slices.Contains(out, e.Peer) {
				out = append(out, e.Peer)
			}
		case answer:
			out = slices.DeleteFunc(out, func(n string) bool { return n == e.Peer })
		}
	}
	return out
}

// silent returns the nodes of silentAt in words.
func (d *Diagram) silent(question, answer event.Kind, at time.Duration) string {
	switch nodes := d.silentAt(question, answer, at); len(nodes) {
	case 0:
		return "an answer"
	case 1:
		return render.Node(nodes[0]) + ", which does not answer"
	default:
		return render.Nodes(nodes) + ", which do not answer"
	}
}

// stores reports whether an event says that a node stored what a request wrote.
func stores(e *event.Event) bool { return e.Kind == event.Stored || e.Kind == event.HintStored }

// spent says on what most of the time between two events of the request went, "" if that is not
// known.
func (d *Diagram) spent(last, e *event.Event) string {
	half := (e.Time - last.Time) / 2
	switch {
	case e.Kind == event.Replicate || e.Kind == event.ReadFrom:
		answer := event.Ack
		if e.Kind == event.ReadFrom {
			answer = event.ReadReply
		}
		return render.Node(e.Node) + " waits for " + d.silent(e.Kind, answer, e.Time)
	case e.Kind == event.Replied && e.Failed() && d.Op == "get":
		return render.Node(e.Node) + " waits for " + d.silent(event.ReadFrom, event.ReadReply, e.Time)
	case e.Kind == event.Replied && e.Failed():
		return render.Node(e.Node) + " waits for " + d.silent(event.Replicate, event.Ack, e.Time)
	}
	writer, reader := e.Peer, e.Node // of the message that ends the wait
	delay := d.delay(writer, reader)
	if e.Kind == event.ReadReply { // no event is between the question and the answer
		delay += d.delay(reader, writer)
	}
	if delay >= half {
		return "the link from " + render.Node(writer) + " to " + render.Node(reader) + " is slow by " + render.Duration(delay)
	}
	for i := range d.events {
		w := &d.events[i]
		if w.Time > e.Time {
			break
		}
		if stores(w) && w.Node == writer && w.Elapsed >= half && w.Time+w.Elapsed > last.Time {
			return render.Node(writer) + " " + d.write
		}
	}
	return ""
}

// delay returns by how much the link between two nodes was slow when the request began.
func (d *Diagram) delay(from, to string) time.Duration {
	var out time.Duration
	for _, link := range []string{from, to, from + ">" + to, from + "-" + to, to + "-" + from} {
		out = max(out, d.faults.Slow[link])
	}
	return out
}

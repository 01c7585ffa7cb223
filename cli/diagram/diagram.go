package diagram

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// A Diagram is the space-time diagram of one request.
type Diagram struct {
	Request uint64
	Op      string        // untrusted
	Key     []byte        // untrusted
	Start   time.Duration // of the request, since 1970
	Reply   *event.Event  // Replied; nil if no answer is known
	Lanes   []Lane
	Rows    []Row
	Why     []Reason // why the request ended as it did, the answer first
	Where   []Share  // where the time until Reply went

	homes  []string
	left   int         // rows for which there was no room
	unkept int         // events of the request that its view left out
	stale  bool        // a get missed an acknowledged write
	cuts   bool        // lanes of different sides of a split are side by side
	write  string      // how a node makes a replica durable
	faults view.Faults // at the start
	events []event.Event
}

// A Lane is the line of the client or of one node.
type Lane struct {
	Node     string // "" is the client; untrusted
	Rank     int    // of a home of the key, 1 to N; 0: not a home
	Fallback bool   // the node has the replica of a home
	Side     int    // of the split that was on when the request began; -1: none
}

// name returns the name of the lane, safe for a terminal.
func (l Lane) name() string {
	if l.Node == "" {
		return "client"
	}
	return render.Node(l.Node)
}

// role returns what the node of the lane is to the key, "" for nothing.
func (l Lane) role() string {
	switch {
	case l.Rank > 0:
		return render.Ordinal(l.Rank) + " home"
	case l.Fallback:
		return "fallback"
	}
	return ""
}

// Client is the index of the client's lane.
const Client = 0

// A Shape is the way in which a row is drawn.
type Shape int

const (
	Arrow Shape = iota // a message from the lane From to the lane To
	Lost               // a message that did not arrive
	Mark               // what the node of the lane From did by itself
	Kept               // the node of the lane From stored a replica
	Count              // the coordinator counts its own replica
	Break              // a line over all lanes, with a text of its own
)

// A Row is one row of a Diagram.
type Row struct {
	Shape    Shape
	At       time.Duration // since Start
	From, To int           // lanes; equal unless the row is a message
	Away     []int         // lanes of homes that the coordinator believes to have failed
	After    bool          // after the client got its answer
	Cut      bool          // the split is on
	Event    event.Event   // zero in rows that no single event stands for
	Tone     render.Tone
	Section  string // of the paper; "" in most breaks
	Text     string // safe for a terminal
}

// MaxRows is how many rows a Diagram has at most. The last one counts those for which there is no
// room.
const MaxRows = 400

// New lays out a request of a cluster. past has the known events of the cluster, in order. The
// diagram takes from them the handoff of hints and the faults around the request. r must have an
// event.
func New(r *view.Request, cluster *view.Cluster, past []event.Event) *Diagram {
	d := &Diagram{Request: r.ID, Start: r.Events[0].Time, write: writing(cluster.Settings),
		unkept: r.LeftOut}
	for i := range r.Events {
		e := &r.Events[i]
		if d.Key == nil {
			d.Key = e.Key
		}
		switch e.Kind {
		case event.Requested, event.Replied:
			d.Op = e.Op
		case event.Coordinate:
			d.homes = e.Homes
		}
		if e.Kind == event.Replied {
			d.Reply = e
		}
	}
	if d.homes == nil && cluster.Ring != nil {
		d.homes = cluster.Ring.Homes(d.Key)
	}
	d.events = append(slices.Clone(r.Events), aftermath(past, r)...)
	slices.SortStableFunc(d.events, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	d.faults = faultsAt(cluster, past, d.Start)
	d.layLanes(cluster, d.faults.Groups)
	d.layRows(faultsDuring(past, d.Start, d.events[len(d.events)-1].Time), d.faults.Groups != nil)
	d.Where = d.where()
	d.Why = d.why(d.accountOf(past))
	return d
}

// accountOf returns the account of the key and of what happened to the whole cluster. A log may
// have the events of many keys.
func (d *Diagram) accountOf(past []event.Event) *account.Account {
	acc := account.New()
	for i := range past {
		e := &past[i]
		if len(e.Key) == 0 && e.Request == 0 || e.Request == d.Request || bytes.Equal(e.Key, d.Key) {
			acc.Apply(*e)
		}
	}
	return acc
}

// Events returns the events of the request and of the handoff that it led to, in the order of time.
// The caller must not change them.
func (d *Diagram) Events() []event.Event { return d.events }

// LeftOut returns the number of events of the request that its view left out.
func (d *Diagram) LeftOut() int { return d.unkept }

// Homes returns the homes of the key in rank order.
func (d *Diagram) Homes() []string { return d.homes }

// Title returns the number, the operation and the key of the request, safe for a terminal.
func (d *Diagram) Title() string {
	return event.RequestName(d.Request) + "  " + render.Text(d.Op) + " " + render.Key(d.Key)
}

// layLanes gives a lane to the client, to each home of the key, and to each node that took part.
// The nodes of one side of a split are side by side.
func (d *Diagram) layLanes(cluster *view.Cluster, split [][]string) {
	part, fallback := map[string]bool{}, map[string]bool{}
	for _, h := range d.homes {
		part[h] = true
	}
	for _, e := range d.events {
		part[e.Node], part[e.Peer] = true, true
		switch {
		case e.Kind == event.Coordinate && e.For != "" || e.Kind == event.HintStored:
			fallback[e.Node] = true
		case e.Kind == event.Replicate && e.For != "":
			fallback[e.Peer] = true
		}
	}
	delete(part, "")
	d.Lanes = []Lane{{Side: -1}}
	add := func(node string) {
		if !part[node] {
			return
		}
		delete(part, node)
		side := slices.IndexFunc(split, func(g []string) bool { return slices.Contains(g, node) })
		d.Lanes = append(d.Lanes, Lane{
			Node: node, Rank: slices.Index(d.homes, node) + 1, Fallback: fallback[node], Side: side,
		})
	}
	for _, n := range cluster.Nodes {
		add(n.Name)
	}
	for _, e := range d.events { // nodes that have left
		add(e.Node)
		add(e.Peer)
	}
	for _, h := range d.homes {
		add(h)
	}
	nodes := d.Lanes[1:]
	slices.SortStableFunc(nodes, func(a, b Lane) int { return cmp.Compare(a.Side, b.Side) })
	for i := 1; i < len(nodes); i++ {
		d.cuts = d.cuts || nodes[i].Side != nodes[i-1].Side
	}
}

// lane returns the lane of a node, the client's for "".
func (d *Diagram) lane(node string) int {
	return max(slices.IndexFunc(d.Lanes, func(l Lane) bool { return l.Node == node }), Client)
}

// CutAfter reports whether a split lies between the lane i and the lane after it.
func (d *Diagram) CutAfter(i int) bool {
	return i > Client && i+1 < len(d.Lanes) && d.Lanes[i].Side != d.Lanes[i+1].Side
}

// writing returns the words for a node that makes a replica durable.
func writing(s settings.Cluster) string {
	switch {
	case s.Mem:
		return "stores it in memory"
	case s.NoSync:
		return "writes it"
	}
	return "writes it to disk (fsync)"
}

// aftermath returns the events of the handoff of the hints that a request left. Handoff is a node's
// own work and belongs to no request, but its events carry the version that the request wrote.
func aftermath(past []event.Event, r *view.Request) []event.Event {
	type walk struct{ from, to string }
	hinted := map[walk]bool{} // from the holder to the home
	var key []byte
	for _, e := range r.Events {
		if e.Kind == event.HintStored {
			hinted[walk{e.Node, e.For}], key = true, e.Key
		}
	}
	ours := func(v vclock.Version) bool { return v.Request == r.ID }
	sent := map[walk]bool{}
	var out []event.Event
	for _, e := range past {
		if e.Request != 0 || !bytes.Equal(e.Key, key) {
			continue
		}
		there, back := walk{e.Node, e.Peer}, walk{e.Peer, e.Node}
		switch e.Kind {
		case event.HintSent:
			sent[there] = hinted[there] && slices.ContainsFunc(e.Versions, ours)
			if sent[there] {
				out = append(out, e)
			}
		case event.Stored:
			if sent[back] {
				out = append(out, e)
			}
		case event.HintDelivered:
			if sent[there] {
				out = append(out, e)
				delete(sent, there)
			}
		}
	}
	return out
}

// faultsAt returns the faults of the network that were on at a time, as far as events tell.
func faultsAt(cluster *view.Cluster, past []event.Event, at time.Duration) view.Faults {
	v := view.New()
	known := false
	for _, e := range past {
		if e.Time > at {
			continue
		}
		switch e.Kind {
		case event.Split, event.Heal, event.Slow, event.Loss:
			v.Apply(e)
			known = true
		}
	}
	if !known && cluster.Groups != nil && cluster.SplitAt <= at {
		v.Groups = cluster.Groups
	}
	return v.Faults
}

// faultsDuring returns the events of the whole cluster's faults between two times.
func faultsDuring(past []event.Event, from, to time.Duration) []event.Event {
	var out []event.Event
	for _, e := range past {
		if e.Time <= from || e.Time > to {
			continue
		}
		switch e.Kind {
		case event.Split, event.Heal, event.NodeUp, event.NodeDown, event.NodePaused, event.NodeWiped, event.Gap:
			out = append(out, e)
		}
	}
	return out
}

package stock

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/ring"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A Change is a change of the membership of a cluster under load.
type Change struct {
	Keys
	Kind     string // plan.Join or plan.Leave
	Nodes    int    // before the change
	Strategy ring.Strategy
	N, R, W  int
	Quorum   string // plan.Sloppy or plan.Strict
	Rate     int    // requests a second of all clients together
	Disk     int    // bytes a second that a disk writes; 0: no limit
}

// Moved is what a change cost.
type Moved struct {
	Replicas int           // that reached new homes
	Bytes    int64         // of all messages of the transfers
	Ready    time.Duration // from the request of the administrator until all new homes have all their ranges
	Over     time.Duration // until in addition no other node keeps a replica, and a node that left may go
	Asked    int           // requests of clients that began from the change to Over
	Refused  int           // of these, that were not answered or refused

	Ranges  int // scans of a range that found a key, on all nodes
	Scanned int // keys that these scans found
	Trees   int // Merkle trees that were built from a scan

	// Ideal is the bytes of the messages that bring a fair share of all replicas to new homes. A fair
	// share is N ÷ S of all keys, where the ring with the joining or leaving node has S nodes.
	Ideal float64
}

// Times of a change.
const (
	changeAt = 2 * time.Second // after the start of the cluster, when all nodes know each other
	changeBy = time.Minute     // the change must be over
	clients  = 8
)

// names returns the node that joins or leaves, and the node that is told.
func (c Change) names(founders []string) (node, via string) {
	r := rng.New(c.Seed, "change")
	if c.Kind != plan.Join {
		node = rng.Pick(r, founders)
		return node, rng.Pick(r, slices.DeleteFunc(slices.Clone(founders), func(n string) bool { return n == node }))
	}
	return fmt.Sprintf("joiner%d", c.Seed), rng.Pick(r, founders)
}

// plan returns the plan of the change, in which clients read and overwrite keys at all founders.
func (c Change) plan() *plan.Plan {
	p := newPlan(c.Seed, plan.Cluster{
		Nodes: c.Nodes, N: c.N, R: c.R, W: c.W, Quorum: c.Quorum, Strategy: c.Strategy, Tokens: ring.DefaultT,
		Ranges: max(ring.DefaultQ, c.Nodes+1), DiskRate: c.Disk, ValueBytes: c.Bytes,
	}, 0)
	node, via := c.names(p.Names())
	p.Faults = []plan.Injection{{At: changeAt, Kind: c.Kind, Nodes: []string{node, via}}}
	// No client asks the node that leaves.
	others := slices.DeleteFunc(p.Names(), func(n string) bool { return n == node })
	r := rng.New(c.Seed, "requests")
	for i := range c.Rate * int(changeBy/time.Second) {
		op := plan.Op{
			ID: uint64(i + 1), At: time.Duration(i) * time.Second / time.Duration(c.Rate), Client: 1 + i%clients,
			Kind: plan.Get, Key: c.key(r.IntN(c.Count)), Via: rng.Pick(r, others), Context: plan.Blind,
		}
		if i%2 == 1 {
			op.Kind, op.Context = plan.Put, 0
		}
		p.Ops = append(p.Ops, op)
	}
	return p
}

// A place is a range of the new ring at one node.
type place struct {
	node string
	end  ring.Position
}

// A move watches one change.
type move struct {
	Change
	node   string         // that joins or leaves
	coming map[place]bool // ranges that a new home has not got yet
	going  map[place]bool // ranges that a node still holds and is no longer a home of
	leaves bool           // the node that leaves still holds something
	began  time.Duration
	out    Moved
}

// newMove returns a move that expects what differs between two rings.
func newMove(c Change, node string, before, after *ring.Ring) *move {
	m := &move{
		Change: c, node: node, coming: map[place]bool{}, going: map[place]bool{}, leaves: c.Kind == plan.Leave,
		began: kernel.Origin + changeAt,
	}
	for _, s := range ring.Shifts(before, after) {
		for _, gained := range s.Gained() {
			m.coming[place{gained, keyrange.At(after, s.End).End}] = true
		}
	}
	for i := range c.Count {
		key := []byte(c.key(i))
		for _, home := range before.Homes(key) {
			if !slices.Contains(after.Homes(key), home) {
				m.going[place{home, keyrange.At(after, ring.Of(key)).End}] = true
			}
		}
	}
	for i := range c.Count {
		m.out.Ideal += float64(c.replicaBytes(i)*c.N) / float64(max(len(before.Members()), len(after.Members())))
	}
	return m
}

// watch takes in an event of the cluster.
func (m *move) watch(e event.Event) {
	if e.Time < m.began {
		return
	}
	switch e.Kind {
	case event.RangeReady:
		if delete(m.coming, place{e.Node, e.Span.End}); len(m.coming) == 0 && m.out.Ready == 0 {
			m.out.Ready = e.Time - m.began
		}
	case event.RangeDropped:
		delete(m.going, place{e.Node, e.Span.End})
	case event.Departed:
		m.leaves = m.leaves && e.Node != m.node
	case event.Stored:
		if e.Op == wire.Transfer.String() {
			m.out.Replicas++
		}
	}
	if m.over() && m.out.Over == 0 {
		m.out.Over = e.Time - m.began
	}
}

func (m *move) over() bool { return len(m.coming)+len(m.going) == 0 && !m.leaves }

// Began implements client.Observer.
func (m *move) Began(*client.Operation) {}

// Ended implements client.Observer.
func (m *move) Ended(op *client.Operation, _ wire.ClientReply) {
	if op.Began < m.began || m.out.Over > 0 && op.Began > m.began+m.out.Over {
		return
	}
	m.out.Asked++
	if op.Outcome != client.OK {
		m.out.Refused++
	}
}

// Move plays one change of the membership. It stops as Compare does.
func Move(goOn func() bool, c Change) (out Moved, err error) {
	p := c.plan()
	before := p.Ring()
	node, _ := c.names(p.Names())
	after := before.Go([]ring.Step{{Member: ring.Member{Name: node, Weight: 1}, Leave: c.Kind == plan.Leave}})
	m := newMove(c, node, before, after)
	defer interrupted(&err)
	w := start(goOn, p, c.held(before), m.watch)
	w.ScheduleFaults()
	client.New(w.World, m).Start()
	w.RunUntil(m.began, nil)
	first := count(w)
	w.RunWhile(func() bool { return !m.over() }, m.began+changeBy)
	if !m.over() {
		return Moved{}, fmt.Errorf("stock: the %s of %s is not over after %v: %d ranges have not come, %d have not gone",
			c.Kind, node, changeBy, len(m.coming), len(m.going))
	}
	last := count(w)
	w.RunFor(client.Timeout) // requests that began during the change end
	out = m.out
	out.Bytes, out.Ranges = last.bytes-first.bytes, last.scans.Ranges-first.scans.Ranges
	out.Scanned, out.Trees = last.scans.Records-first.scans.Records, last.trees-first.trees
	return out, nil
}

// held returns what each node holds of a ring. The homes of a key share the memory of its record,
// since there are many records.
func (k Keys) held(r *ring.Ring) func(node string) []store.Write {
	by := map[string][]store.Write{}
	for i := range k.Count {
		w := k.write(i, 1)
		for _, home := range r.Homes([]byte(k.key(i))) {
			by[home] = append(by[home], w)
		}
	}
	return func(node string) []store.Write { return by[node] }
}

// counts are counts of the whole cluster.
type counts struct {
	bytes int64
	scans kernel.Scans
	trees int
}

func count(w *cluster) (out counts) {
	t := w.recorder.Traffic()
	out.bytes = t[measure.Moving].Bytes + t[measure.Syncing].Bytes // without anti-entropy, only transfers compare trees
	for _, name := range w.Names() {
		h := w.Host(name)
		s := h.Scans()
		out.scans.Ranges, out.scans.Records = out.scans.Ranges+s.Ranges, out.scans.Records+s.Records
		out.trees += h.Node().TreesBuilt()
	}
	return out
}

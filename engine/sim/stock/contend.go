package stock

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// A Contest is background work that competes with clients for the disks (§6.5).
type Contest struct {
	Change               // Kind may also be plan.Wipe, with which a node loses its disk, or "" for no background work
	Length time.Duration // of the measurement
	Greedy bool          // background work never yields
}

// Contended tells what clients and the background work got while it was measured.
type Contended struct {
	Latency  measure.Times // of the requests that were answered
	Asked    int
	Refused  int // were refused, or not answered
	Replicas int // that background work stored
}

// Times of a contest.
const (
	wipedFor = time.Second
	// noticeTime is the time from the change to the measurement. Controllers need it to notice that
	// clients wait, and to make the slice of background work small.
	noticeTime = 15 * time.Second
	// contestSync is the time between two comparisons of a range, short so that a node without data
	// is filled at once.
	contestSync = time.Second
)

// clientKeys is the number of keys that clients use, apart from those of the stock: otherwise a get
// would repair replicas, which is no background work.
const clientKeys = 50

// A contest watches one Contest.
type contest struct {
	from, to time.Duration   // of the measurement
	node     string          // that is filled
	missing  map[string]bool // keys that it lacks
	out      Contended
}

// watch takes in an event of the cluster.
func (c *contest) watch(e event.Event) {
	if e.Kind != event.Stored || e.Node != c.node || e.Time < kernel.Origin+changeAt {
		return
	}
	if e.Op != wire.Transfer.String() && e.Op != wire.AntiEntropy.String() {
		return
	}
	delete(c.missing, string(e.Key))
	if e.Time >= c.from && e.Time < c.to {
		c.out.Replicas++
	}
}

// Began implements client.Observer.
func (c *contest) Began(*client.Operation) {}

// Ended implements client.Observer.
func (c *contest) Ended(op *client.Operation, _ wire.ClientReply) {
	if op.Began < c.from || op.Began >= c.to {
		return
	}
	c.out.Asked++
	if op.Outcome != client.OK {
		c.out.Refused++
		return
	}
	c.out.Latency.Add(int64((op.Ended - op.Began) / time.Microsecond))
}

// Contend plays background work that competes with clients. It returns an error if the work is over
// before the measurement is. It stops as Compare does.
func Contend(goOn func() bool, c Contest) (out Contended, err error) {
	p := c.plan()
	p.AntiEntropy, p.Off.Admission, p.ValueBytes = contestSync, c.Greedy, 0
	node, _ := c.names(p.Names())
	via := p.Names()
	if c.Kind == plan.Join {
		via = append(via, node) // until it runs, another node takes its requests
	}
	for i := range p.Ops {
		p.Ops[i].Key, p.Ops[i].Via = fmt.Sprintf("client%d", i%clientKeys), via[i/2%len(via)]
	}
	switch c.Kind {
	case "":
		p.Faults = nil
	case plan.Wipe:
		p.Faults[0].Nodes, p.Faults[0].For = []string{node}, wipedFor
	}
	before := p.Ring()
	m := &contest{from: kernel.Origin + changeAt + noticeTime, node: node}
	m.to = m.from + c.Length
	m.missing = c.lacking(before, node)
	defer interrupted(&err)
	w := start(goOn, p, c.held(before), m.watch)
	w.ScheduleFaults()
	client.New(w.World, m).Start()
	w.RunUntil(m.to, nil)
	if c.Kind != "" && len(m.missing) == 0 {
		return Contended{}, fmt.Errorf("stock: the background work of a %s is over before its measurement is; "+
			"take more keys, or measure for a shorter time", c.Kind)
	}
	w.RunFor(client.Timeout) // requests of the measurement end
	return m.out, nil
}

// lacking returns the keys that a node is to be given.
func (c Contest) lacking(before *ring.Ring, node string) map[string]bool {
	at := before
	if c.Kind == plan.Join {
		at = before.Go([]ring.Step{{Member: ring.Member{Name: node, Weight: 1}}})
	}
	out := map[string]bool{}
	for i := range c.Count {
		if key := c.key(i); slices.Contains(at.Homes([]byte(key)), node) {
			out[key] = true
		}
	}
	return out
}

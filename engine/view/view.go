package view

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/wire"
)

// Limits of what a Cluster remembers. The oldest entries go first.
const (
	MaxLog      = 2000 // events in the log
	MaxRequests = 500  // requests with their events
	// MaxRequestEvents bounds the events of a request, beside its answer. A request of a real cluster
	// has less than 8 for each of at most 256 nodes.
	MaxRequestEvents = 2048
	MaxKeys          = 500  // keys with what each node holds of them
	MaxSeconds       = 60   // seconds of a Rate
	MaxLost          = 1e5  // versions that last write wins lost
	MaxKeyLost       = 8    // versions of one key among them
	MaxKeyPast       = 16   // versions of one key that no node holds now
	MaxLatency       = 1000 // replies from which percentiles are taken
	MaxHandoffs      = 1024 // pairs of a fallback and a home
	MaxDiffered      = 32   // rounds of anti-entropy that found a difference
	MaxSynced        = 8192 // ranges and pairs of homes with their latest round of anti-entropy
)

// A Cluster is the state of a cluster as its events report it. Only Apply and ApplyAll change it.
type Cluster struct {
	Settings settings.Cluster
	Ring     *ring.Ring     // of History; nil before the first Cluster event
	History  member.History // all changes that any node knows
	Now      time.Duration  // time of the newest event, since 1970
	Seq      uint64         // of the newest event of a stream
	Missed   int            // events that were lost to a gap since the last snapshot
	Nodes    []*Node        // in the order of Settings.Nodes, and then of their joins

	Faults

	Queues  MemoryUse     // as of the last snapshot
	Log     []event.Event // the newest last
	Sampled Sampled       // what the stream of a screen leaves out
	Ops     Rate          // replies to clients

	Healing

	keys      keySet
	lost      map[string]bool // key and dot of each acknowledged version that last write wins lost
	requests  map[uint64]*Request
	order     []uint64        // ids of requests, the oldest first
	latencies []time.Duration // of the latest replies, the newest last
}

// MemoryUse says how much waits in the queues of all nodes, and the limit.
type MemoryUse struct {
	Used  int `json:"used"`  // bytes
	Limit int `json:"limit"` // bytes
}

// New returns the state of a cluster of which no event came.
func New() *Cluster {
	return &Cluster{
		keys: keySet{by: map[string]*Key{}}, requests: map[uint64]*Request{}, lost: map[string]bool{},
		Healing: newHealing(),
		Faults: Faults{
			Slow: map[string]time.Duration{}, Loss: map[string]float64{}, Skew: map[string]time.Duration{},
		},
	}
}

// From returns the state to which events lead.
func From(events []event.Event) *Cluster {
	v := New()
	v.ApplyAll(events)
	return v
}

// ApplyAll applies events in their order.
func (v *Cluster) ApplyAll(events []event.Event) {
	for _, e := range events {
		v.Apply(e)
	}
}

// Apply changes the state by one event. It ignores an event that does not fit the state.
func (v *Cluster) Apply(e event.Event) {
	v.Now = max(v.Now, e.Time)
	if e.Seq > 0 {
		v.Seq = e.Seq
		v.remember(e)
		if e.Kind != event.Summary {
			v.Sampled.Shown.add(e.Time)
		}
	}
	switch e.Kind {
	case event.Cluster:
		if e.Settings != nil {
			v.begin(*e.Settings)
		}
	case event.NodeUp, event.NodeDown, event.NodePaused, event.NodeWiped, event.Serves:
		v.status(e)
	case event.NodeLeft:
		v.Nodes = slices.DeleteFunc(v.Nodes, func(n *Node) bool { return n.Name == e.Node })
		v.forgetHeld(e.Node)
		delete(v.Skew, e.Node)
	case event.Membership:
		v.membership(e)
	case event.Split:
		v.Groups, v.OneWay, v.SplitAt, v.SplitFor = e.Groups, e.OneWay, e.Time-e.Elapsed, e.Delay
	case event.Heal:
		v.Groups, v.OneWay, v.SplitFor = nil, false, 0
		clear(v.Slow)
		clear(v.Loss)
	case event.Slow:
		setOrDelete(v.Slow, e.Link, e.Delay)
	case event.Loss:
		setOrDelete(v.Loss, e.Link, e.Percent)
	case event.Skew:
		setOrDelete(v.Skew, e.Node, e.Delay)
	case event.Memory:
		v.Queues = MemoryUse{e.Count, e.Want}
	case event.Gap:
		v.Missed += e.Count
	case event.Summary:
		v.summarise(e)
	case event.LWWLost:
		v.lose(e)
	case event.ReadRepair:
		v.Repairs++
	case event.SyncDone:
		v.synced(e)
	case event.Replied:
		v.replied(e)
	default:
		v.applyNode(e)
	}
}

// applyNode applies an event about what a node holds and believes.
func (v *Cluster) applyNode(e event.Event) {
	n := v.Node(e.Node)
	if n == nil {
		return
	}
	switch e.Kind {
	case event.State:
		if e.State != nil {
			n.setState(e.State)
		}
	case event.Replicas:
		v.setHeld(e)
	case event.Stored:
		if e.Op == wire.AntiEntropy.String() {
			v.Sync.Keys++
		}
		n.Load.add(e.Time)
		v.setVersions(e, "")
		n.Keys += e.Count
	case event.HintStored:
		n.Load.add(e.Time)
		v.setVersions(e, e.For)
		v.hintsStored(HintPair{n.Name, e.For}, n.Hints[e.For].Keys == 0, e.Count, e.Time)
		n.addHint(e.For, e.Count, e.Time)
	case event.HintDelivered, event.HintLost, event.HintRehomed:
		v.touch(e).drop(e.Node, e.For)
		v.hintGone(e)
		n.addHint(e.For, -1, e.Time)
	case event.HintRefused:
		v.hintGone(e)
	case event.ReadReply:
		if p := v.Node(e.Peer); p != nil {
			p.Load.add(e.Time)
		}
	case event.TombstoneCollected:
		v.touch(e).drop(e.Node, "")
		n.Tombstones = max(0, n.Tombstones-1)
	case event.RangeReady:
		n.Pending = max(0, n.Pending-1)
	case event.RangeDropped:
		n.Keys -= e.Want
		n.Foreign = max(0, n.Foreign-e.Count)
		v.drop(e)
	case event.Slice:
		n.Slice = e.Percent / 100
	case event.Buffered:
		n.Buffered = e.Count
	case event.BufferLost:
		if e.State != nil {
			n.setState(e.State)
		}
		if e.Key != nil {
			v.setHeld(e)
		}
	case event.Suspect:
		n.Suspects[e.Peer] = true
	case event.Alive:
		delete(n.Suspects, e.Peer)
	}
}

// lose counts each version that last write wins lost once.
func (v *Cluster) lose(e event.Event) {
	v.touch(e).lose(e.Versions)
	for _, ver := range e.Versions {
		if len(v.lost) < MaxLost {
			v.lost[string(e.Key)+"\x00"+ver.Dot.String()] = true
		}
	}
}

// Lost returns the number of acknowledged versions that last write wins lost, as far as events
// report it or nodes counted it since they started.
func (v *Cluster) Lost() int {
	counted := 0
	for _, n := range v.Nodes {
		counted += n.Lost
	}
	return max(len(v.lost), counted)
}

// begin applies the settings with which a stream or a snapshot begins.
func (v *Cluster) begin(s settings.Cluster) {
	v.Settings, v.Missed = s, 0
	v.Groups, v.OneWay = nil, false
	clear(v.Slow)
	clear(v.Loss)
	clear(v.Skew)
	nodes := make([]*Node, len(s.Nodes))
	for i, name := range s.Nodes {
		if nodes[i] = v.Node(name); nodes[i] == nil {
			nodes[i] = newNode(name)
		}
	}
	v.Nodes = nodes
	if _, err := ring.New(s.RingConfig(), s.InitialMembers()); err == nil { // a forged recording may have no ring
		v.History = s.History()
		v.Ring = v.History.Ring(s.RingConfig())
	}
}

// status applies an event about whether a node runs.
func (v *Cluster) status(e event.Event) {
	n := v.Node(e.Node)
	if n == nil {
		if e.Kind != event.NodeUp || e.Node == "" || len(v.Nodes) >= ring.MaxMembers {
			return
		}
		n = newNode(e.Node)
		v.Nodes = append(v.Nodes, n)
	}
	switch e.Kind {
	case event.NodeUp:
		n.Status, n.Silent, n.Reason = Up, false, ""
		if e.Addr != "" {
			n.Addr = e.Addr
		}
	case event.NodeDown:
		n.Status, n.Buffered, n.Reason = Down, 0, e.Message
		clear(n.Suspects)
	case event.NodePaused:
		n.Status = Paused
	case event.Serves:
		setOrDelete(n.Services, e.Op, e.Addr)
	case event.NodeWiped:
		n.Keys, n.Foreign, n.Pending, n.Roots = 0, 0, 0, nil
		clear(n.Hints)
		v.forgetHeld(n.Name)
	}
}

// Node returns the node with the name, nil if there is none.
func (v *Cluster) Node(name string) *Node {
	i := slices.IndexFunc(v.Nodes, func(n *Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return v.Nodes[i]
}

// Hints returns the number of hints that all nodes keep.
func (v *Cluster) Hints() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.HintTotal()
	}
	return t
}

// Buffered returns the number of objects that are in the memory of nodes only (§6.1).
func (v *Cluster) Buffered() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.Buffered
	}
	return t
}

// Slice returns the least share of its rate that a running node leaves to background work, 0 to 1
// (§6.5). It is 1 if no node reported less.
func (v *Cluster) Slice() float64 {
	least := 1.0
	for _, n := range v.Nodes {
		if n.Status == Up && n.Slice > 0 {
			least = min(least, n.Slice)
		}
	}
	return least
}

// setOrDelete sets the value of link, or deletes a link whose value is zero.
func setOrDelete[V comparable](m map[string]V, link string, val V) {
	var zero V
	if val == zero {
		delete(m, link)
		return
	}
	m[link] = val
}

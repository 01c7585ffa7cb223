// Package view reduces the events of a cluster to its present state. It is the only reducer of events: screens, status
// and assertions of scripts read a Cluster and nothing else. A Cluster is bounded, and belongs to one goroutine.
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

// Bounds of what a View remembers.
const (
	MaxLog      = 2000 // events
	MaxRequests = 500  // requests with their events
	MaxKeys     = 500  // keys with what each node holds of them
	MaxSeconds  = 60   // of rates
	MaxLost     = 1e5  // versions that last write wins lost
	MaxKeyLost  = 8    // of those, versions of one key
	MaxLatency  = 1000 // replies from which percentiles are taken
	MaxSynced   = 8192 // pairs of homes and ranges with their latest round of anti-entropy
)

// NodeStatus is whether a node runs.
type Status string

const (
	Up     Status = "up"
	Down   Status = "down"
	Paused Status = "paused"
)

// A Cluster is a cluster as its events tell it. Apply is the only way to change
// it. It is for one goroutine.
type Cluster struct {
	Settings settings.Cluster
	Ring     *ring.Ring // of all changes that any node knows of; nil until a Cluster event came
	History  member.History
	Now      time.Duration // time of the newest event
	Seq      uint64        // of the newest event of a stream
	Missed   int           // events lost to a gap since the last snapshot
	Nodes    []*Node       // in the order of Settings.Nodes
	Groups   [][]string    // of the split that is on; nil for none
	OneWay   bool
	SplitAt  time.Duration
	SplitFor time.Duration                // after which the split heals by itself; 0: it stays
	Slow     map[string]time.Duration     // link as it was named → delay
	Loss     map[string]float64           // link as it was named → percent
	Queues   MemoryUse                    // as of the last snapshot
	Log      []event.Event                // newest last
	Ops      Rate                         // replies to clients
	Repairs  int                          // replicas that read repair mended
	Sync     SyncTotals                   // anti-entropy, all together (§4.7)
	Synced   map[event.SyncPair]LastRound // the latest round of each range and pair of homes

	keys      map[string]*Key
	lost      map[string]bool // key and clock of the acknowledged versions that last write wins lost, as events told
	requests  map[uint64]*Request
	order     []uint64 // requests, oldest first
	latencies []time.Duration
}

// MemoryUse is what waits in the queues of all nodes, of a budget that it never passes.
type MemoryUse struct {
	Used  int `json:"used"`  // bytes
	Limit int `json:"limit"` // bytes
}

// A Node of the view.
type Node struct {
	Name     string
	Status   Status
	Reason   string // why it is down although nobody took it down; "" for no such reason
	Addr     string
	Keys     int
	Hints    map[string]event.HintCount    // by the home they are for
	Suspects map[string]bool               // peers that it believes failed
	Roots    map[event.Span]event.TreeRoot // of its hash trees, as of its last State; zero for nothing
	History  member.History                // of the membership, as it knows it
	Digest   uint64                        // the digest of that; 0 if the node did not say
	Pending  int                           // ranges that it is a home of and was not given yet (§4.9)
	Foreign  int                           // keys that it holds and is no home of, as of its last State
	Dead     int                           // keys of which it holds nothing but tombstones, as of its last State
	TooLarge []event.TooLarge              // merges with peers that were refused, as of its last State
	Kept     string                        // why tombstones stay, as of its last State
	Buffered int                           // objects that are in its memory only (§6.1)
	Lost     int                           // acknowledged versions that it saw last write wins lose, as of its last State
	Slice    float64                       // of its rate that background work may use (§6.5); 0: unknown
	Silent   bool                          // it did not answer the last snapshot, and the counts are what it said before
	Load     Rate                          // replicas stored and read
}

// HintTotal is the number of hints that the node holds.
func (n *Node) HintTotal() int {
	t := 0
	for _, h := range n.Hints {
		t += h.Keys
	}
	return t
}

// Current says whether the node's counts are as of the newest event. They are not while the node is down or paused.
func (n *Node) Current() bool { return n.Status == Up && !n.Silent }

// New returns an empty view.
func New() *Cluster {
	return &Cluster{keys: map[string]*Key{}, requests: map[uint64]*Request{}, lost: map[string]bool{}, Synced: map[event.SyncPair]LastRound{}, Slow: map[string]time.Duration{}, Loss: map[string]float64{}}
}

// From returns the view that events result in.
func From(events []event.Event) *Cluster {
	v := New()
	v.ApplyAll(events)
	return v
}

// ApplyAll reduces events into the view in their order.
func (v *Cluster) ApplyAll(events []event.Event) {
	for _, e := range events {
		v.Apply(e)
	}
}

// Apply reduces one event into the view.
func (v *Cluster) Apply(e event.Event) {
	v.Now = max(v.Now, e.Time)
	if e.Seq > 0 {
		v.Seq = e.Seq
		v.remember(e)
	}
	switch e.Kind {
	case event.Cluster:
		if e.Settings != nil {
			v.begin(*e.Settings)
		}
	case event.NodeUp, event.NodeDown, event.NodePaused, event.NodeWiped:
		v.status(e)
	case event.NodeLeft:
		v.Nodes = slices.DeleteFunc(v.Nodes, func(n *Node) bool { return n.Name == e.Node })
		v.forgetHeld(e.Node)
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
	case event.Memory:
		v.Queues = MemoryUse{e.Count, e.Want}
	case event.Gap:
		v.Missed += e.Count
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

// applyNode reduces what a node tells of what it holds and believes.
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
		v.holds(e)
	case event.Stored:
		if e.Op == wire.AntiEntropy.String() {
			v.Sync.Keys++
		}
		n.Load.add(e.Time)
		v.hold(e, "")
		n.Keys += e.Count
	case event.HintStored:
		n.Load.add(e.Time)
		v.hold(e, e.For)
		n.addHint(e.For, e.Count, e.Time)
	case event.HintDelivered, event.HintLost, event.HintRehomed:
		delete(v.touch(e).Held[e.Node], e.For)
		n.addHint(e.For, -1, e.Time)
	case event.ReadReply:
		if p := v.Node(e.Peer); p != nil {
			p.Load.add(e.Time)
		}
	case event.TombstoneCollected:
		delete(v.touch(e).Held[e.Node], "")
		n.Dead = max(0, n.Dead-1)
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
			v.holds(e)
		}
	case event.Suspect:
		n.Suspects[e.Peer] = true
	case event.Alive:
		delete(n.Suspects, e.Peer)
	}
}

// SplitLeft is how long the split that is on still lasts; ok is false for one that stays.
func (v *Cluster) SplitLeft() (left time.Duration, ok bool) {
	if v.Groups == nil || v.SplitFor == 0 {
		return 0, false
	}
	return max(0, v.SplitAt+v.SplitFor-v.Now), true
}

// lose counts what last write wins lost, once for each version.
func (v *Cluster) lose(e event.Event) {
	v.touch(e).lose(e.Versions)
	for _, ver := range e.Versions {
		if len(v.lost) < MaxLost {
			v.lost[string(e.Key)+"\x00"+ver.Dot.String()] = true
		}
	}
}

// Lost is the number of acknowledged versions that last write wins lost, as far as events told or
// nodes counted since they started.
func (v *Cluster) Lost() int {
	counted := 0
	for _, n := range v.Nodes {
		counted += n.Lost
	}
	return max(len(v.lost), counted)
}

func (v *Cluster) begin(s settings.Cluster) {
	v.Settings, v.Missed = s, 0
	v.Groups, v.OneWay = nil, false
	clear(v.Slow)
	clear(v.Loss)
	nodes := make([]*Node, len(s.Nodes))
	for i, name := range s.Nodes {
		if nodes[i] = v.Node(name); nodes[i] == nil {
			nodes[i] = newNode(name)
		}
	}
	v.Nodes = nodes
	if _, err := ring.New(s.RingConfig(), s.InitialMembers()); err == nil { // a cluster that runs has a ring; a forged file has none
		v.History = s.History()
		v.Ring = v.History.Ring(s.RingConfig())
	}
}

func newNode(name string) *Node {
	return &Node{Name: name, Status: Down, Hints: map[string]event.HintCount{}, Suspects: map[string]bool{}}
}

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
	case event.NodeWiped:
		n.Keys, n.Foreign, n.Pending, n.Roots = 0, 0, 0, nil
		clear(n.Hints)
		v.forgetHeld(n.Name)
	}
}

func (n *Node) setState(s *event.NodeState) {
	n.Keys, n.Pending, n.Foreign, n.Buffered, n.Slice = s.Keys, s.Pending, s.Foreign, s.Buffered, s.Slice
	n.Dead, n.Kept, n.Silent, n.Lost, n.TooLarge = s.Tombstones, s.Kept, s.LastKnown, s.Lost, s.TooLarge
	if s.Digest != 0 {
		n.History, n.Digest = s.Changes, s.Digest
	}
	clear(n.Hints)
	for _, h := range s.Hints {
		n.Hints[h.For] = h
	}
	clear(n.Suspects)
	for _, p := range s.Suspects {
		n.Suspects[p] = true
	}
	n.Roots = make(map[event.Span]event.TreeRoot, len(s.Roots))
	for _, r := range s.Roots {
		n.Roots[event.Span{Start: r.Start, End: r.End}] = r
	}
}

func (n *Node) addHint(home string, by int, at time.Duration) {
	h := n.Hints[home]
	if h.Keys == 0 {
		h = event.HintCount{For: home, Oldest: at}
	}
	if h.Keys += by; h.Keys <= 0 {
		delete(n.Hints, home)
		return
	}
	n.Hints[home] = h
}

// Node returns the node called name, nil if there is none.
func (v *Cluster) Node(name string) *Node {
	i := slices.IndexFunc(v.Nodes, func(n *Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return v.Nodes[i]
}

// Hints is the number of hints held in the whole cluster.
func (v *Cluster) Hints() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.HintTotal()
	}
	return t
}

// Buffered is the number of objects in the memory of nodes that are not on their disks yet.
func (v *Cluster) Buffered() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.Buffered
	}
	return t
}

// Slice is the least part of its rate that any running node leaves to background work, 1 if all do with all (§6.5).
func (v *Cluster) Slice() float64 {
	least := 1.0
	for _, n := range v.Nodes {
		if n.Status == Up && n.Slice > 0 {
			least = min(least, n.Slice)
		}
	}
	return least
}

// Side returns the index in Groups of the group that node is in, -1 without a split.
func (v *Cluster) Side(node string) int {
	return slices.IndexFunc(v.Groups, func(g []string) bool { return slices.Contains(g, node) })
}

func setOrDelete[V comparable](m map[string]V, link string, val V) {
	var zero V
	if val == zero {
		delete(m, link)
		return
	}
	m[link] = val
}

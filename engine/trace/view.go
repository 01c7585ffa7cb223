package trace

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// Bounds of what a View remembers.
const (
	MaxLog      = 2000 // events
	MaxRequests = 500  // requests with their events
	MaxKeys     = 500  // keys with what each node holds of them
	MaxSeconds  = 60   // of rates
	MaxLost     = 1e5  // versions that last write wins threw away
	MaxLatency  = 1000 // replies from which percentiles are taken
	MaxSynced   = 8192 // pairs of homes and ranges with their latest round of anti-entropy
)

// NodeStatus is whether a node runs.
type NodeStatus string

const (
	Up     NodeStatus = "up"
	Down   NodeStatus = "down"
	Paused NodeStatus = "paused"
)

// A View is a cluster as its events tell it. Apply is the only way to change
// it. It is for one goroutine.
type View struct {
	Settings Settings
	Ring     *ring.Ring // of all changes that any node knows of; nil until a Cluster event came
	History  member.History
	Now      time.Duration // time of the newest event
	Seq      uint64        // of the newest event of a stream
	Missed   int           // events lost to a gap since the last snapshot
	Nodes    []*Node       // in the order of Settings.Nodes
	Groups   [][]string    // of the split that is on; nil for none
	OneWay   bool
	SplitAt  time.Duration
	Slow     map[string]time.Duration // link as it was named → delay
	Loss     map[string]float64       // link as it was named → percent
	Log      []Event                  // newest last
	Ops      Rate                     // replies to clients
	Repairs  int                      // replicas that read repair mended
	Sync     SyncTotals               // anti-entropy, all together (§4.7)
	Synced   map[SyncPair]LastRound   // the latest round of each range and pair of homes

	keys      map[string]*Key
	lost      map[string]bool // key and clock of the versions that last write wins threw away
	requests  map[uint64]*Request
	order     []uint64 // requests, oldest first
	latencies []time.Duration
}

// A Node of the view.
type Node struct {
	Name     string
	Status   NodeStatus
	Addr     string
	Keys     int
	Hints    map[string]HintCount // by the home they are for
	Suspects map[string]bool      // peers that it believes failed
	Roots    map[Span]TreeRoot    // of its hash trees, as of its last State; zero for nothing
	History  member.History       // of the membership, as it knows it
	View     uint64               // the digest of that; 0 if the node did not say
	Pending  int                  // ranges that it is a home of and was not given yet (§4.9)
	Foreign  int                  // keys that it holds and is no home of, as of its last State
	Dead     int                  // keys of which it holds nothing but tombstones, as of its last State
	Kept     string               // why tombstones stay, as of its last State
	Buffered int                  // objects that are in its memory only (§6.1)
	Slice    float64              // of its rate that background work may use (§6.5); 0: unknown
	Load     Rate                 // replicas stored and read
}

// HintTotal is the number of hints that the node holds.
func (n *Node) HintTotal() int {
	t := 0
	for _, h := range n.Hints {
		t += h.Keys
	}
	return t
}

// A Key of the view: what each node was last seen to hold of it.
type Key struct {
	Key     []byte
	Held    map[string]map[string]vclock.Siblings // node → home it is for, "" for its own → siblings
	Touched time.Duration
}

// A Request is a client's request and all that it caused.
type Request struct {
	ID     uint64
	Events []Event
}

// NewView returns an empty view.
func NewView() *View {
	return &View{keys: map[string]*Key{}, requests: map[uint64]*Request{}, lost: map[string]bool{}, Synced: map[SyncPair]LastRound{}, Slow: map[string]time.Duration{}, Loss: map[string]float64{}}
}

// Apply reduces one event into the view.
func (v *View) Apply(e Event) {
	v.Now = max(v.Now, e.Time)
	if e.Seq > 0 {
		v.Seq = e.Seq
		v.remember(e)
	}
	switch e.Kind {
	case Cluster:
		if e.Settings != nil {
			v.begin(*e.Settings)
		}
	case NodeUp, NodeDown, NodePaused, NodeWiped:
		v.status(e)
	case NodeLeft:
		v.Nodes = slices.DeleteFunc(v.Nodes, func(n *Node) bool { return n.Name == e.Node })
		v.forgetHeld(e.Node)
	case Membership:
		v.membership(e)
	case Split:
		v.Groups, v.OneWay, v.SplitAt = e.Groups, e.OneWay, e.Time
	case Heal:
		v.Groups, v.OneWay = nil, false
		clear(v.Slow)
		clear(v.Loss)
	case Slow:
		setOrDelete(v.Slow, e.Link, e.Delay)
	case Loss:
		setOrDelete(v.Loss, e.Link, e.Percent)
	case Gap:
		v.Missed += e.Count
	case LWWLost:
		v.lose(e)
	case ReadRepair:
		v.Repairs++
	case SyncDone:
		v.synced(e)
	case Replied:
		v.replied(e)
	default:
		v.applyNode(e)
	}
}

// applyNode reduces what a node tells of what it holds and believes.
func (v *View) applyNode(e Event) {
	n := v.Node(e.Node)
	if n == nil {
		return
	}
	switch e.Kind {
	case State:
		if e.State != nil {
			n.setState(e.State)
		}
	case Replicas:
		v.holds(e)
	case Stored:
		if e.Op == wire.AntiEntropy.String() {
			v.Sync.Keys++
		}
		n.Load.add(e.Time)
		v.hold(e, "")
		n.Keys += e.Count
	case HintStored:
		n.Load.add(e.Time)
		v.hold(e, e.For)
		n.addHint(e.For, e.Count, e.Time)
	case HintDelivered, HintLost, HintRehomed:
		delete(v.touch(e).Held[e.Node], e.For)
		n.addHint(e.For, -1, e.Time)
	case ReadReply:
		if p := v.Node(e.Peer); p != nil {
			p.Load.add(e.Time)
		}
	case TombstoneCollected:
		delete(v.touch(e).Held[e.Node], "")
		n.Dead = max(0, n.Dead-1)
	case RangeReady:
		n.Pending = max(0, n.Pending-1)
	case RangeDropped:
		n.Keys -= e.Want
		n.Foreign = max(0, n.Foreign-e.Count)
		v.drop(e)
	case Slice:
		n.Slice = e.Percent / 100
	case Buffered:
		n.Buffered = e.Count
	case BufferLost:
		if e.State != nil {
			n.setState(e.State)
		}
		if e.Key != nil {
			v.holds(e)
		}
	case Suspect:
		n.Suspects[e.Peer] = true
	case Alive:
		delete(n.Suspects, e.Peer)
	}
}

// lose counts what last write wins threw away, once for all the replicas that did.
func (v *View) lose(e Event) {
	for _, ver := range e.Versions {
		if len(v.lost) < MaxLost {
			v.lost[string(e.Key)+"\x00"+ver.Dot.String()] = true
		}
	}
}

// Lost is the number of versions that last write wins threw away.
func (v *View) Lost() int { return len(v.lost) }

func (v *View) begin(s Settings) {
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
	if _, err := ring.New(s.RingConfig(), s.Born()); err == nil { // a cluster that runs has a ring; a forged file has none
		v.History = s.History()
		v.Ring = v.History.Ring(s.RingConfig())
	}
}

func newNode(name string) *Node {
	return &Node{Name: name, Status: Down, Hints: map[string]HintCount{}, Suspects: map[string]bool{}}
}

// membership reduces what a node learned of the ring.
func (v *View) membership(e Event) {
	if n := v.Node(e.Node); n != nil {
		if n.View == 0 { // it did not say what it knew; a member knew what all do
			n.History = v.History
		}
		n.History = n.History.Merge(e.Changes)
		n.View = n.History.Digest()
		n.Pending = e.Want
	}
	h := v.History.Merge(e.Changes)
	if v.Ring == nil || len(h) == len(v.History) || len(h) > member.MaxChanges {
		return
	}
	v.History, v.Ring = h, h.Ring(v.Settings.RingConfig())
	for _, m := range v.Ring.Members() {
		if v.Node(m.Name) == nil {
			v.Nodes = append(v.Nodes, newNode(m.Name))
		}
	}
}

// Behind is how many changes of the membership the node does not know of, and another that is up does.
func (v *View) Behind(n *Node) int {
	if n.View == 0 {
		return 0
	}
	var known member.History
	for _, o := range v.Nodes {
		if o.Status == Up {
			known = known.Merge(o.History)
		}
	}
	return len(known.Without(n.History))
}

// RingOf is the ring as the node knows it.
func (v *View) RingOf(n *Node) *ring.Ring {
	if n.View == 0 || n.View == v.History.Digest() {
		return v.Ring
	}
	return n.History.Ring(v.Settings.RingConfig())
}

// drop forgets what the node held of a range.
func (v *View) drop(e Event) {
	if e.Span == nil {
		return
	}
	rg := ring.Range{Start: e.Span.Start, End: e.Span.End}
	for _, k := range v.keys {
		if rg.Holds(ring.Of(k.Key)) {
			delete(k.Held[e.Node], "")
		}
	}
}

func (v *View) status(e Event) {
	n := v.Node(e.Node)
	if n == nil {
		if e.Kind != NodeUp || e.Node == "" || len(v.Nodes) >= ring.MaxMembers {
			return
		}
		n = newNode(e.Node)
		v.Nodes = append(v.Nodes, n)
	}
	switch e.Kind {
	case NodeUp:
		n.Status = Up
		if e.Addr != "" {
			n.Addr = e.Addr
		}
	case NodeDown:
		n.Status, n.Buffered = Down, 0
		clear(n.Suspects)
	case NodePaused:
		n.Status = Paused
	case NodeWiped:
		n.Keys, n.Foreign, n.Pending, n.Roots = 0, 0, 0, nil
		clear(n.Hints)
		v.forgetHeld(n.Name)
	}
}

// forgetHeld forgets what a node held of any key.
func (v *View) forgetHeld(node string) {
	for _, k := range v.keys {
		delete(k.Held, node)
	}
}

func (n *Node) setState(s *NodeState) {
	n.Keys, n.Pending, n.Foreign, n.Buffered, n.Slice = s.Keys, s.Pending, s.Foreign, s.Buffered, s.Slice
	n.Dead, n.Kept = s.Tombstones, s.Kept
	if s.View != 0 {
		n.History, n.View = s.Changes, s.View
	}
	clear(n.Hints)
	for _, h := range s.Hints {
		n.Hints[h.For] = h
	}
	clear(n.Suspects)
	for _, p := range s.Suspects {
		n.Suspects[p] = true
	}
	n.Roots = make(map[Span]TreeRoot, len(s.Roots))
	for _, r := range s.Roots {
		n.Roots[Span{r.Start, r.End}] = r
	}
}

func (n *Node) addHint(home string, by int, at time.Duration) {
	h := n.Hints[home]
	if h.Keys == 0 {
		h = HintCount{For: home, Oldest: at}
	}
	if h.Keys += by; h.Keys <= 0 {
		delete(n.Hints, home)
		return
	}
	n.Hints[home] = h
}

func (v *View) replied(e Event) {
	v.Ops.add(e.Time)
	v.latencies = append(v.latencies, e.Elapsed)
	if len(v.latencies) > MaxLatency {
		v.latencies = v.latencies[len(v.latencies)-MaxLatency:]
	}
}

// Percentile returns the p-quantile (0 to 1) of the latest replies, 0 if there are none.
func (v *View) Percentile(p float64) time.Duration {
	if len(v.latencies) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v.latencies))
	return s[min(int(p*float64(len(s))), len(s)-1)]
}

// remember keeps the event in the log and with its request.
func (v *View) remember(e Event) {
	if len(v.Log) >= MaxLog+MaxLog/4 { // drop in batches: the copy is paid once in MaxLog/4 events
		v.Log = slices.Delete(v.Log, 0, len(v.Log)-MaxLog)
	}
	v.Log = append(v.Log, e)
	if e.Request == 0 {
		return
	}
	r := v.requests[e.Request]
	if r == nil {
		r = &Request{ID: e.Request}
		v.requests[e.Request] = r
		v.order = append(v.order, e.Request)
		if len(v.order) > MaxRequests {
			delete(v.requests, v.order[0])
			v.order = v.order[1:]
		}
	}
	r.Events = append(r.Events, e)
}

// touch returns the view's account of the event's key.
func (v *View) touch(e Event) *Key {
	k := v.keys[string(e.Key)]
	if k == nil {
		if len(v.keys) >= MaxKeys {
			v.forgetOldestKey()
		}
		k = &Key{Key: e.Key, Held: map[string]map[string]vclock.Siblings{}}
		v.keys[string(e.Key)] = k
	}
	k.Touched = e.Time
	return k
}

func (v *View) forgetOldestKey() {
	var oldest *Key
	for _, k := range v.keys {
		if oldest == nil || cmp.Or(cmp.Compare(k.Touched, oldest.Touched), slices.Compare(k.Key, oldest.Key)) < 0 {
			oldest = k
		}
	}
	delete(v.keys, string(oldest.Key))
}

// holds notes all that a node holds of a key.
func (v *View) holds(e Event) {
	held := map[string]vclock.Siblings{}
	for _, r := range e.Replicas {
		held[r.For] = r.Versions
	}
	v.touch(e).Held[e.Node] = held
}

func (v *View) hold(e Event, home string) {
	k := v.touch(e)
	if k.Held[e.Node] == nil {
		k.Held[e.Node] = map[string]vclock.Siblings{}
	}
	k.Held[e.Node][home] = e.Versions
}

// Node returns the node called name, nil if there is none.
func (v *View) Node(name string) *Node {
	i := slices.IndexFunc(v.Nodes, func(n *Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return v.Nodes[i]
}

// Key returns the account of a key, nil if no event told of it.
func (v *View) Key(key []byte) *Key { return v.keys[string(key)] }

// Keys returns the keys that events told of, sorted.
func (v *View) Keys() []*Key {
	out := make([]*Key, 0, len(v.keys))
	for _, k := range slices.Sorted(maps.Keys(v.keys)) {
		out = append(out, v.keys[k])
	}
	return out
}

// Request returns a request with its events, nil if it is unknown or forgotten.
func (v *View) Request(id uint64) *Request { return v.requests[id] }

// LastRequest returns the request that began last, nil if there was none.
func (v *View) LastRequest() *Request {
	if len(v.order) == 0 {
		return nil
	}
	return v.requests[v.order[len(v.order)-1]]
}

// Hints is the number of hints held in the whole cluster.
func (v *View) Hints() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.HintTotal()
	}
	return t
}

// Buffered is the number of objects in the memory of nodes that are not on their disks yet.
func (v *View) Buffered() int {
	t := 0
	for _, n := range v.Nodes {
		t += n.Buffered
	}
	return t
}

// Slice is the least part of its rate that any running node leaves to background work, 1 if all do with all (§6.5).
func (v *View) Slice() float64 {
	least := 1.0
	for _, n := range v.Nodes {
		if n.Status == Up && n.Slice > 0 {
			least = min(least, n.Slice)
		}
	}
	return least
}

// Side returns the index in Groups of the group that node is in, -1 without a split.
func (v *View) Side(node string) int {
	return slices.IndexFunc(v.Groups, func(g []string) bool { return slices.Contains(g, node) })
}

// Converged says whether all homes of key are up and hold the same versions
// and nobody keeps a hint for it. The view must have been told of the key's Replicas.
func (v *View) Converged(key []byte) bool { return v.Blocking(key) == "" }

// Blocking names what keeps a key from being converged, "" if it is.
func (v *View) Blocking(key []byte) string {
	if v.Ring == nil {
		return "the cluster is not up"
	}
	k := v.Key(key)
	if k == nil {
		k = &Key{}
	}
	for _, n := range v.Nodes {
		for home, s := range k.Held[n.Name] {
			if home != "" && len(s) > 0 {
				return n.Name + " keeps a hint for " + home
			}
		}
	}
	homes := v.Ring.Homes(key)
	for _, h := range homes {
		if n := v.Node(h); n == nil || n.Status != Up {
			return "home " + h + " is not up"
		}
	}
	for _, h := range homes[1:] {
		a, b := k.Held[homes[0]][""], k.Held[h][""]
		if !a.Equal(b) {
			return h + " and " + homes[0] + " differ: " + orNothing(b) + " and " + orNothing(a)
		}
	}
	return ""
}

func orNothing(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return s.String()
}

// Failed says whether e is a reply that is an error.
func (e Event) Failed() bool { return e.Kind == Replied && e.Err != wire.OK }

func setOrDelete[V comparable](m map[string]V, link string, val V) {
	var zero V
	if val == zero {
		delete(m, link)
		return
	}
	m[link] = val
}

// A Rate counts events per second over the last MaxSeconds.
type Rate struct {
	counts [MaxSeconds]int
	last   int64 // second of the newest count
	Total  int
}

func (r *Rate) add(t time.Duration) {
	sec := int64(t / time.Second)
	r.advance(sec)
	if sec > r.last-MaxSeconds {
		r.counts[sec%MaxSeconds]++
	}
	r.Total++
}

func (r *Rate) advance(sec int64) {
	for s := max(r.last+1, sec-MaxSeconds+1); s <= sec; s++ {
		r.counts[s%MaxSeconds] = 0
	}
	r.last = max(r.last, sec)
}

// Last returns the counts of the n whole seconds before now, oldest first.
func (r *Rate) Last(now time.Duration, n int) []int {
	n = min(n, MaxSeconds-1)
	out := make([]int, n)
	sec := int64(now / time.Second)
	for i := range out {
		s := sec - int64(n) + int64(i)
		if s <= r.last && s > r.last-MaxSeconds && s >= 0 {
			out[i] = r.counts[s%MaxSeconds]
		}
	}
	return out
}

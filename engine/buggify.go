package engine

// A Place is where a simulator can make the node do what is rare, and right all the same: a
// limit that is reached at once, a reply that waits for nobody, a doubt without a reason. So
// that what depends on none of it is seen to depend on none of it. No driver of real nodes has
// any (Config.Buggify is nil).
type Place string

// The places.
const (
	FewRequests     Place = "few-requests"     // a node that works on anything is too busy for more
	TinyWindows     Place = "tiny-windows"     // hints, pushes and rounds go one at a time
	ShortAnswers    Place = "short-answers"    // an answer of anti-entropy holds one key or bucket
	LittleSync      Place = "little-sync"      // rounds have to wait, or are refused
	HastyPut        Place = "hasty-put"        // a put that has W acks waits for no other
	HastyGet        Place = "hasty-get"        // a get that has R answers waits for no other
	HastyDoubt      Place = "hasty-doubt"      // patience is over before an answer can come
	RareProbes      Place = "rare-probes"      // a suspected peer is asked seldom
	LazyHandoff     Place = "lazy-handoff"     // hints wait for the next scan
	FreshEpochs     Place = "fresh-epochs"     // a counter that could be trusted is not
	EarlyCompaction Place = "early-compaction" // under last write wins clocks are compacted as soon as they can be
	ForgottenTrees  Place = "forgotten-trees"  // trees are grown anew when they are asked for
)

// Places lists all places.
func Places() []Place {
	return []Place{
		FewRequests, TinyWindows, ShortAnswers, LittleSync, HastyPut, HastyGet, HastyDoubt,
		RareProbes, LazyHandoff, FreshEpochs, EarlyCompaction, ForgottenTrees,
	}
}

const (
	hasty = 64 // what patience is divided by
	rare  = 4  // what the time between probes is multiplied with
)

// odd says whether the node shall do what is rare now.
func (n *Node) odd(p Place) bool { return n.cfg.Buggify != nil && n.cfg.Buggify(p) }

// full says whether a window of so many has no room for one more.
func (n *Node) full(used, window int) bool { return used >= window || used > 0 && n.odd(TinyWindows) }

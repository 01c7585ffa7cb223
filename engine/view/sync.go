package view

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/ring"
)

// SyncTotals are sums over all rounds of anti-entropy (§4.7).
type SyncTotals struct {
	Rounds   int
	Bytes    int
	FullCopy int
	Keys     int // replicas that anti-entropy repaired
}

// synced applies the rounds of an event.
func (v *Cluster) synced(e event.Event) {
	for _, r := range e.Rounds {
		v.Sync.Rounds++
		v.Sync.Bytes += r.Bytes
		v.Sync.FullCopy += r.FullCopy
		if r.Buckets > 0 || r.Count > 0 {
			v.Differed = append(v.Differed[max(0, len(v.Differed)-MaxDiffered+1):], LastRound{At: e.Time, SyncRound: r})
		}
		p := r.Pair()
		if _, ok := v.Synced[p]; ok || len(v.Synced) < MaxSynced {
			v.Synced[p] = LastRound{At: e.Time, SyncRound: r}
		}
	}
}

// A LastRound is the latest round of a pair, and when it ended.
type LastRound struct {
	event.SyncRound
	At time.Duration
}

// Unconverged says why the cluster has not converged. It is "" if all homes of each range are up
// and hold the same, and no node keeps a hint. It is right after State events of all nodes.
func (v *Cluster) Unconverged() string {
	if v.Ring == nil {
		return "the cluster is not up"
	}
	for _, n := range v.Nodes {
		for _, home := range slices.Sorted(maps.Keys(n.Hints)) {
			return n.Name + " keeps a hint for " + home
		}
	}
	for i, rg := range v.Ring.Ranges() {
		if b := v.blockingRange(rg); b != "" {
			return fmt.Sprintf("%s: %s", event.RangeName(i), b)
		}
	}
	return ""
}

// blockingRange says why the homes of a range differ, "" if they do not.
func (v *Cluster) blockingRange(rg ring.Range) string {
	at := event.Span{Start: rg.Start, End: rg.End}
	holds := slices.ContainsFunc(v.Nodes, func(n *Node) bool { return n.Roots[at].Root != 0 })
	if !holds {
		return ""
	}
	for _, h := range rg.Homes {
		if n := v.Node(h); n == nil || n.Status != Up {
			return "home " + h + " is not up"
		}
	}
	first := rg.Homes[0]
	for _, h := range rg.Homes[1:] {
		if v.Node(h).Roots[at].Root != v.Node(first).Roots[at].Root {
			return "the trees of " + first + " and " + h + " differ"
		}
	}
	return ""
}

package engine

// §4.4, timestamp based reconciliation (Section 6 of the paper): "last write wins", the version with the
// greatest time is the correct one. A concurrent version that was acknowledged is then lost. Nodes tell of that, and of
// nothing else:
//
//   - Lost is an acknowledged version v that another one, w, displaced without having seen it: the
//     coordinator of w did not hold v when it stamped w. An ordinary overwrite is no loss, be it
//     with a context or without one. So under last write wins the past of a version covers all
//     that its coordinator held (clocks.go), and v is lost if the past of w does not cover it.
//   - A client that writes one version after the other may be quicker than replication: w comes
//     after the acknowledgement of v while v is still on its way to the coordinator of w. Nobody
//     would call that a loss, so v does not count as lost.
//   - A loss is told once. The coordinator of v tells it, because no other node knows that v was
//     acknowledged. If that node is no home of the key and holds v no longer, the replica of the
//     first home tells it, wherever that replica is kept.
//
// A coordinator that is wiped or restarted forgets which of its latest puts failed, and a clock of
// more than compactAt entries forgets epochs; then the count may be off by such versions.

import (
	"slices"
	"time"

	"ringside/engine/trace"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// maxLostKeys is of how many keys a node remembers what they lost. It is only for people who look.
	maxLostKeys = 1024
	// maxLostVersions is how many versions of one key it remembers. An answer to a get carries them all.
	maxLostVersions = 4
)

// maxEndedWrites is how many of its latest puts a node remembers that succeeded, and how many that
// failed. The former were on their way to other nodes a moment ago, and what the latter wrote does
// not count as lost. Older ones were most likely displaced or superseded by now.
const maxEndedWrites = 1024

// lastWrites are the puts of a node under last write wins whose outcome matters.
type lastWrites struct {
	puts      map[writeID]*lastWrite
	succeeded []writeID // of those that ended, oldest first
	failed    []writeID // the same
	lost      int       // versions that the node told of

	recent map[string]vclock.Siblings // key → the latest of those, values cut, oldest first
	order  []string                   // keys of recent, oldest first
}

// A lastWrite is what a node knows of one of its puts under last write wins.
type lastWrite struct {
	put     *put                     // nil once it has ended
	ackedAt time.Duration            // when the client was told that the put succeeded; 0 if it was not
	heard   map[string]time.Duration // when each node acknowledged the version
}

// A writeID names the version of a key. Dots of different keys may be equal.
type writeID struct {
	key string
	dot vclock.Dot
}

func newLastWrites() *lastWrites {
	return &lastWrites{puts: map[writeID]*lastWrite{}, recent: map[string]vclock.Siblings{}}
}

func (p *put) id() writeID { return writeID{string(p.req.Key), p.version.Dot} }

// begin notes a put that was stamped.
func (l *lastWrites) begin(p *put) {
	if p.lww {
		p.last = &lastWrite{put: p, heard: map[string]time.Duration{}}
		l.puts[p.id()] = p.last
	}
}

// hears notes that a node acknowledged the version.
func (l *lastWrite) hears(node string, now time.Duration) {
	if l != nil {
		l.heard[node] = now
	}
}

// succeeds notes that the client is told so now.
func (l *lastWrite) succeeds(now time.Duration) {
	if l != nil {
		l.ackedAt = now
	}
}

// end remembers how a put ended, and forgets an older one for it.
func (l *lastWrites) end(p *put) {
	if p.last == nil {
		return
	}
	p.last.put = nil
	ended := &l.succeeded
	if p.last.ackedAt == 0 {
		ended = &l.failed
	}
	*ended = append(*ended, p.id())
	if len(*ended) > maxEndedWrites {
		delete(l.puts, (*ended)[0])
		*ended = (*ended)[1:]
	}
}

// noticeLost looks for versions that a merge of held, which was here, and came threw away in favour of
// kept, though kept had not seen them. why tells of the write: its Request, Op, and For if this replica is a hint.
func (n *Node) noticeLost(key []byte, held, came vclock.Siblings, kept vclock.Version, why trace.Event) {
	for _, v := range held.Merge(came) {
		if v.Dot == kept.Dot {
			continue
		}
		own := n.lastWrites.puts[writeID{string(key), v.Dot}]
		switch {
		case own != nil && own.put != nil && !own.put.replied:
			own.put.lostTo = vclock.Siblings{kept} // told with the acknowledgement, if there is one
		case own != nil && (own.ackedAt == 0 || own.precedes(kept)):
		case n.tellsOf(key, v, held.Has(v.Dot), why):
			n.lost(key, v, kept)
		}
	}
}

// precedes says whether w was stamped after the put was acknowledged, by a node that the put's version
// had not reached yet, though it was on its way.
func (l *lastWrite) precedes(w vclock.Version) bool {
	stamped, node := time.Duration(w.Time), w.Dot.Node
	if stamped <= l.ackedAt {
		return false
	}
	if at, ok := l.heard[node]; ok {
		return stamped <= at
	}
	return l.put != nil && slices.ContainsFunc(l.put.calls, func(op uint64) bool {
		c := l.put.n.calls[op]
		return c != nil && !c.silent && c.to == node
	})
}

// tellsOf says whether this replica of key is the one that tells that v is lost. held says that the
// replica held v before.
func (n *Node) tellsOf(key []byte, v vclock.Version, held bool, why trace.Event) bool {
	pref := n.preference(key)
	if n.isHome(v.Dot.Node, pref) {
		return held && why.For == "" && v.Dot.Node == n.cfg.Name
	}
	first := why.For == "" && pref[0] == n.cfg.Name || why.For == pref[0]
	return first && (held || why.Op == wire.Replicate.String() || why.Op == wire.Handoff.String())
}

// lost tells that v is lost to w.
func (n *Node) lost(key []byte, v, w vclock.Version) {
	if n.lastWrites.recent[string(key)].Has(v.Dot) {
		return // it was told before: as a hint that comes home after the replica did
	}
	n.lastWrites.remember(string(key), v)
	n.emit(trace.Event{Kind: trace.LWWLost, Request: v.Request, Key: key, Versions: vclock.Siblings{v},
		Message: "lost to " + w.Notation() + ", which had not seen it"})
}

// remember counts a lost version, and keeps it for those who ask about its key.
func (l *lastWrites) remember(key string, v vclock.Version) {
	l.lost++
	if l.recent[key] == nil {
		l.order = append(l.order, key)
		if len(l.order) > maxLostKeys {
			delete(l.recent, l.order[0])
			l.order = l.order[1:]
		}
	}
	all := append(slices.Clone(l.recent[key]), trace.Preview(vclock.Siblings{v})...)
	l.recent[key] = all[max(0, len(all)-maxLostVersions):]
}

// lostOf returns the versions of a key that the node told of, sorted by dot.
func (l *lastWrites) lostOf(key []byte) vclock.Siblings {
	return sortedByDot(slices.Clone(l.recent[string(key)]))
}

func sortedByDot(s vclock.Siblings) vclock.Siblings {
	slices.SortFunc(s, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return s
}

// lost is what the nodes that answered a get remember to be lost.
func (g *get) lost() vclock.Siblings {
	var out vclock.Siblings
	for _, a := range g.answers {
		for _, v := range a.lost {
			if !out.Has(v.Dot) {
				out = append(out, v)
			}
		}
	}
	return sortedByDot(out)[:min(len(out), wire.MaxMerged)]
}

// withoutValues returns s with its clocks alone.
func withoutValues(s vclock.Siblings) vclock.Siblings {
	s = slices.Clone(s)
	for i := range s {
		s[i].Value = nil
	}
	return s
}

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

// maxFailedWrites is how many failed puts a node remembers, so that what they wrote does not count as
// lost. Older ones were most likely displaced or superseded by now.
const maxFailedWrites = 1024

// lastWrites are the puts of a node under last write wins whose outcome matters.
type lastWrites struct {
	puts   map[writeID]*put // not ended, or failed
	failed []writeID        // oldest first
	lost   int              // versions that the node told of

	recent map[string]vclock.Siblings // key → the latest of those, values cut, oldest first
	order  []string                   // keys of recent, oldest first
}

// A writeID names the version of a key. Dots of different keys may be equal.
type writeID struct {
	key string
	dot vclock.Dot
}

func newLastWrites() *lastWrites {
	return &lastWrites{puts: map[writeID]*put{}, recent: map[string]vclock.Siblings{}}
}

func (p *put) id() writeID { return writeID{string(p.req.Key), p.version.Dot} }

// begin notes a put that was stamped.
func (l *lastWrites) begin(p *put) {
	if p.req.LWW {
		l.puts[p.id()] = p
	}
}

// end forgets a put that succeeded, and remembers a failed one.
func (l *lastWrites) end(p *put) {
	id := p.id()
	if l.puts[id] == nil {
		return
	}
	if p.ackedAt > 0 {
		delete(l.puts, id)
		return
	}
	p.all, p.req.Value, p.version.Value = nil, nil, nil // only that it failed matters
	l.failed = append(l.failed, id)
	if len(l.failed) > maxFailedWrites {
		delete(l.puts, l.failed[0])
		l.failed = l.failed[1:]
	}
}

// noticeLost looks for versions that a merge of held, which was here, and came threw away in favour of
// kept, though kept had not seen them. why tells of the write: its Request, Op, and For if this replica is a hint.
func (n *Node) noticeLost(key []byte, held, came vclock.Siblings, kept vclock.Version, why trace.Event) {
	for _, v := range held.Merge(came) {
		if v.Dot == kept.Dot {
			continue
		}
		p := n.lastWrites.puts[writeID{string(key), v.Dot}]
		switch {
		case p != nil && !p.replied:
			p.lostTo = vclock.Siblings{kept} // told with the acknowledgement, if there is one
		case p != nil && (p.ackedAt == 0 || p.precedes(kept)):
		case n.tellsOf(key, v, held.Has(v.Dot), why):
			n.lost(key, v, kept)
		}
	}
}

// precedes says whether w was stamped after the put was acknowledged, by a node that the put's version
// had not reached yet, though it was on its way.
func (p *put) precedes(w vclock.Version) bool {
	return time.Duration(w.Time) > p.ackedAt && slices.ContainsFunc(p.calls, func(op uint64) bool {
		c := p.n.calls[op]
		return c != nil && !c.silent && c.to == w.Dot.Node
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

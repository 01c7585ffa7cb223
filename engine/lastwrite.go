package engine

// §4.4: timestamp based reconciliation, "last write wins" (Section 6 of the paper names its use).
// The version with the greatest time is the correct one. A concurrent version that was acknowledged
// is then lost. Nodes report only such losses:
//
//   - A version v is lost if v was acknowledged and a version w displaced v without having seen v:
//     the coordinator of w did not hold v when it stamped w. An ordinary overwrite is not a loss,
//     with or without a context. So under last write wins the past of a version covers all versions
//     that its coordinator held (clocks.go). The version v is lost if the past of w does not cover
//     v.
//   - A client can write faster than the cluster replicates. Then w follows the acknowledgement of
//     v while v is still on its way to the coordinator of w. In this case v does not count as lost.
//   - A loss is reported once. The coordinator of v reports the loss, because only that node knows
//     that v was acknowledged. If the coordinator is not a home of the key and no longer holds v,
//     the replica of the first home reports the loss, even if a fallback keeps that replica.
//
// A coordinator that is wiped or restarted forgets which of its latest puts failed. A clock of more
// than compactAt entries forgets epochs. The count may be wrong by such versions.

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// maxLostKeys bounds the keys whose lost versions a node remembers. They are only for display.
	maxLostKeys = 1024
	// maxLostVersions bounds the lost versions of one key. An answer to a get carries all of them.
	maxLostVersions = 4
)

// maxEndedWrites bounds the latest puts that succeeded, and also the latest puts that failed, that
// a node remembers. A put that succeeded may still be on its way to other nodes. The version of a
// put that failed does not count as lost. Older versions were most likely displaced or superseded.
const maxEndedWrites = 1024

// lastWrites remembers the outcome of the node's puts under last write wins, and reports lost
// versions.
type lastWrites struct {
	n         *Node
	puts      map[writeID]*lastWrite
	succeeded []writeID // puts that ended with success, oldest first
	failed    []writeID // puts that ended without success, oldest first
	reported  int       // lost versions that the node reported

	recent map[string]vclock.Siblings // key → its latest lost versions, values cut, oldest first
	order  []string                   // keys of recent, oldest first
}

// A lastWrite holds the outcome of one put of the node under last write wins.
type lastWrite struct {
	put     *put                     // nil once it has ended
	ackedAt time.Duration            // when the client was told that the put succeeded; 0 if the client was not told
	heard   map[string]time.Duration // when each node acknowledged the version
}

// A writeID names the version of a key. Dots of different keys may be equal.
type writeID struct {
	key string
	dot vclock.Dot
}

func newLastWrites(n *Node) *lastWrites {
	return &lastWrites{n: n, puts: map[writeID]*lastWrite{}, recent: map[string]vclock.Siblings{}}
}

func (p *put) id() writeID { return writeID{string(p.req.Key), p.version.Dot} }

// begin remembers a put that was stamped.
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

// succeeds notes that the client is told now that the put succeeded.
func (l *lastWrite) succeeds(now time.Duration) {
	if l != nil {
		l.ackedAt = now
	}
}

// end remembers how a put ended, and forgets the oldest put of the same outcome beyond
// maxEndedWrites.
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

// displaced reports versions that a merge dropped in favour of kept although kept had not seen
// them. The merge was of held, the versions of this replica, and of the update. The replica is a
// hint for home, or the node's own if home is "".
func (l *lastWrites) displaced(u update, held vclock.Siblings, kept vclock.Version, home string) {
	for _, v := range held.Merge(u.siblings) {
		if v.Dot == kept.Dot {
			continue
		}
		own := l.puts[writeID{string(u.key), v.Dot}]
		switch {
		case own != nil && own.put != nil && !own.put.replied:
			own.put.lostTo = vclock.Siblings{kept} // reported with the acknowledgement, if there is one
		case own != nil && (own.ackedAt == 0 || own.precedes(kept)):
		case l.mustReport(u, v, held.Has(v.Dot), home):
			l.report(u.key, v, kept)
		}
	}
}

// precedes reports whether w was stamped after the put was acknowledged, by a node to which the
// put's version was still on its way.
func (l *lastWrite) precedes(w vclock.Version) bool {
	stamped, node := time.Duration(w.Time), w.Dot.Node
	if stamped <= l.ackedAt {
		return false
	}
	if at, ok := l.heard[node]; ok {
		return stamped <= at
	}
	return l.put != nil && l.put.n.calls.waitsFor(l.put.questions.ops, node)
}

// mustReport reports whether this replica must report that v is lost. The replica is a hint for
// home, or the node's own if home is "". The argument held says that this replica held v before the
// update.
func (l *lastWrites) mustReport(u update, v vclock.Version, held bool, home string) bool {
	n, pref := l.n, l.n.members.preference(u.key)
	if n.members.isHome(v.Dot.Node, pref) {
		return held && home == "" && v.Dot.Node == n.cfg.Name
	}
	first := home == "" && pref[0] == n.cfg.Name || home == pref[0]
	return first && (held || u.purpose == wire.Replicate || u.purpose == wire.Handoff)
}

// report emits an event that v is lost to w, unless this node has done so before.
func (l *lastWrites) report(key []byte, v, w vclock.Version) {
	if l.recent[string(key)].Has(v.Dot) {
		return // this node reported the loss when it merged the version as a hint
	}
	l.remember(string(key), v)
	l.n.emit(event.Event{Kind: event.LWWLost, Request: v.Request, Key: key, Versions: vclock.Siblings{v},
		Message: "lost to " + w.Notation() + ", which had not seen it"})
}

// remember counts a lost version, and keeps it for later gets of its key.
func (l *lastWrites) remember(key string, v vclock.Version) {
	l.reported++
	if l.recent[key] == nil {
		l.order = append(l.order, key)
		if len(l.order) > maxLostKeys {
			delete(l.recent, l.order[0])
			l.order = l.order[1:]
		}
	}
	all := append(slices.Clone(l.recent[key]), event.Preview(vclock.Siblings{v})...)
	l.recent[key] = all[max(0, len(all)-maxLostVersions):]
}

// lostOf returns the lost versions of a key that the node reported, sorted by dot.
func (l *lastWrites) lostOf(key []byte) vclock.Siblings {
	return sortedByDot(slices.Clone(l.recent[string(key)]))
}

func sortedByDot(s vclock.Siblings) vclock.Siblings {
	slices.SortFunc(s, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return s
}

// withoutValues returns s without the values of its versions.
func withoutValues(s vclock.Siblings) vclock.Siblings {
	s = slices.Clone(s)
	for i := range s {
		s[i].Value, s[i].Meta = nil, nil
	}
	return s
}

package engine

// Pages of the keys that the nodes hold, which is beyond the paper. The order of keys is that of
// their positions on the ring, in which all nodes store their records. The node that a client asks
// puts one question to each member and leaver. Each answers with the keys of a part of its store,
// and says how far that part reaches. The page ends where the first of these parts ends.
//
// A key with W replicas is on at least one of the nodes that answer, if fewer than W do not answer.
// Otherwise the list fails, because keys could be missing from it. The nodes answer at different
// moments, so a key whose replicas are all being handed over at once (§4.9) can be missed.

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A listing is the state machine of one page.
type listing struct {
	n       *Node
	client  uint64
	req     wire.ListRequest
	waiting int      // nodes that have not answered
	missing []string // nodes that do not answer
	found   map[string]*wire.ListedKey
	next    []byte // the least stored key at which a node's part ends; nil: all parts reach the end of the store
}

// onList begins a page that a client asked for.
func (c *coordinator) onList(client uint64, req wire.ListRequest) {
	n := c.n
	l := &listing{n: n, client: client, req: req, found: map[string]*wire.ListedKey{}}
	if err := c.busy(); err != nil {
		n.reply(client, wire.ListReply{Request: req.Request, Err: wire.Overloaded, Message: err.Error()})
		return
	}
	c.requests++
	nodes := l.holders()
	l.waiting = len(nodes)
	question := wire.Keys{Prefix: req.Prefix, From: req.After}
	for _, node := range nodes {
		switch {
		case node == n.cfg.Name:
			l.answered(node, n.records.list(question))
		case !n.detector.connected(node):
			l.silent(node)
		default:
			n.calls.begin(node, req.Request, question, n.cfg.Timings.Patience, callbacks{
				answer: func(b wire.Body) { l.answered(node, b) },
				silent: func() { l.silent(node) },
			})
		}
	}
}

// holders lists the nodes that may hold keys: the members, and the nodes that leave.
func (l *listing) holders() []string {
	var out []string
	for _, m := range l.n.members.ring.Members() {
		out = append(out, m.Name)
	}
	for _, node := range l.n.coordinator.Leavers() {
		if !slices.Contains(out, node) {
			out = append(out, node)
		}
	}
	return out
}

// answered takes a node's part.
func (l *listing) answered(node string, body wire.Body) {
	r, ok := body.(wire.KeysReply)
	if !ok || r.Err != wire.OK {
		l.silent(node)
		return
	}
	for _, k := range r.Keys {
		if f := l.found[string(k.Key)]; f != nil {
			f.Deleted = f.Deleted && k.Deleted
			continue
		}
		l.found[string(k.Key)] = &k
	}
	if len(r.Next) > 0 && (l.next == nil || bytes.Compare(r.Next, l.next) < 0) {
		l.next = r.Next
	}
	l.done()
}

// silent notes that a node does not answer.
func (l *listing) silent(node string) {
	l.missing = append(l.missing, node)
	l.done()
}

// done answers the client when no node is left to wait for.
func (l *listing) done() {
	if l.waiting--; l.waiting > 0 {
		return
	}
	n := l.n
	n.coordinator.done()
	r := wire.ListReply{Request: l.req.Request}
	if w := n.cfg.Quorum.W; len(l.missing) >= w {
		slices.Sort(l.missing)
		r.Err, r.Missing = wire.QuorumNotReached, l.missing
		r.Message = fmt.Sprintf("no answer from %s, which may hold keys that no other node holds (W=%d)",
			strings.Join(l.missing, " "), w)
		n.reply(l.client, r)
		return
	}
	r.Keys, r.After = l.page()
	r.More = len(r.After) > 0
	n.reply(l.client, r)
}

// page returns the keys of the page in their order, and the stored key at which the next page
// begins, nil if there is none.
func (l *listing) page() (keys []wire.ListedKey, next []byte) {
	type listed struct {
		stored []byte
		key    *wire.ListedKey
	}
	all := make([]listed, 0, len(l.found))
	for _, k := range l.found {
		if stored := record.DataKey(k.Key); l.next == nil || bytes.Compare(stored, l.next) < 0 {
			all = append(all, listed{stored, k})
		}
	}
	slices.SortFunc(all, func(a, b listed) int { return bytes.Compare(a.stored, b.stored) })
	next = l.next
	if len(all) > wire.MaxListed {
		next = all[wire.MaxListed].stored
		all = all[:wire.MaxListed]
	}
	for _, k := range all {
		keys = append(keys, *k.key)
	}
	return keys, next
}

// onKeys answers the node that makes a page.
func (rs *records) onKeys(m wire.Message, q wire.Keys) { rs.n.answer(m, rs.list(q)) }

// list returns the keys of the part of the store that begins at q.From: those of replicas and those
// of hints.
func (rs *records) list(q wire.Keys) wire.KeysReply {
	p := part{rs: rs, q: q, deleted: map[string]bool{}}
	p.next = scanPart(rs.n.db, q.From, func(k, v []byte) bool {
		p.add(k, v)
		return true
	})
	for _, home := range rs.n.handoff.index.Homes() {
		p.addHints(home)
	}
	return p.reply()
}

// A part collects the keys that a node holds in a part of its store.
type part struct {
	rs      *records
	q       wire.Keys
	next    []byte          // the stored key at which the part ends, which is not in the part; nil: none
	deleted map[string]bool // whether the node holds only tombstones, by stored key
}

// add notes the key of a stored record.
func (p *part) add(stored, value []byte) {
	if _, key := record.ParseDataKey(stored); !bytes.HasPrefix(key, p.q.Prefix) {
		return
	}
	rec, err := p.rs.decoder.Decode(value)
	if err == nil && len(rec.Siblings) == 0 { // only a counter is stored
		return
	}
	before, known := p.deleted[string(stored)]
	p.deleted[string(stored)] = err == nil && dead(rec.Siblings) && (before || !known)
}

// addHints adds the keys of hints for a home. The part ends earlier if there are many.
func (p *part) addHints(home string) {
	from, to := record.HintKeys(home, p.q.From)
	count := 0
	_ = p.rs.n.db.Scan(store.Hints, from, to, func(k, v []byte) bool {
		_, dataKey, _ := record.SplitHintKey(k)
		switch {
		case p.next != nil && bytes.Compare(dataKey, p.next) >= 0:
			return false
		case count == partRecords:
			p.next = bytes.Clone(dataKey)
			return false
		}
		count++
		p.add(dataKey, v)
		return true
	})
}

// reply returns the keys in the order of the store.
func (p *part) reply() wire.KeysReply {
	order := slices.Sorted(maps.Keys(p.deleted))
	if p.next != nil {
		k, _ := slices.BinarySearch(order, string(p.next))
		order = order[:k]
	}
	if len(order) > wire.MaxListed {
		p.next = []byte(order[wire.MaxListed])
		order = order[:wire.MaxListed]
	}
	r := wire.KeysReply{Next: p.next}
	for _, stored := range order {
		_, key := record.ParseDataKey([]byte(stored))
		r.Keys = append(r.Keys, wire.ListedKey{Key: key, Deleted: p.deleted[stored]})
	}
	return r
}

package engine

// §4.7: "two nodes exchange the root of the Merkle tree corresponding to the key ranges that they
// host in common. Subsequently, using this tree traversal scheme the nodes determine if they have
// any differences and perform the appropriate synchronization action."
//
// One node runs a round; the other one only answers (syncanswer.go). Each answer goes syncLevels
// down, so a tree takes three or four questions. Then the nodes compare the hashes of the keys in
// the buckets that differ, and exchange only the keys that differ: the round pulls first, and pushes
// what the other node still lacks. Both ends merge what comes as they merge any replica.

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/oversize"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// syncLevels is how many levels an answer goes down. An answer has 16 hashes for each node that
	// differs. One level at a time would take four times the questions.
	syncLevels = 4
	// listedKeys is about how many keys are listed at once. That takes each node a millisecond. A
	// bucket with more than wire.MaxSyncHashes keys (on a ring with sixty million keys) is listed in
	// part; pushes from both sides then bring the rest.
	listedKeys = 128
	// pushWindow is how many pushed keys may be under way at once.
	pushWindow = 16
)

// A round is one comparison of a range with another home of it.
type round struct {
	n       *Node
	task    task
	res     event.SyncRound
	over    bool
	level   int             // of nodes
	nodes   []uint32        // nodes of the tree that differ and were not looked into; buckets at the last level
	deeper  []uint32        // descendants of the nodes looked into that differ
	buckets []uint32        // the buckets that are being compared key by key
	theirs  map[uint64]bool // hashes of the peer's records in these buckets
	pull    []uint64        // hashes of the peer's records that this node does not have
	push    [][]byte        // keys of which this node has a record that the peer does not have
	flying  int             // pushed keys that the peer has not answered
	refused bool            // not all that differs was taken
	counted map[string]bool // keys in these buckets that differ
}

// startRound begins a round.
func (s *syncer) startRound(t task) {
	n := s.n
	r := &round{n: n, task: t, nodes: []uint32{0}, res: event.SyncRound{
		Start: t.id.Start, End: t.id.End, Left: n.cfg.Name, Right: t.peer, Differing: []event.SyncKey{},
	}}
	if tree, ok := r.tree(); ok {
		r.res.FullCopy, r.res.Keys = tree.Size(), tree.Keys()
	}
	r.descend()
}

// tree returns the node's own tree. It ends the round and returns false if the ring no longer has
// both nodes compare the range.
func (r *round) tree() (*merkle.Tree, bool) {
	if !r.n.syncer.mayCompare(r.task) {
		r.end("the ring changed")
		return nil, false
	}
	return r.n.trees.Tree(r.task.id), true
}

// mayCompare says whether the task still makes sense on the ring of now.
func (n *Node) mayCompare(t task) bool {
	if !t.transfer {
		return t.id.HasHomes(n.members.ring, n.cfg.Name, t.peer)
	}
	rg, ok := t.id.Find(n.members.ring)
	return ok && slices.Contains(rg.Homes, t.peer) && !slices.Contains(rg.Homes, n.cfg.Name)
}

func (r *round) purpose() wire.Purpose {
	if r.task.transfer {
		return wire.Transfer
	}
	return wire.AntiEntropy
}

// ask sends a message of the round and calls then with the answer. A failure ends the round; the
// next round finds what this one has left.
func (r *round) ask(body wire.Body, then func(wire.Body)) {
	n := r.n
	n.background.run(func() {
		if r.over {
			return
		}
		if !n.detector.healthy(r.task.peer) {
			r.end(r.task.peer + " is not reachable")
			return
		}
		r.res.Bytes += n.background.charge(body, r.task.peer)
		n.calls.begin(r.task.peer, 0, body, n.cfg.Timings.Patience, call{
			onSilent: func() { r.end(r.task.peer + " does not answer") },
			onAnswer: func(b wire.Body) {
				if r.over {
					return
				}
				r.res.Bytes += n.background.charge(b, r.task.peer)
				then(b)
			},
		})
	})
}

// askTree is ask for a question that a SyncReply answers.
func (r *round) askTree(q wire.Sync, then func(wire.SyncReply)) {
	p := r.task.id
	q.Start, q.End, q.Depth = p.Start, p.End, p.Depth
	r.ask(q, func(b wire.Body) {
		switch a, ok := b.(wire.SyncReply); {
		case !ok:
			r.end(r.task.peer + " answered something else")
		case a.Err == wire.Overloaded:
			r.end(r.task.peer + " is busy")
		case a.Err != wire.OK:
			r.end(r.task.peer + " does not share the range")
		default:
			then(a)
		}
	})
}

// end ends the round. err says why it failed, "" if it did not.
func (r *round) end(err string) {
	if r.over {
		return
	}
	r.over = true
	r.res.Err = err
	if err == "" && !r.task.look && !r.refused {
		r.n.arrivals.synced(r.task)
	}
	r.n.syncer.ended(r.task, r.res)
}

// descend asks for the hashes below the nodes that differ, level by level.
func (r *round) descend() {
	tree, ok := r.tree()
	if !ok {
		return
	}
	if len(r.nodes) == 0 {
		r.level += min(syncLevels, tree.Depth()-r.level)
		r.nodes, r.deeper = r.deeper, nil
		if len(r.nodes) == 0 { // the trees have become equal meanwhile
			r.end("")
			return
		}
	}
	if r.level == tree.Depth() {
		r.res.Buckets = len(r.nodes)
		r.emit(event.SyncCompared)
		r.list()
		return
	}
	nodes := r.nodes[:min(len(r.nodes), wire.MaxSyncNodes)]
	r.nodes = r.nodes[len(nodes):]
	r.askTree(wire.Sync{Ask: wire.AskTree, Level: r.level, Nodes: nodes, Root: tree.Root()}, func(a wire.SyncReply) { r.below(nodes, a) })
}

func (r *round) emit(kind event.Kind) {
	r.n.emit(event.Event{Kind: kind, Peer: r.task.peer, Rounds: []event.SyncRound{r.res}})
}

// below compares the hashes below nodes with the answer.
func (r *round) below(nodes []uint32, a wire.SyncReply) {
	tree, ok := r.tree()
	if !ok {
		return
	}
	if r.level == 0 {
		r.res.Hashes++
		if a.Same {
			r.n.records.tooLarge.MergedAll(r.task.peer, func(key []byte) bool { return keyrange.At(r.n.members.ring, ring.Of(key)) == r.task.id })
			r.end("")
			return
		}
		r.res.FullCopy = max(r.res.FullCopy, a.Size)
		r.emit(event.SyncStarted)
	}
	down := min(syncLevels, tree.Depth()-r.level)
	if len(a.Hashes) != len(nodes)<<down {
		r.end(fmt.Sprintf("%s answered with %d hashes", r.task.peer, len(a.Hashes)))
		return
	}
	r.res.Hashes += len(a.Hashes)
	r.res.Levels = max(r.res.Levels, r.level+down)
	for i, h := range a.Hashes {
		if d := int(nodes[i>>down])<<down + i&(1<<down-1); tree.Hash(r.level+down, d) != h {
			r.deeper = append(r.deeper, uint32(d))
		}
	}
	if k := len(r.res.Path); k == 0 || k == r.level+1 { // no earlier answer of this level gave the path
		r.follow(tree, nodes, a.Hashes, down)
	}
	r.descend()
}

// follow notes the path to the first node that differs. The hashes of the levels that were not sent
// follow from those of the level that was.
func (r *round) follow(tree *merkle.Tree, nodes []uint32, hashes []uint64, down int) {
	if len(r.deeper) == 0 {
		return
	}
	to := int(r.deeper[0])
	i := slices.Index(nodes, uint32(to>>down))
	theirs := hashes[i<<down : (i+1)<<down]
	first := int(nodes[i]) << down
	var path []event.SyncHash
	for up := 0; up <= down; up++ {
		level, node := r.level+down-up, to>>up
		path = append(path, event.SyncHash{Level: level, Node: node, Left: tree.Hash(level, node), Right: theirs[node-first>>up]})
		if up < down {
			theirs = merkle.Fold(theirs)
		}
	}
	slices.Reverse(path)
	r.res.Path = append(r.res.Path[:min(len(r.res.Path), r.level)], path...)
}

// list asks for the hashes of the keys in the next buckets that differ.
func (r *round) list() {
	tree, ok := r.tree()
	if !ok {
		return
	}
	if len(r.nodes) == 0 {
		why := ""
		if r.refused && r.task.transfer && !mutant.Is(mutant.RefusalIgnored) {
			why = r.task.peer + " did not take all of it"
		}
		r.end(why)
		return
	}
	k := min(max(listedKeys/(tree.Keys()>>tree.Depth()+1), 1), wire.MaxSyncNodes, len(r.nodes))
	if k > 1 && r.n.buggify(ShortAnswers) {
		k = 1
	}
	r.buckets, r.nodes = r.nodes[:k], r.nodes[k:]
	r.askTree(wire.Sync{Ask: wire.AskBuckets, Nodes: r.buckets}, r.listed)
}

// listed finds the keys that differ, from the hashes of the peer's records.
func (r *round) listed(a wire.SyncReply) {
	tree, ok := r.tree()
	if !ok {
		return
	}
	r.res.Hashes += len(a.Hashes)
	r.theirs = make(map[uint64]bool, len(a.Hashes))
	for _, h := range a.Hashes {
		r.theirs[h] = true
	}
	r.counted = map[string]bool{}
	mine := map[uint64]bool{}
	r.push = nil
	scanBucketList(r.n.db, tree, r.buckets, func(k scanned) bool {
		mine[k.state.Hash] = true
		if !r.theirs[k.state.Hash] {
			r.push = append(r.push, k.key)
			r.count(k.key)
		} else {
			r.n.records.tooLarge.Merged(k.key, r.task.peer)
		}
		return true
	})
	r.pull = slices.DeleteFunc(slices.Clone(a.Hashes), func(h uint64) bool { return mine[h] || r.task.transfer || r.cannotMerge(h) })
	r.fetch()
}

// cannotMerge reports whether the peer's record with that hash is known to be too large to be merged.
// Its key still differs, so cannotMerge counts the key.
func (r *round) cannotMerge(hash uint64) bool {
	f := r.n.records.tooLarge.BlocksPull(r.n.now, r.task.peer, hash)
	if f == nil {
		return false
	}
	r.count(f.Key)
	r.refused = true
	return true
}

// count notes that a key differs.
func (r *round) count(key []byte) {
	if r.counted[string(key)] {
		return
	}
	r.counted[string(key)] = true
	r.res.Count++
	if len(r.res.Differing) < event.MaxSyncKeys {
		r.res.Differing = append(r.res.Differing, key)
	}
}

// fetch pulls the records that the peer has and this node does not, then goes on to push.
func (r *round) fetch() {
	if len(r.pull) == 0 {
		r.pushSome()
		return
	}
	want := r.pull[:min(len(r.pull), r.n.background.ctl.Part(wire.MaxSyncEntries))]
	r.askTree(wire.Sync{Ask: wire.AskKeys, Nodes: r.buckets, Hashes: want}, r.fetched)
}

// fetched merges the records of an answer.
func (r *round) fetched(a wire.SyncReply) {
	tree, ok := r.tree()
	if !ok {
		return
	}
	pulled := map[uint64]bool{}
	for _, e := range a.Entries {
		s := merkle.StateOf(e.Key, e.Siblings, e.LWW)
		if !slices.Contains(r.buckets, uint32(tree.Bucket(ring.Of(e.Key)))) || !r.theirs[s.Hash] {
			continue // the round did not ask for this record
		}
		pulled[s.Hash] = true
		r.count(e.Key)
		if r.task.look {
			continue
		}
		if mutant.Is(mutant.SyncTruncates) {
			e.Siblings = truncated(e.Siblings)
		}
		switch r.n.records.merge(update{key: e.Key, siblings: e.Siblings, lww: e.LWW, purpose: wire.AntiEntropy, peer: r.task.peer}) {
		case wire.OK:
			r.res.Received++
		case wire.TooLarge:
			r.tooLarge(e.Key, s.Hash, e.Siblings)
			fallthrough
		default:
			r.refused = true
		}
	}
	r.pull = slices.DeleteFunc(slices.Clone(r.pull), func(h uint64) bool { return pulled[h] })
	if len(pulled) == 0 { // the other records have changed since they were listed
		r.pull, r.refused = nil, true
	}
	r.fetch()
}

// tooLarge remembers that the versions of a key at both ends do not fit into one record. hash and
// theirs are the peer's record, 0 and nil if this node does not know it.
func (r *round) tooLarge(key []byte, hash uint64, theirs vclock.Siblings) {
	rec, err := r.n.records.read(store.Data, record.DataKey(key))
	if err != nil {
		return
	}
	r.n.records.refused(oversize.Merge{
		TooLarge: event.TooLarge{Key: key, Peer: r.task.peer, Bytes: rec.Siblings.Size(), Versions: len(rec.Siblings), PeerBytes: theirs.Size(), PeerVersions: len(theirs)},
		Mine:     stateOf(key, rec).Hash, Theirs: hash,
	})
}

// pushSome sends the records that this node has and the peer does not, until the window is full. It
// goes on to the next buckets once the peer has answered all of them.
func (r *round) pushSome() {
	if r.task.look || mutant.Is(mutant.NeverPushed) {
		r.push = nil
	}
	for len(r.push) > 0 && !r.over && !r.n.windowFull(r.flying, pushWindow) {
		key := r.push[0]
		r.push = r.push[1:]
		if r.n.records.tooLarge.BlocksPush(r.n.now, r.task.peer, key, r.theirs) {
			r.refused = true
			continue
		}
		rec, err := r.n.records.read(store.Data, record.DataKey(key))
		if err != nil || len(rec.Siblings) == 0 || r.theirs[stateOf(key, rec).Hash] {
			continue // the peer's record contains all versions
		}
		r.flying++
		w := wire.Write{Key: key, Siblings: rec.Siblings, LWW: rec.LWW, Purpose: r.purpose()}
		r.ask(w, func(b wire.Body) {
			r.flying--
			a, ok := b.(wire.WriteReply)
			switch {
			case ok && a.Err == wire.OK:
				r.n.records.tooLarge.Merged(key, r.task.peer)
				r.res.Sent++
			case ok && a.Err == wire.TooLarge:
				r.tooLarge(key, 0, nil)
				fallthrough
			default:
				r.refused = true
			}
			r.pushSome()
		})
	}
	if len(r.push) == 0 && r.flying == 0 && !r.over {
		r.list()
	}
}

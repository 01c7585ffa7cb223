package engine

// §4.7: "two nodes exchange the root of the Merkle tree corresponding to the key ranges that they
// host in common. Subsequently, using this tree traversal scheme the nodes determine if they have
// any differences and perform the appropriate synchronization action."
//
// One node runs a round; the other one only answers (syncanswer.go). Here the round compares the
// two trees. Each answer goes syncLevels down, so a tree takes at most four questions. Then the
// round compares the buckets that differ key by key (synckeys.go).

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// syncLevels is how many levels an answer goes down. An answer has 16 hashes for each node that
// differs. One level at a time would take four times the questions.
const syncLevels = 4

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

// purpose returns what the writes of the round are for.
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
		n.calls.begin(r.task.peer, 0, body, n.cfg.Timings.Patience, callbacks{
			silent: func() { r.end(r.task.peer + " does not answer") },
			answer: func(b wire.Body) {
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
	if err == "" && !r.task.dryRun && !r.refused {
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
	question := wire.Sync{Ask: wire.AskTree, Level: r.level, Nodes: nodes, Root: tree.Root()}
	r.askTree(question, func(a wire.SyncReply) { r.below(nodes, a) })
}

// emit adds an event about the round as it is now.
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
			r.n.records.oversized.MergedAll(r.task.peer, func(key []byte) bool {
				return keyrange.At(r.n.members.ring, ring.Of(key)) == r.task.id
			})
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
		left, right := tree.Hash(level, node), theirs[node-first>>up]
		path = append(path, event.SyncHash{Level: level, Node: node, Left: left, Right: right})
		if up < down {
			theirs = merkle.Fold(theirs)
		}
	}
	slices.Reverse(path)
	r.res.Path = append(r.res.Path[:min(len(r.res.Path), r.level)], path...)
}

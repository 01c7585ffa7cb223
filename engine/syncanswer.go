package engine

// §4.7: the other side of a round of anti-entropy (syncround.go). It answers each question from
// what the node holds now, and remembers nothing of the round.

import (
	"math"

	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

// fetchBytes bounds the bytes of records in one answer. An answer holds at least one record.
const fetchBytes = 256 << 10

// onSync answers a question of another node's round.
func (s *syncer) onSync(m wire.Message, q wire.Sync) {
	n := s.n
	id := keyrange.ID{Start: q.Start, End: q.End, Depth: q.Depth}
	switch {
	case !id.HasHomes(n.members.ring, n.cfg.Name):
		n.answer(m, wire.SyncReply{Err: wire.BadRequest})
		return
	case n.coordinator.requests >= syncBusy || n.buggify(LittleSync):
		n.answer(m, wire.SyncReply{Err: wire.Overloaded})
		return
	}
	tree := n.trees.Tree(id)
	switch q.Ask {
	case wire.AskTree:
		n.answer(m, treeReply(tree, q))
	case wire.AskBuckets:
		n.answer(m, s.bucketsReply(tree, q))
	case wire.AskKeys:
		n.answer(m, s.keysReply(tree, q))
	}
}

// treeReply returns the hashes below nodes of the tree, or that the whole tree is the same.
func treeReply(t *merkle.Tree, q wire.Sync) wire.SyncReply {
	if q.Level == 0 && (q.Root == t.Root() || mutant.Is(mutant.RootsAlwaysSame)) {
		return wire.SyncReply{Same: true}
	}
	a := wire.SyncReply{Size: min(t.Size(), math.MaxInt32)}
	down := min(syncLevels, t.Depth()-q.Level)
	for _, node := range q.Nodes {
		a.Hashes = t.Below(a.Hashes, q.Level, int(node), down)
	}
	return a
}

// bucketsReply returns the hashes of the keys in buckets.
func (s *syncer) bucketsReply(t *merkle.Tree, q wire.Sync) wire.SyncReply {
	var a wire.SyncReply
	scanBucketList(s.n.db, t, q.Nodes, func(k scanned) bool {
		a.Hashes = append(a.Hashes, k.state.Hash)
		return len(a.Hashes) < wire.MaxSyncHashes && !s.n.buggify(ShortAnswers)
	})
	return a
}

// keysReply returns the records with the hashes that were asked for, as many as one answer carries.
func (s *syncer) keysReply(t *merkle.Tree, q wire.Sync) wire.SyncReply {
	wanted := make(map[uint64]bool, len(q.Hashes))
	for _, h := range q.Hashes {
		wanted[h] = true
	}
	var a wire.SyncReply
	size := 0
	scanBucketList(s.n.db, t, q.Nodes, func(k scanned) bool {
		if !wanted[k.state.Hash] {
			return true
		}
		if size += k.size; len(a.Entries) > 0 && (size > fetchBytes || s.n.buggify(ShortAnswers)) {
			return false
		}
		a.Entries = append(a.Entries, wire.Entry{Key: k.key, Siblings: k.rec.Siblings, LWW: k.rec.LWW})
		return len(a.Entries) < wire.MaxSyncEntries
	})
	return a
}

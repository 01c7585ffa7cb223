package engine

// §4.7, the second half of a round (syncround.go): the nodes compare the hashes of the keys in the
// buckets that differ, and exchange only the keys that differ. The round pulls first, then pushes
// what the other node still lacks. Both ends merge what comes as they merge any replica.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/oversize"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// listedKeys is about how many keys are listed at once. That takes each node a millisecond. A
	// bucket with more than wire.MaxSyncHashes keys (on a ring with sixty million keys) is listed
	// in part; pushes from both sides then bring the rest.
	listedKeys = 128
	// pushWindow is how many pushed keys may be under way at once.
	pushWindow = 16
)

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
			r.n.records.oversized.Merged(k.key, r.task.peer)
		}
		return true
	})
	r.pull = slices.DeleteFunc(slices.Clone(a.Hashes), func(h uint64) bool {
		return mine[h] || r.task.transfer || r.skipOversized(h)
	})
	r.fetch()
}

// skipOversized reports whether the peer's record with that hash is known to be of an oversized
// key. Such a key still differs, so skipOversized counts the key.
func (r *round) skipOversized(hash uint64) bool {
	f := r.n.records.oversized.BlocksPull(r.n.now, r.task.peer, hash)
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
		if r.task.dryRun {
			continue
		}
		if mutant.Is(mutant.SyncTruncates) {
			e.Siblings = truncated(e.Siblings)
		}
		u := update{key: e.Key, siblings: e.Siblings, lww: e.LWW, purpose: wire.AntiEntropy, peer: r.task.peer}
		switch r.n.records.merge(u) {
		case wire.OK:
			r.res.Received++
		case wire.TooLarge:
			r.refuseMerge(e.Key, s.Hash, e.Siblings)
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

// refuseMerge remembers that the versions of a key at both ends do not fit into one record. hash
// and theirs are the peer's record, 0 and nil if this node does not know it.
func (r *round) refuseMerge(key []byte, hash uint64, theirs vclock.Siblings) {
	rec, err := r.n.records.read(store.Data, r.n.dataKey(key))
	if err != nil {
		return
	}
	r.n.records.refused(oversize.Merge{
		Oversized: event.Oversized{
			Key: key, Bytes: rec.Siblings.Size(), Versions: len(rec.Siblings),
			Peer: r.task.peer, PeerBytes: theirs.Size(), PeerVersions: len(theirs),
		},
		Mine: stateOf(key, rec).Hash, Theirs: hash,
	})
}

// pushSome sends the records that this node has and the peer does not, until the window is full. It
// goes on to the next buckets once the peer has answered all of them.
func (r *round) pushSome() {
	if r.task.dryRun || mutant.Is(mutant.NeverPushed) {
		r.push = nil
	}
	for len(r.push) > 0 && !r.over && !r.n.windowFull(r.flying, pushWindow) {
		key := r.push[0]
		r.push = r.push[1:]
		if r.n.records.oversized.BlocksPush(r.n.now, r.task.peer, key, r.theirs) {
			r.refused = true
			continue
		}
		rec, err := r.n.records.read(store.Data, r.n.dataKey(key))
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
				r.n.records.oversized.Merged(key, r.task.peer)
				r.res.Sent++
			case ok && a.Err == wire.TooLarge:
				r.refuseMerge(key, 0, nil)
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

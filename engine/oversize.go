package engine

// §4.7 exchanges what differs between replicas until they hold the same. Versions of a key pile up until a client
// reconciles them (§4.4), but a replica takes no more of a key than fits into a message (mergeInto). Two nodes that
// together hold more cannot merge it.
//
// Beyond the paper: a node remembers such a merge, and does not send the versions again as long as nothing
// has changed at either end. Where it cannot tell, it tries again more and more rarely. Its State says why the key does
// not converge.

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/trace"
)

const (
	// firstRetry is how long a node waits before it tries a refused merge again if it does not know what the peer
	// holds, and lastRetry the longest that it waits: each time it waits twice as long.
	firstRetry = 20 * time.Second
	lastRetry  = 5 * time.Minute
	// knownRetry is how long it waits if it knows that neither end has changed: then nothing can come of it.
	knownRetry = time.Hour
	// maxRefusals bounds the refused merges that a node remembers; further ones are tried in each round.
	maxRefusals = 1024
	// toldRefusals is how many of them a node's State names.
	toldRefusals = 8
)

// A refusal is a merge of two nodes' versions of a key that one of them refused as too large.
type refusal struct {
	trace.TooLarge
	mine   uint64        // the hash of what this node holds
	theirs uint64        // of what the peer holds; 0 if this node does not know
	until  time.Duration // when it is tried again
	wait   time.Duration
}

// refusals are those that a node remembers. Each ends when the node's own record of the key changes.
type refusals struct {
	byKey  map[string]map[string]*refusal // by key and peer
	pulled map[pulledState]*refusal       // those with theirs
	count  int
}

// A pulledState is what a peer holds of some key.
type pulledState struct {
	peer string
	hash uint64
}

func newRefusals() *refusals {
	return &refusals{byKey: map[string]map[string]*refusal{}, pulled: map[pulledState]*refusal{}}
}

// add remembers a refusal, and returns false if it was known.
func (b *refusals) add(now time.Duration, r refusal) (fresh bool) {
	key := string(r.Key)
	old := b.byKey[key][r.Peer]
	if old == nil && b.count >= maxRefusals {
		return false
	}
	r.wait = firstRetry
	if old != nil && old.mine == r.mine {
		r.wait = min(2*old.wait, lastRetry)
		r.theirs = cmp.Or(r.theirs, old.theirs)
		r.PeerBytes = cmp.Or(r.PeerBytes, old.PeerBytes)
		r.PeerVersions = cmp.Or(r.PeerVersions, old.PeerVersions)
	}
	r.until = now + r.wait
	if r.theirs != 0 {
		r.until = now + knownRetry
	}
	b.remove(key, r.Peer)
	if b.byKey[key] == nil {
		b.byKey[key] = map[string]*refusal{}
	}
	b.byKey[key][r.Peer] = &r
	b.count++
	if r.theirs != 0 {
		b.pulled[pulledState{r.Peer, r.theirs}] = &r
	}
	return old == nil
}

func (b *refusals) remove(key, peer string) {
	r := b.byKey[key][peer]
	if r == nil {
		return
	}
	if delete(b.byKey[key], peer); len(b.byKey[key]) == 0 {
		delete(b.byKey, key)
	}
	delete(b.pulled, pulledState{peer, r.theirs})
	b.count--
}

// changed forgets what was refused of a key: the node holds something else of it now.
func (b *refusals) changed(key []byte) {
	for peer := range b.byKey[string(key)] {
		b.remove(string(key), peer)
	}
}

// merged forgets what was refused with a peer: they have merged it.
func (b *refusals) merged(key []byte, peer string) { b.remove(string(key), peer) }

// mergedAll is merged for all keys of which is says that they are meant.
func (b *refusals) mergedAll(peer string, is func(key []byte) bool) {
	for key, peers := range b.byKey {
		if peers[peer] != nil && !peers[peer].Hint && is([]byte(key)) {
			b.remove(key, peer)
		}
	}
}

// holdsPull returns the refusal because of which the state of that hash is not to be pulled from peer now, nil if
// there is none.
func (b *refusals) holdsPull(now time.Duration, peer string, hash uint64) *refusal {
	if r := b.pulled[pulledState{peer, hash}]; r != nil && now < r.until {
		return r
	}
	return nil
}

// holdsPush says whether the key is not to be pushed to peer now. theirs are the hashes of what the peer holds.
func (b *refusals) holdsPush(now time.Duration, peer string, key []byte, theirs map[uint64]bool) bool {
	r := b.byKey[string(key)][peer]
	if r == nil {
		return false
	}
	if r.theirs != 0 && !theirs[r.theirs] { // the peer holds something else of it now
		b.remove(string(key), peer)
		return false
	}
	return now < r.until
}

// holdsHint says whether a hint is not to be delivered now.
func (b *refusals) holdsHint(now time.Duration, key, home string) bool {
	r := b.byKey[key][home]
	return r != nil && now < r.until
}

// retry lets all of them be tried at once.
func (b *refusals) retry() {
	for _, peers := range b.byKey {
		for _, r := range peers {
			r.until = 0
		}
	}
}

// told lists the first refusals for State.
func (b *refusals) told() []trace.TooLarge {
	var out []trace.TooLarge
	for _, peers := range b.byKey {
		for _, r := range peers {
			out = append(out, r.TooLarge)
		}
	}
	slices.SortFunc(out, func(a, b trace.TooLarge) int {
		return cmp.Or(slices.Compare(a.Key, b.Key), cmp.Compare(a.Peer, b.Peer))
	})
	return out[:min(len(out), toldRefusals)]
}

// refuse remembers a merge that was refused, and tells of it once.
func (n *Node) refuse(r refusal) {
	if !n.refusals.add(n.now, r) {
		return
	}
	n.emit(trace.Event{Kind: trace.MergeRefused, Key: r.Key, Peer: r.Peer, Count: r.Bytes + r.PeerBytes, Want: trace.MaxMergedBytes, Message: r.Sizes(n.cfg.Name)})
}

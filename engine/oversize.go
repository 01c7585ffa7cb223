package engine

// §4.7: anti-entropy exchanges versions until replicas hold the same. Versions of a key pile up
// until a client reconciles them (§4.4), but a replica holds at most what fits into one message
// (mergeInto). Two nodes that together hold more versions than that cannot merge the key.
//
// Beyond the paper: a node remembers such a merge. It does not send the versions again as long as
// both ends hold what they held. If the node does not know what the peer holds, it tries again
// after growing waits. The node's State says why the key does not converge.

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/event"
)

const (
	// firstRetry is the wait before a node tries a refused merge again, if the node does not know
	// what the peer holds. Each further wait is twice as long, up to lastRetry.
	firstRetry = 20 * time.Second
	lastRetry  = 5 * time.Minute
	// knownRetry is the wait if the node knows that neither end has changed. The merge would be
	// refused again.
	knownRetry = time.Hour
	// maxRefusals bounds the refused merges that a node remembers. Further merges are tried in each
	// round.
	maxRefusals = 1024
	// toldRefusals bounds the refused merges that a node's State names.
	toldRefusals = 8
)

// A refusal is a merge of two nodes' versions of a key that one of them refused as too large.
type refusal struct {
	event.TooLarge
	mine   uint64        // the hash of this node's versions
	theirs uint64        // the hash of the peer's versions; 0 if this node does not know
	until  time.Duration // when the merge is tried again
	wait   time.Duration // the latest wait without theirs
}

// refusals holds the refusals that a node remembers. A refusal ends when the node's record of the
// key changes.
type refusals struct {
	byKey  map[string]map[string]*refusal // by key and peer
	pulled map[pulledState]*refusal       // the refusals whose theirs is known
	count  int
}

// A pulledState names the versions of a key that a peer holds.
type pulledState struct {
	peer string
	hash uint64
}

func newRefusals() *refusals {
	return &refusals{byKey: map[string]map[string]*refusal{}, pulled: map[pulledState]*refusal{}}
}

// add remembers a refusal. It returns false if the refusal was known, or if there is no room for
// it.
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

// changed forgets the refusals of a key, because the node's versions of the key have changed.
func (b *refusals) changed(key []byte) {
	for peer := range b.byKey[string(key)] {
		b.remove(string(key), peer)
	}
}

// merged forgets the refusal of a key with a peer, because the two have merged the key.
func (b *refusals) merged(key []byte, peer string) { b.remove(string(key), peer) }

// mergedAll calls merged for each key for which is returns true, except for hints.
func (b *refusals) mergedAll(peer string, is func(key []byte) bool) {
	for key, peers := range b.byKey {
		if peers[peer] != nil && !peers[peer].Hint && is([]byte(key)) {
			b.remove(key, peer)
		}
	}
}

// holdsPull returns the refusal that forbids pulling the versions of that hash from peer now, nil
// if there is none.
func (b *refusals) holdsPull(now time.Duration, peer string, hash uint64) *refusal {
	if r := b.pulled[pulledState{peer, hash}]; r != nil && now < r.until {
		return r
	}
	return nil
}

// holdsPush says whether a refusal forbids pushing the key to peer now. theirs are the hashes of
// the peer's records.
func (b *refusals) holdsPush(now time.Duration, peer string, key []byte, theirs map[uint64]bool) bool {
	r := b.byKey[string(key)][peer]
	if r == nil {
		return false
	}
	if r.theirs != 0 && !theirs[r.theirs] { // the peer's versions have changed
		b.remove(string(key), peer)
		return false
	}
	return now < r.until
}

// holdsHint says whether a refusal forbids delivering a hint now.
func (b *refusals) holdsHint(now time.Duration, key, home string) bool {
	r := b.byKey[key][home]
	return r != nil && now < r.until
}

// retry ends the waits of all refusals.
func (b *refusals) retry() {
	for _, peers := range b.byKey {
		for _, r := range peers {
			r.until = 0
		}
	}
}

// told lists the first toldRefusals refusals for State, by key and peer.
func (b *refusals) told() []event.TooLarge {
	var out []event.TooLarge
	for _, peers := range b.byKey {
		for _, r := range peers {
			out = append(out, r.TooLarge)
		}
	}
	slices.SortFunc(out, func(a, b event.TooLarge) int {
		return cmp.Or(slices.Compare(a.Key, b.Key), cmp.Compare(a.Peer, b.Peer))
	})
	return out[:min(len(out), toldRefusals)]
}

// refuse remembers a merge that was refused, and emits an event for the first refusal.
func (n *Node) refuse(r refusal) {
	if !n.refusals.add(n.now, r) {
		return
	}
	n.emit(event.Event{Kind: event.MergeRefused, Key: r.Key, Peer: r.Peer, Count: r.Bytes + r.PeerBytes, Want: event.MaxMergedBytes, Message: r.Sizes(n.cfg.Name)})
}

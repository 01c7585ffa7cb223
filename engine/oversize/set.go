package oversize

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
	// knownRetry is the wait if the node knows what both ends hold. As long as neither end changes,
	// the merge would be refused again.
	knownRetry = time.Hour
	// maxMerges bounds the merges that a node remembers. Further merges are tried in each round.
	maxMerges = 1024
	// maxListed bounds the merges that a node's State names.
	maxListed = 8
)

// A Merge is a merge of two nodes' versions of a key that one of them refused.
type Merge struct {
	event.Oversized
	Mine   uint64 // the hash of this node's versions
	Theirs uint64 // the hash of the peer's versions; 0 if this node does not know it

	until time.Duration // when the merge may be tried again
	wait  time.Duration // the latest wait without Theirs
}

// A Set holds the merges that a node remembers.
type Set struct {
	byKey  map[string]map[string]*Merge // by key and peer
	pulled map[versions]*Merge          // the merges whose Theirs is known
	count  int
}

// versions names the versions of a key that a peer holds.
type versions struct {
	peer string
	hash uint64
}

// NewSet returns an empty set.
func NewSet() *Set {
	return &Set{byKey: map[string]map[string]*Merge{}, pulled: map[versions]*Merge{}}
}

// Add remembers a merge that was refused now. It returns false if the merge was known, or if there
// is no room for it.
func (s *Set) Add(now time.Duration, m Merge) (fresh bool) {
	key := string(m.Key)
	old := s.byKey[key][m.Peer]
	if old == nil && s.count >= maxMerges {
		return false
	}
	m.wait = firstRetry
	if old != nil && old.Mine == m.Mine {
		m.wait = min(2*old.wait, lastRetry)
		m.Theirs = cmp.Or(m.Theirs, old.Theirs)
		m.PeerBytes = cmp.Or(m.PeerBytes, old.PeerBytes)
		m.PeerVersions = cmp.Or(m.PeerVersions, old.PeerVersions)
	}
	m.until = now + m.wait
	if m.Theirs != 0 {
		m.until = now + knownRetry
	}
	s.remove(key, m.Peer)
	if s.byKey[key] == nil {
		s.byKey[key] = map[string]*Merge{}
	}
	s.byKey[key][m.Peer] = &m
	s.count++
	if m.Theirs != 0 {
		s.pulled[versions{m.Peer, m.Theirs}] = &m
	}
	return old == nil
}

func (s *Set) remove(key, peer string) {
	m := s.byKey[key][peer]
	if m == nil {
		return
	}
	if delete(s.byKey[key], peer); len(s.byKey[key]) == 0 {
		delete(s.byKey, key)
	}
	delete(s.pulled, versions{peer, m.Theirs})
	s.count--
}

// Changed forgets the merges of a key, because the node's versions of the key have changed.
func (s *Set) Changed(key []byte) {
	for peer := range s.byKey[string(key)] {
		s.remove(string(key), peer)
	}
}

// Merged forgets the merge of a key with a peer, because the two hold the same now.
func (s *Set) Merged(key []byte, peer string) { s.remove(string(key), peer) }

// MergedAll calls Merged for each key for which in returns true, except for hints.
func (s *Set) MergedAll(peer string, in func(key []byte) bool) {
	for key, peers := range s.byKey {
		if peers[peer] != nil && !peers[peer].Hint && in([]byte(key)) {
			s.remove(key, peer)
		}
	}
}

// BlocksPull returns the merge because of which the versions with that hash must not be pulled from
// peer now. It returns nil if there is none.
func (s *Set) BlocksPull(now time.Duration, peer string, hash uint64) *Merge {
	if m := s.pulled[versions{peer, hash}]; m != nil && now < m.until {
		return m
	}
	return nil
}

// BlocksPush reports whether the key must not be pushed to peer now. The hashes of the peer's
// records are theirs.
func (s *Set) BlocksPush(now time.Duration, peer string, key []byte, theirs map[uint64]bool) bool {
	m := s.byKey[string(key)][peer]
	if m == nil {
		return false
	}
	if m.Theirs != 0 && !theirs[m.Theirs] { // the peer's versions have changed
		s.remove(string(key), peer)
		return false
	}
	return now < m.until
}

// BlocksHint reports whether a hint must not be sent now.
func (s *Set) BlocksHint(now time.Duration, key []byte, home string) bool {
	m := s.byKey[string(key)][home]
	return m != nil && now < m.until
}

// Retry lets all merges be tried again at once.
func (s *Set) Retry() {
	for _, peers := range s.byKey {
		for _, m := range peers {
			m.until = 0
		}
	}
}

// List returns the first maxListed merges by key and peer.
func (s *Set) List() []event.Oversized {
	var out []event.Oversized
	for _, peers := range s.byKey {
		for _, m := range peers {
			out = append(out, m.Oversized)
		}
	}
	slices.SortFunc(out, func(a, b event.Oversized) int {
		return cmp.Or(slices.Compare(a.Key, b.Key), cmp.Compare(a.Peer, b.Peer))
	})
	return out[:min(len(out), maxListed)]
}

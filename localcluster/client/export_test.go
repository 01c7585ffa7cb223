package client

import "ringside/engine/ring"

// NewPartitionAwareEvery is NewPartitionAware with a time between polls.
var NewPartitionAwareEvery = newPartitionAware

// Counts returns how often the client has polled and refreshed.
func (p *PartitionAwareClient) Counts() (polls, refreshes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polls, p.refreshes
}

// State returns the ring that the client knows and its digest.
func (p *PartitionAwareClient) State() (view uint64, r *ring.Ring) { return p.state() }

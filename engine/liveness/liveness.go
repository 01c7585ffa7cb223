package liveness

import (
	"time"

	"ringside/engine/mutant"
)

// Peers holds the state of all peers. It belongs to one goroutine.
type Peers struct {
	byName map[string]*peer
}

// peer is the state of one peer. The zero peer is healthy.
type peer struct {
	disconnected bool // the driver has no connection to the peer
	suspected    bool // the peer did not answer
	answered     bool // the peer has answered at least once
	heard        time.Duration
	probing      bool
}

// New returns Peers in which every peer is healthy.
func New() *Peers { return &Peers{byName: map[string]*peer{}} }

// of returns the state of a peer. A peer that was never reported on has the zero state.
func (p *Peers) of(name string) peer {
	if s := p.byName[name]; s != nil {
		return *s
	}
	return peer{}
}

// change returns the state of a peer for a change.
func (p *Peers) change(name string) *peer {
	s := p.byName[name]
	if s == nil {
		s = &peer{}
		p.byName[name] = s
	}
	return s
}

// healthy reports whether the peer has not failed.
func (s *peer) healthy() bool { return !s.disconnected && !s.suspected }

// Healthy reports whether the peer is connected and not suspected.
func (p *Peers) Healthy(name string) bool {
	s := p.of(name)
	return s.healthy()
}

// Connected reports whether a message to the peer has a chance to arrive.
func (p *Peers) Connected(name string) bool { return !p.of(name).disconnected }

// HeardWithin reports whether the peer has answered within the last d.
func (p *Peers) HeardWithin(name string, now, d time.Duration) bool {
	s := p.of(name)
	return s.answered && now-s.heard <= d
}

// Answered reports an answer of the peer. It returns true if the peer had failed and is healthy
// now.
func (p *Peers) Answered(name string, now time.Duration) (recovered bool) {
	s := p.change(name)
	s.answered, s.heard = true, now
	if !s.suspected || mutant.Is(mutant.SuspectedForever) {
		return false
	}
	s.suspected = false
	return s.healthy()
}

// Silent reports that the peer did not answer in time. It returns true if the peer was healthy.
func (p *Peers) Silent(name string) (failed bool) {
	s := p.change(name)
	failed = s.healthy()
	s.suspected = true
	return failed
}

// Disconnected reports that the connection to the peer is gone. changed is false if that was known;
// failed is true if the peer was healthy.
func (p *Peers) Disconnected(name string) (changed, failed bool) {
	s := p.change(name)
	changed, failed = !s.disconnected, s.healthy()
	s.disconnected = true
	return changed, failed
}

// Reconnected reports a new connection to the peer. It returns true if the peer had failed.
func (p *Peers) Reconnected(name string) (recovered bool) {
	s := p.change(name)
	if s.healthy() || mutant.Is(mutant.ReturnUnnoticed) {
		return false
	}
	s.disconnected, s.suspected = false, false
	return true
}

// BeginProbe returns true if the peer has failed and no probe of it is planned. The caller then
// plans a probe, which counts as planned until EndProbe.
func (p *Peers) BeginProbe(name string) bool {
	s := p.of(name)
	if s.healthy() || s.probing || mutant.Is(mutant.NeverProbed) {
		return false
	}
	p.change(name).probing = true
	return true
}

// EndProbe reports that the planned probe is due. It returns true if the peer is to be asked: it
// is still suspected, and a question can reach it.
func (p *Peers) EndProbe(name string) bool {
	s := p.change(name)
	s.probing = false
	return s.suspected && !s.disconnected
}

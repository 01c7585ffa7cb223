package engine

// §5: "the state machine waits for a small period of time to receive any outstanding responses. If
// stale versions were returned in any of the responses, the coordinator updates those nodes with
// the latest version." Only homes are repaired. A fallback's replica reaches its home as a hint. A
// get that failed repairs as well, because what its answers hold is true.

import (
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// repair updates the homes that answered with less than all answers together hold.
func (g *get) repair() {
	n := g.n
	latest, wanted := g.repairVersions()
	if !wanted {
		return
	}
	// A damaged replica is declared empty only if every other home has answered that it holds
	// nothing.
	if len(latest) == 0 && g.replicas.SoundHomes() < n.members.replicas()-1 {
		return
	}
	for _, a := range g.replicas.Answers() {
		if !g.replicas.IsHome(a.Node) || a.Siblings.Equal(latest) && !a.Damaged {
			continue
		}
		n.emit(event.Event{
			Kind: event.ReadRepair, Request: g.req.Request, Key: g.req.Key, Peer: a.Node, Versions: latest,
		})
		if a.Node == n.cfg.Name {
			n.records.merge(update{
				key: g.req.Key, siblings: latest, lww: g.lww,
				purpose: wire.ReadRepair, request: g.req.Request, peer: a.Node,
			})
			continue
		}
		w := wire.Write{Key: g.req.Key, Siblings: latest, LWW: g.lww, Purpose: wire.ReadRepair}
		n.calls.begin(a.Node, g.req.Request, w, n.cfg.Timings.Patience, nil)
	}
}

// repairVersions returns the versions that all homes should hold, and whether they are to be sent.
func (g *get) repairVersions() (latest vclock.Siblings, wanted bool) {
	latest = g.merged()
	switch {
	case mutant.Is(mutant.RepairNever):
		return nil, false
	case mutant.Is(mutant.RepairTruncates):
		return truncated(latest), true
	case mutant.Is(mutant.RepairWithoutTombstones):
		return latest.Live(), true
	}
	return latest, true
}

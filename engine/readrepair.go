package engine

// §5: "the state machine waits for a small period of time to receive any
// outstanding responses. If stale versions were returned in any of the responses,
// the coordinator updates those nodes with the latest version." Only homes are
// mended: what a stand-in holds walks home by its hint. A read that failed repairs
// too: what it found out is true all the same.

import (
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

func (g *get) repair() {
	n, latest := g.n, g.merged()
	switch {
	case mutant.Is(mutant.RepairNever):
		return
	case mutant.Is(mutant.RepairTruncates):
		latest = truncated(latest)
	case mutant.Is(mutant.RepairWithoutTombstones):
		latest = latest.Live()
	}
	if len(latest) == 0 && !g.soundHomes(n.members.replicas()-1) {
		return // a damaged replica is declared empty only if every other home says that there was nothing
	}
	for _, a := range g.answers {
		if !n.members.isHome(a.node, g.pref) || a.siblings.Equal(latest) && !a.damaged {
			continue
		}
		n.emit(event.Event{Kind: event.ReadRepair, Request: g.req.Request, Key: g.req.Key, Peer: a.node, Versions: latest})
		if a.node == n.cfg.Name {
			n.records.merge(update{key: g.req.Key, siblings: latest, lww: g.lww, purpose: wire.ReadRepair, request: g.req.Request, peer: a.node})
			continue
		}
		n.calls.begin(a.node, g.req.Request, wire.Write{Key: g.req.Key, Siblings: latest, LWW: g.lww, Purpose: wire.ReadRepair}, n.cfg.Timings.Patience, call{})
	}
}

// soundHomes says whether at least want homes answered from sound replicas.
func (g *get) soundHomes(want int) bool {
	for _, a := range g.answers {
		if !a.damaged && !a.pending && g.n.members.isHome(a.node, g.pref) {
			want--
		}
	}
	return want <= 0
}

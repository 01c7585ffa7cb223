package event

import (
	"fmt"

	"ringside/engine/wire"
)

// MaxMergedBytes bounds the bytes of one key's versions in a replica: half of a message.
const MaxMergedBytes = wire.MaxFrame / 2

// An Oversized is a merge that was refused, because the versions of two nodes do not fit together
// into one replica. A client has to reconcile the key.
type Oversized struct {
	Key          SyncKey `json:"key"`
	Peer         string  `json:"peer"`
	Hint         bool    `json:"hint,omitempty"` // the node holds its versions as a hint for Peer
	Bytes        int     `json:"bytes"`          // that the node holds
	Versions     int     `json:"versions"`
	PeerBytes    int     `json:"peer_bytes,omitempty"` // that Peer holds; 0: unknown
	PeerVersions int     `json:"peer_versions,omitempty"`
}

// Sizes describes both sides of the merge. node is the node that reported t.
func (t Oversized) Sizes(node string) string {
	out := fmt.Sprintf("%d versions of %s", t.Versions, mebibytes(t.Bytes))
	if t.Hint {
		out += " in a hint"
	}
	out += " at " + node
	if t.PeerVersions > 0 {
		out += fmt.Sprintf(" and %d versions of %s at %s", t.PeerVersions, mebibytes(t.PeerBytes), t.Peer)
	}
	return out + fmt.Sprintf(" do not fit together; a replica holds at most %d versions of %s",
		wire.MaxMerged, mebibytes(MaxMergedBytes))
}

func mebibytes(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

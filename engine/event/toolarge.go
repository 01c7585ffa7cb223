package event

import (
	"fmt"

	"ringside/engine/wire"
)

// MaxMergedBytes is the most that a replica takes of one key: half of a message.
const MaxMergedBytes = wire.MaxFrame / 2

// A TooLarge is a merge of two nodes' versions of a key that was refused, because they do not fit together into one replica.
type TooLarge struct {
	Key          SyncKey `json:"key"`
	Peer         string  `json:"peer"`
	Hint         bool    `json:"hint,omitempty"` // the node holds them as a hint for Peer
	Bytes        int     `json:"bytes"`          // that the node holds
	Versions     int     `json:"versions"`
	PeerBytes    int     `json:"peer_bytes,omitempty"` // that Peer holds; 0 if the node was not told
	PeerVersions int     `json:"peer_versions,omitempty"`
}

// Sizes says how large both sides are; node is the one that tells of it.
func (t TooLarge) Sizes(node string) string {
	out := fmt.Sprintf("%d versions of %s", t.Versions, mebibytes(t.Bytes))
	if t.Hint {
		out += " in a hint"
	}
	out += " at " + node
	if t.PeerVersions > 0 {
		out += fmt.Sprintf(" and %d versions of %s at %s", t.PeerVersions, mebibytes(t.PeerBytes), t.Peer)
	}
	return out + fmt.Sprintf(" do not fit together; a replica holds at most %d versions of %s", wire.MaxMerged, mebibytes(MaxMergedBytes))
}

func mebibytes(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

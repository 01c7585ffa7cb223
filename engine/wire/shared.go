package wire

import (
	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// The functions below encode the parts that messages and the stored values of package record have
// in common.

// VersionsToPB returns s as protobuf. The result shares memory with s.
func VersionsToPB(s vclock.Siblings) []*wirepb.Version { return siblingsToPB(s) }

// VersionsFromPB returns the versions in p, whose memory it takes over. It returns an error if no
// node can have made the versions. Their number is not limited.
func VersionsFromPB(p []*wirepb.Version) (vclock.Siblings, error) {
	s, err := siblingsFromPB(p)
	return s, first(err, checkVersions(s))
}

// HistoryToPB returns h as protobuf.
func HistoryToPB(h member.History) []*wirepb.Change { return changesToPB(h) }

// HistoryFromPB returns the history in p. It returns an error if no node can have made the history.
func HistoryFromPB(p []*wirepb.Change) (member.History, error) {
	h := changesFromPB(p)
	return h, checkChanges(h)
}

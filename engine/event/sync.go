package event

// Anti-entropy in events, and what a View makes of them.

import (
	"encoding/json"
	"fmt"

	"ringside/engine/ring"
)

// A TreeRoot is the root of a node's hash tree of the key range (Start, End].
type TreeRoot struct {
	Start ring.Position `json:"start"`
	End   ring.Position `json:"end"`
	Root  uint64        `json:"root,string"`
	Keys  int           `json:"keys,omitempty"` // tombstones too
	Size  int           `json:"size,omitempty"` // about the bytes of a copy
}

// A SyncRound is one comparison of two homes' trees of a key range.
type SyncRound struct {
	Start     ring.Position `json:"start"`
	End       ring.Position `json:"end"`
	Left      string        `json:"left"` // who began it
	Right     string        `json:"right"`
	Levels    int           `json:"levels"` // of the tree that were looked at
	Hashes    int           `json:"hashes_compared"`
	Bytes     int           `json:"bytes"`           // of all messages, both ways
	FullCopy  int           `json:"full_copy_bytes"` // that a copy of all that is held of the range would take, about
	Keys      int           `json:"keys"`            // that Left holds of the range, tombstones too
	Buckets   int           `json:"buckets"`         // whose hashes differ
	Count     int           `json:"keys_differing"`
	Sent      int           `json:"keys_sent"` // from Left to Right
	Received  int           `json:"keys_received"`
	Err       string        `json:"error,omitempty"` // why it ended early
	Differing []SyncKey     `json:"differing"`       // the first MaxSyncKeys of them
	Path      []SyncHash    `json:"path,omitempty"`  // from the root to the first bucket that differs
}

// MaxSyncKeys is how many keys a SyncRound names.
const MaxSyncKeys = 32

// A SyncHash is a place of two trees where they differ.
type SyncHash struct {
	Level int    `json:"level"`
	Node  int    `json:"node"`
	Left  uint64 `json:"left,string"`
	Right uint64 `json:"right,string"`
}

// A SyncKey is a key, in JSON a string, or {"key_base64"} if it is not UTF-8.
type SyncKey []byte

// MarshalJSON implements json.Marshaler.
func (k SyncKey) MarshalJSON() ([]byte, error) {
	text, b64 := Text(k)
	if text != nil {
		return json.Marshal(text)
	}
	return json.Marshal(keyBase64{*b64})
}

type keyBase64 struct {
	Key string `json:"key_base64"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *SyncKey) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*k = SyncKey(text)
		return nil
	}
	var j keyBase64
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("event: key of a round: %w", err)
	}
	key, err := untext(nil, &j.Key)
	*k = key
	return err
}

// A SyncPair is a key range, by its end, and two of its homes, in the order of their names.
type SyncPair struct {
	End  ring.Position
	A, B string
}

// Pair is what the round compared.
func (r SyncRound) Pair() SyncPair {
	return SyncPair{r.End, min(r.Left, r.Right), max(r.Left, r.Right)}
}

// A Span is a key range (Start, End].
type Span struct {
	Start ring.Position `json:"start"`
	End   ring.Position `json:"end"`
}

// RangeName is what people call the i-th range of the ring: p07.
func RangeName(i int) string { return fmt.Sprintf("p%02d", i) }

package event

import (
	"encoding/json"
	"fmt"

	"ringside/engine/ring"
)

// A SyncRound is one comparison of two homes' Merkle trees of the key range (Start, End] (§4.7).
type SyncRound struct {
	Start     ring.Position `json:"start"`
	End       ring.Position `json:"end"`
	Left      string        `json:"left"` // the home that began the round
	Right     string        `json:"right"`
	Levels    int           `json:"levels"` // levels of the trees that were compared
	Hashes    int           `json:"hashes_compared"`
	Bytes     int           `json:"bytes"`           // of all messages, both ways
	FullCopy  int           `json:"full_copy_bytes"` // bytes of a copy of all that Left holds of the range, about
	Keys      int           `json:"keys"`            // keys that Left holds of the range, with tombstones
	Buckets   int           `json:"buckets"`         // buckets whose hashes differ
	Count     int           `json:"keys_differing"`
	Sent      int           `json:"keys_sent"` // keys from Left to Right
	Received  int           `json:"keys_received"`
	Err       string        `json:"error,omitempty"` // why the round ended early
	Differing []SyncKey     `json:"differing"`       // at most MaxSyncKeys of the keys that differ
	Path      []SyncHash    `json:"path,omitempty"`  // hashes from the root to the first bucket that differs
}

// MaxSyncKeys bounds the keys that a SyncRound names.
const MaxSyncKeys = 32

// A SyncHash is a node of two trees whose hashes differ.
type SyncHash struct {
	Level int    `json:"level"` // 0: the root
	Node  int    `json:"node"`  // 0 to 2^Level - 1
	Left  uint64 `json:"left,string"`
	Right uint64 `json:"right,string"`
}

// A SyncPair is a key range, named by its end, and two of its homes, A before B.
type SyncPair struct {
	End  ring.Position
	A, B string
}

// Pair returns the range and the homes that the round compared.
func (r SyncRound) Pair() SyncPair {
	return SyncPair{r.End, min(r.Left, r.Right), max(r.Left, r.Right)}
}

// A SyncKey is a key. Its JSON is a string, or {"key_base64"} if the key is not UTF-8.
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
		return fmt.Errorf("decode key of a round: %w", err)
	}
	key, err := untext(nil, &j.Key)
	*k = key
	return err
}

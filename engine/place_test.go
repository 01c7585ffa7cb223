package engine

import (
	"bytes"
	"testing"

	"ringside/engine/record"
)

// A scan passes each key in the same memory. The place of one key must not become that of the next.
func TestPlaceDoesNotKeepTheKey(t *testing.T) {
	n := newWorld(t, "n1", "n2", "n3").nodes["n1"]
	scanned := []byte("key-a")
	n.placeOf(scanned)
	copy(scanned, "key-b")
	if got, want := n.dataKey([]byte("key-b")), record.DataKey([]byte("key-b")); !bytes.Equal(got, want) {
		t.Errorf("the stored key of key-b is %q, want %q", got, want)
	}
	if got, want := n.dataKey(scanned), record.DataKey(scanned); !bytes.Equal(got, want) {
		t.Errorf("the stored key of %s is %q, want %q", scanned, got, want)
	}
}

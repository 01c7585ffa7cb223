package engine

// Records that are damaged on disk: they count as unknown, and are mended by other replicas.

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// damage damages the record that a node's store holds under dbKey.
func (w *world) damage(node string, s store.Space, dbKey []byte) {
	w.t.Helper()
	if b, err := w.stores[node].Get(s, dbKey); b == nil || err != nil {
		w.t.Fatalf("%s holds nothing to damage", node)
	}
	if err := w.stores[node].Apply([]store.Write{{Space: s, Key: dbKey, Value: []byte("garbage")}}, true); err != nil {
		w.t.Fatal(err)
	}
}

// A damaged replica is not repaired to nothing while a home that may hold the value is away.
func TestDamageIsNotDeclaredEmpty(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	w.mustPut("n1", key, "v", nil)
	w.heal(true)
	w.pass(3 * time.Second)
	w.damage("n1", store.Data, record.DataKey([]byte(key)))
	w.split(true, []string{"n2"}, []string{"n1", "n3", "n4", "n5"})
	w.get("n3", key)
	w.pass(time.Second)
	if r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 2, Strict: true}}).(wire.GetReply); r.Err == wire.OK {
		t.Fatalf("a strict quorum of %v answers %v with a damaged replica", r.Replied, r.Siblings)
	}
	w.heal(true)
	w.get("n3", key)
	w.pass(time.Second) // now all homes can be reached, and the replica is repaired
	w.wantValues("n3", key, "v")
}

// A hint with a damaged record is reported as lost, not as delivered.
func TestDamagedHint(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.split(true, []string{"n1", "n2", "n3", "n4"}, []string{"n5"})
	w.mustPut("n3", key, "v", nil)
	w.damage("n2", store.Hints, record.HintKey("n5", []byte(key)))
	w.heal(true)
	w.pass(3 * time.Second)
	if len(w.saw(event.HintDelivered)) != 0 || len(w.saw(event.HintLost)) != 1 || w.hints() != 0 {
		t.Fatalf("delivered %v, lost %v, %d left", w.saw(event.HintDelivered), w.saw(event.HintLost), w.hints())
	}
}

// A replica that was damaged and repaired counts as one key, as before.
func TestKeysAreCountedOnce(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.damage("n1", store.Data, record.DataKey([]byte(key)))
	w.get("n1", key)
	w.pass(time.Second)
	if s := w.held("n1", key); len(s) != 1 {
		t.Fatalf("n1 was not mended: it holds %v", s)
	}
	if k := w.nodes["n1"].records.keys; k != 1 {
		t.Fatalf("n1 counts %d keys", k)
	}
}

// §4.9: a node drops a damaged record of a range of which it is not a home, although its tree does
// not count the record. A scrub finds the record, or the question of a node that collects the key's
// tombstone.
func TestForeignDamageIsDropped(t *testing.T) {
	for name, compare := range map[string]bool{"a scrub": true, "a collection": false} {
		t.Run(name, func(t *testing.T) {
			w := collecting(t, compare)
			key := w.keyAt("n1", "n2", "n3")
			stored := record.DataKey([]byte(key))
			w.del("n1", key, w.mustPut("n1", key, "v", nil).Context)
			garbage := store.Write{Space: store.Data, Key: stored, Value: []byte("garbage")}
			if err := w.stores["n5"].Apply([]store.Write{garbage}, true); err != nil {
				t.Fatal(err)
			}
			w.start("n5")
			if k := w.nodes["n5"].records.keys; k != 1 {
				t.Fatalf("n5 counts %d keys before", k)
			}
			w.pass(2 * testGrace)
			if b, err := w.stores["n5"].Get(store.Data, stored); b != nil || err != nil {
				t.Fatalf("n5 still holds %q, %v", b, err)
			}
			if k := w.nodes["n5"].records.keys; k != 0 {
				t.Errorf("n5 counts %d keys", k)
			}
			w.untilCollected(key)
		})
	}
}

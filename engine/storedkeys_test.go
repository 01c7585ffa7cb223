package engine

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A storedKey is a key under which a record may be in the store.
type storedKey struct {
	space store.Space
	key   []byte
	known bool // a node writes such keys
}

// storedKeys returns keys that a node writes, and keys that differ a little from those.
func storedKeys() map[string]storedKey {
	other := append(record.DataKey([]byte("k"))[:16:16], "other"...) // the position is that of another key
	return map[string]storedKey{
		"data":                    {store.Data, record.DataKey([]byte("k")), true},
		"data of another key":     {store.Data, other, false},
		"data cut short":          {store.Data, record.DataKey([]byte("k"))[:9], false},
		"data without a key":      {store.Data, record.DataKey(nil), false},
		"data without anything":   {store.Data, []byte{}, false},
		"hint":                    {store.Hints, record.HintKey("n2", []byte("k")), true},
		"hint for no name":        {store.Hints, record.HintKey("N\x1b2", []byte("k")), false},
		"hint for no home":        {store.Hints, record.HintKey("", []byte("k")), false},
		"hint of another key":     {store.Hints, append([]byte("n2\x00"), other...), false},
		"hint that holds no zero": {store.Hints, []byte("n2"), false},
	}
}

// storedRecord is a record that a node could have written.
func storedRecord() []byte {
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: 1}, Value: []byte("old")}
	return record.Encode(record.Record{Siblings: vclock.Siblings{v}, Stored: int64(testStart)})
}

// with starts three nodes, of which the first has a record in its store.
func with(t *testing.T, s store.Space, key, value []byte) *world {
	w := newWorld(t, "n1", "n2", "n3")
	w.timings = DefaultTimings()
	if err := w.stores["n1"].Apply([]store.Write{{Space: s, Key: key, Value: value}}, true); err != nil {
		t.Fatal(err)
	}
	w.restart(nil)
	return w
}

// A record under a key that no client can have put is damage: the node reports it and drops the
// record. Records under keys that a node writes stay.
func TestStrangeStoredKeys(t *testing.T) {
	for name, k := range storedKeys() {
		w := with(t, k.space, k.key, storedRecord())
		if reports := len(w.saw(event.Damaged)); (reports == 0) != k.known {
			t.Errorf("%s: %d reports of damage", name, reports)
		}
		if b, err := w.stores["n1"].Get(k.space, k.key); err != nil || (b != nil) != k.known {
			t.Errorf("%s: %d bytes are left, error %v", name, len(b), err)
		}
		w.pass(DefaultTimings().AntiEntropy * 2)
		want := ""
		if k.known { // the record, or the hint that went home
			want = "old"
		}
		got := ""
		if r := w.get("n3", "k"); len(r.Siblings) > 0 {
			got = string(r.Siblings[0].Value)
		}
		if got != want || w.hints() != 0 {
			t.Errorf("%s: the key holds %q, and there are %d hints", name, got, w.hints())
		}
	}
}

// A node starts from any disk, and serves requests.
func FuzzStoredKeys(f *testing.F) {
	for _, k := range storedKeys() {
		f.Add(byte(k.space), k.key, storedRecord())
	}
	f.Add(byte(store.Own), record.DataKey([]byte("k")), record.EncodeOwn(record.Own{Epoch: 1, Counter: 2}))
	f.Add(byte(store.Meta), record.SelfKey(), record.EncodeOwn(record.Own{Epoch: 1, Counter: 2}))
	f.Add(byte(store.Meta), record.HistoryKey(), record.EncodeMembership(record.Membership{}))
	f.Add(byte(store.Meta), record.RangeKey(ring.Position{}, ring.Position{}), record.EncodeMembership(record.Membership{Lost: []record.PendingRange{{}}}))
	f.Fuzz(func(t *testing.T, space byte, key, value []byte) {
		w := with(t, store.Space(space), key, value)
		w.mustPut("n1", "k", "new", w.get("n1", "k").Context)
		w.pass(DefaultTimings().AntiEntropy * 2)
		for _, n := range w.names {
			if err := w.nodes[n].Audit(); err != nil {
				t.Errorf("%s: %v", n, err)
			}
		}
		if r := w.get("n2", "k"); r.Err != wire.OK || len(r.Siblings) != 1 || string(r.Siblings[0].Value) != "new" {
			t.Errorf("holds %+v", r)
		}
	})
}

// A node that joined finds both its history and a record damaged. Without a ring it does not scrub
// until gossip brings the history.
func TestDamagedJoiner(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	db := store.NewMem()
	for _, b := range []store.Write{{Space: store.Meta, Key: record.HistoryKey(), Value: []byte("rot")}, {Space: store.Data, Key: record.DataKey([]byte("k")), Value: []byte("rot")}} {
		if err := db.Apply([]store.Write{b}, true); err != nil {
			t.Fatal(err)
		}
	}
	n, out, err := New(Config{Name: "n4", Ring: w.config, Seeds: []string{"n1"}, Quorum: wire.Quorum{R: 2, W: 2}, Secret: []byte("secret"), Timings: DefaultTimings(), Incarnation: 1}, db, testStart)
	if err != nil {
		t.Fatal(err)
	}
	events := len(out.Events)
	for now := testStart; now < testStart+3*DefaultTimings().AntiEntropy; now += time.Second {
		events += len(n.Step(now, nil).Events)
	}
	if events == 0 || n.Audit() != nil {
		t.Errorf("%d events; %v", events, n.Audit())
	}
}

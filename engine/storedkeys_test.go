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

// A storedKey is what a record is kept under.
type storedKey struct {
	space store.Space
	key   []byte
	known bool // a node made it
}

// storedKeys are what a node keeps records under, and what is nearly that.
func storedKeys() map[string]storedKey {
	other := append(record.DataKey([]byte("k"))[:16:16], "other"...) // the position is not the key's
	return map[string]storedKey{
		"data":                    {store.Data, record.DataKey([]byte("k")), true},
		"data of another key":     {store.Data, other, false},
		"data cut short":          {store.Data, record.DataKey([]byte("k"))[:9], false},
		"data without a key":      {store.Data, record.DataKey(nil), false},
		"data without anything":   {store.Data, []byte{}, false},
		"hint":                    {store.Hints, record.HintKey("n2", []byte("k")), true},
		"hint for no name":        {store.Hints, record.HintKey("N\x1b2", []byte("k")), false},
		"hint for nobody":         {store.Hints, record.HintKey("", []byte("k")), false},
		"hint of another key":     {store.Hints, append([]byte("n2\x00"), other...), false},
		"hint that holds no zero": {store.Hints, []byte("n2"), false},
	}
}

// storedRecord is one that a node could have written.
func storedRecord() []byte {
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: 1}, Value: []byte("old")}
	return record.Encode(record.Record{Siblings: vclock.Siblings{v}, Stored: int64(testStart)})
}

// with starts three nodes, the first of which finds a record on its disk.
func with(t *testing.T, s store.Space, key, value []byte) *world {
	w := newWorld(t, "n1", "n2", "n3")
	w.timings = DefaultTimings()
	if err := w.stores["n1"].Apply([]store.Write{{Space: s, Key: key, Value: value}}, true); err != nil {
		t.Fatal(err)
	}
	w.restart(nil)
	return w
}

// A record under a key that no client's key makes is damage: it is told, and gone, and what
// is under a key as a node writes it stays.
func TestStrangeStoredKeys(t *testing.T) {
	for name, k := range storedKeys() {
		w := with(t, k.space, k.key, storedRecord())
		if told := len(w.saw(event.Damaged)); (told == 0) != k.known {
			t.Errorf("%s: %d times told of damage", name, told)
		}
		if b, err := w.stores["n1"].Get(k.space, k.key); err != nil || (b != nil) != k.known {
			t.Errorf("%s: %d bytes are left, error %v", name, len(b), err)
		}
		w.pass(DefaultTimings().AntiEntropy * 2)
		want := ""
		if k.known { // the data, or the hint that was handed over
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

// Whatever a disk holds, a node starts from it and serves.
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

// A node that joined, and finds both its history and a record damaged, knows no ring to scrub for: it waits
// until it is told.
func TestDamagedJoiner(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	db := store.NewMem()
	for _, b := range []store.Write{{Space: store.Meta, Key: record.HistoryKey(), Value: []byte("rot")}, {Space: store.Data, Key: record.DataKey([]byte("k")), Value: []byte("rot")}} {
		if err := db.Apply([]store.Write{b}, true); err != nil {
			t.Fatal(err)
		}
	}
	n, out, err := New(Config{Name: "n4", Ring: w.config, Seeds: []string{"n1"}, R: 2, W: 2, Secret: []byte("secret"), Timings: DefaultTimings(), Incarnation: 1}, db, testStart)
	if err != nil {
		t.Fatal(err)
	}
	told := len(out.Events)
	for now := testStart; now < testStart+3*DefaultTimings().AntiEntropy; now += time.Second {
		told += len(n.Step(now, nil).Events)
	}
	if told == 0 || n.Audit() != nil {
		t.Errorf("told %d events; %v", told, n.Audit())
	}
}

package wire

import (
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"ringside/engine/vclock"
)

// A Decoder allocates only what the decoded value keeps: the value itself, its versions, and its
// lists of names. Clocks and byte strings share allocations, except for those of a client's reply.
func TestDecodingAllocatesLittle(t *testing.T) {
	want := map[string]float64{
		"Write": 2, "WriteReply": 0, "Read": 1, "ReadReply": 2,
		"PutRequest": 1, "PutReply": 4, "GetRequest": 1, "GetReply": 5,
	}
	var d Decoder
	for _, c := range benchCoded() {
		b, err := c.encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { err = c.parse(&d, b) }); err != nil || n > want[c.name] {
			t.Errorf("%s: %v allocations, want %v; %v", c.name, n, want[c.name], err)
		}
	}
}

func decode(t *testing.T, d *Decoder, m Message) Message {
	t.Helper()
	b, err := AppendMessage(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Message(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if !reflect.DeepEqual(got, m) {
		t.Fatalf("got %+v, want %+v", got, m)
	}
	return got
}

// follows reports whether b lies directly behind a in memory.
func follows(a, b []byte) bool {
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
	return at(b) == at(a)+uintptr(len(a))
}

// The byte strings of a small message share memory, and an append to one does not change another. A
// large value does not share its memory, and neither do two entries of a SyncReply.
func TestSharedMemoryIsBounded(t *testing.T) {
	var d Decoder
	v := version("n1", 1)
	got := decode(t, &d, write(v)).Body.(Write)
	if !follows(got.Key, got.Siblings[0].Value) {
		t.Error("a small value does not share memory with its key")
	}
	_ = append(got.Key, 'x')
	if string(got.Siblings[0].Value) != "v" {
		t.Error("an append to the key changes the value")
	}
	v.Value = make([]byte, maxShared)
	got = decode(t, &d, write(v)).Body.(Write)
	if follows(got.Key, got.Siblings[0].Value) {
		t.Error("a key shares the memory of a large value")
	}
	key := []byte("a key with its values fills no memory of a usual size")
	entries := decode(t, &d, Message{From: "n1", To: "n2", Body: SyncReply{Entries: []Entry{
		{Key: key, Siblings: many(2)}, {Key: key, Siblings: many(2)},
	}}}).Body.(SyncReply).Entries
	if follows(entries[0].Siblings[1].Value, entries[1].Key) || !follows(entries[0].Key, entries[0].Siblings[0].Value) {
		t.Error("an entry is not one piece of memory of its own")
	}
}

// The lists of a Decoder keep nothing of a message, valid or not, and not the room of a large one.
func TestDecoderForgets(t *testing.T) {
	var d Decoder
	check := func(what string) {
		t.Helper()
		for _, s := range d.versions {
			for _, v := range s[:cap(s)] {
				if !reflect.DeepEqual(v, vclock.Version{}) {
					t.Errorf("%s: the Decoder keeps %v", what, v)
				}
			}
			if cap(s) > maxKept {
				t.Errorf("%s: the Decoder keeps room for %d versions", what, cap(s))
			}
		}
		for _, s := range d.lists {
			for _, name := range s[:cap(s)] {
				if name != "" {
					t.Errorf("%s: the Decoder keeps %s", what, name)
				}
			}
		}
		for _, e := range d.entries[:cap(d.entries)] {
			if e != (vclock.Entry{}) {
				t.Errorf("%s: the Decoder keeps %v", what, e)
			}
		}
	}
	m := benchMessage(ReadReply{Siblings: benchSiblings(), Lost: many(3), Ask: []string{"n1", "n2"}})
	decode(t, &d, m)
	check("a message")
	if cap(d.versions[0]) == 0 || cap(d.entries) == 0 {
		t.Error("the Decoder does not use its lists again")
	}
	b, err := AppendMessage(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Message(append(b, 0x08, 0)); err == nil {
		t.Error("not refused")
	}
	check("a refused message")
	decode(t, &d, write(many(MaxMerged)...))
	check("a large message")
}

func TestNamesAreRemembered(t *testing.T) {
	var n names
	first := n.get([]byte("n1"))
	if again := n.get([]byte("n1")); unsafe.StringData(again) != unsafe.StringData(first) {
		t.Error("a name is allocated twice")
	}
	for i := range 10 * manyNames {
		for _, name := range []string{fmt.Sprintf("n%d", i), fmt.Sprintf("rack-%d", i)} {
			if got := n.get([]byte(name)); got != name {
				t.Fatalf("got %q, want %q", got, name)
			}
		}
	}
	if len(n.table) != manyNames {
		t.Errorf("a table of %d names", len(n.table))
	}
	var few names
	for range 2 {
		for i := range 100 {
			few.get(fmt.Appendf(nil, "n%d", i))
		}
	}
	if allocs := testing.AllocsPerRun(10, func() {
		for i := range 5 {
			few.get([]byte{'n', '1', byte('0' + i)})
		}
	}); allocs > 1 {
		t.Errorf("%v allocations for five known names", allocs)
	}
}

// A name that no node can have is not remembered, and a check refuses it.
func TestHostileNamesAreNotRemembered(t *testing.T) {
	var n names
	for _, name := range []string{"N1", "\xff", "../n", string(make([]byte, 1<<20))} {
		if got := n.get([]byte(name)); ValidName(got) || len(got) > MaxName+1 {
			t.Errorf("%.10q: got %.10q of %d bytes", name, got, len(got))
		}
	}
	if got := n.get(nil); got != "" {
		t.Errorf("no name: got %q", got)
	}
	for _, name := range n.table {
		if name != "" {
			t.Errorf("%q is remembered", name)
		}
	}
}

package trace

import (
	"encoding/json"
	"testing"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// What is read of an event file keeps its meaning when it is written and read again.
func FuzzEventJSON(f *testing.F) {
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 2}, Value: []byte("milk"), Time: 5}
	for _, e := range []Event{
		{Seq: 1, Time: time.Second, Node: "n1", Kind: Stored, Key: []byte("cart"), Versions: vclock.Siblings{v}},
		{Kind: Replied, Err: wire.QuorumNotReached, Hinted: []wire.Hint{{Holder: "n1", For: "n2"}}, Elapsed: 1500 * time.Microsecond},
		{Kind: Split, Groups: [][]string{{"n1"}, {"n2"}}, OneWay: true},
		{Kind: Replicas, Key: []byte{0xff}, Replicas: []Replica{{For: "n2", Versions: vclock.Siblings{v}}}},
		{Kind: Cluster, Settings: &Settings{Name: "c", Nodes: []string{"n1"}, N: 1}},
	} {
		b, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		if json.Unmarshal(b, &e) != nil {
			return
		}
		once, err := json.Marshal(e)
		if err != nil {
			return // a time beyond the years that can be written
		}
		var again Event
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("%s does not read back: %v", once, err)
		}
		if twice, err := json.Marshal(again); err != nil || string(once) != string(twice) {
			t.Fatalf("%s\nreads back as\n%s\n%v", once, twice, err)
		}
		NewView().Apply(e)
	})
}

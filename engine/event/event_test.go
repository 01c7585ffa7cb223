package event

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

func version(node string, counter uint64, value string) vclock.Version {
	dot := vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1 << 63}, Counter: counter}
	return vclock.Version{Dot: dot, Value: []byte(value), Time: 1, Request: 7}
}

// full returns an event with every field set, and every field of the values in it.
func full() Event {
	v := version("n1", 2, "\xff\x1b")
	v.Literal, v.Meta = true, []byte("m\xff")
	v.Past = vclock.Clock{{Actor: vclock.Actor{Node: "n1", Epoch: 9}, Counter: 4, From: 2, Time: 6}}
	versions := vclock.Siblings{v, {Dot: version("n2", 1, "").Dot, Deleted: true}}
	changes := member.History{{Time: 7, By: "n1", Node: "n6", Kind: member.Remove, Weight: 2, Zone: "east"}}
	from, to := ring.Of([]byte("a")), ring.Of([]byte("b"))
	return Event{
		Seq: 1, Time: 1_700_000_000_123_456_789, Node: "n1", Kind: Stored,
		Request: 41, Key: []byte("\x00key"), Peer: "n2", For: "n3", Op: "put",
		Versions: versions, Homes: []string{"n1"}, Hinted: []wire.Hint{{Holder: "n1", For: "n2"}}, Nodes: []string{"n2"},
		Count: -1, Want: 2, Err: wire.QuorumNotReached, Message: "why", Elapsed: 1500,
		Settings: &settings.Cluster{
			Name: "c", Nodes: []string{"n1"}, N: 3, R: 2, W: 1, Mode: settings.ModeLWW, Strict: true,
			Strategy: 3, Q: 60, T: 12, Mem: true, NoAntiEntropy: true, Tombstones: 7, Buffer: 100,
			Clocks: settings.ClocksLiteral, Truncate: 10, NoSync: true,
			Founders: []ring.Member{{Name: "n1", Weight: 2, Zone: "z"}}, Seeds: []string{"n1"}, Changes: changes,
		},
		State: &NodeState{
			Keys: 1, Hints: []HintCount{{For: "n2", Keys: 1, Oldest: 5}}, Suspects: []string{"n3"},
			Roots:  []TreeRoot{{Start: from, End: to, Root: 1 << 63, Keys: 3, Size: 900}},
			Digest: 1 << 63, Member: true, Pending: 1, Foreign: 2, Changes: changes, Buffered: 3,
			Slice: .5, P99: 7, Lost: 3, Tombstones: 4, TombstonesKept: "n2 cannot be reached", LastKnown: true,
			Oversized: []Oversized{{
				Key: SyncKey("\xffcart"), Peer: "n2", Hint: true, Bytes: 5, Versions: 3, PeerBytes: 4, PeerVersions: 2,
			}},
		},
		Replicas: []Replica{{For: "n2", Versions: versions}},
		Rounds: []SyncRound{{
			Start: from, End: to, Left: "n1", Right: "n2", Levels: 10, Hashes: 33, Bytes: 412, FullCopy: 14100, Keys: 118,
			Buckets: 1, Count: 3, Sent: 1, Received: 2, Err: "why", Differing: []SyncKey{[]byte("cart"), []byte("\xff")},
			Path: []SyncHash{{Level: 1, Node: 1, Left: 1 << 63, Right: 2}},
		}},
		Changes: changes, Span: &Span{Start: from, End: to}, Addr: "127.0.0.1:1",
		Groups: [][]string{{"n1"}, {"n2"}}, OneWay: true, Link: "n1>n2", Delay: time.Second, Percent: 12.5,
		Quorum: StrictQuorum, Context: NoContext,
		LeftOut: []Tally{{Node: "n1", Kind: HintStored, For: "n2", Op: "put", Count: 3, Sum: 2}},
	}
}

// An event that an attached terminal reads has all that the node set.
func TestEventSurvivesJSON(t *testing.T) {
	e := full()
	for _, path := range unset(reflect.ValueOf(e), "Event") {
		t.Errorf("full does not set %s", path)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got Event
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Errorf("got  %+v\nwant %+v", got, e)
	}
}

// unset lists the fields of x, and of the structs in x, that are zero.
func unset(x reflect.Value, path string) (out []string) {
	switch x.Kind() {
	case reflect.Pointer:
		if !x.IsNil() {
			return unset(x.Elem(), path)
		}
	case reflect.Slice: // one element may set what another does not
		if x.Len() > 0 && x.Type().Elem().Kind() == reflect.Struct {
			out = unset(x.Index(0), path)
			for i := 1; i < x.Len(); i++ {
				other := unset(x.Index(i), path)
				out = slices.DeleteFunc(out, func(p string) bool { return !slices.Contains(other, p) })
			}
			return out
		}
	case reflect.Struct:
		for i := range x.NumField() {
			out = append(out, unset(x.Field(i), path+"."+x.Type().Field(i).Name)...)
		}
		return out
	}
	if x.IsZero() {
		return []string{path}
	}
	return nil
}

func TestBadEvents(t *testing.T) {
	const at = `{"time":"2026-01-01T00:00:00Z"`
	for _, s := range []string{
		`{`, `{"time":"x"}`, at + `,"error":"nonsense"}`, at + `,"quorum":"loose"}`, at + `,"context":"nonsense"}`, at + `,"key_base64":"?"}`,
		at + `,"versions":[` + at + `,"past":[{"node":"","epoch":"1","counter":1}]}]}`,
	} {
		var e Event
		if err := json.Unmarshal([]byte(s), &e); err == nil {
			t.Errorf("%s was accepted", s)
		}
	}
}

func FuzzEventJSON(f *testing.F) {
	b, _ := json.Marshal(full())
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		if json.Unmarshal(b, &e) == nil {
			again, err := json.Marshal(e)
			if err != nil {
				t.Fatalf("%s was read and cannot be written: %v", b, err)
			}
			var back Event
			if err := json.Unmarshal(again, &back); err != nil {
				t.Fatalf("%s was written and cannot be read: %v", again, err)
			}
		}
	})
}

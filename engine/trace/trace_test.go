package trace

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

func version(node string, counter uint64, value string) vclock.Version {
	return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1 << 63}, Counter: counter}, Value: []byte(value), Time: 1, Request: 7}
}

// full is an event with every field set.
func full() Event {
	v := version("n1", 2, "\xff\x1b")
	v.Past, v.Literal = vclock.Clock{{Actor: vclock.Actor{Node: "n1", Epoch: 9}, Counter: 4, From: 2, Time: 6}}, true
	change := member.Change{Time: 7, By: "n1", Node: "n6", Kind: member.Remove, Weight: 2, Zone: "east"}
	return Event{
		Seq: 1, Time: 1_700_000_000_123_456_789, Node: "n1", Kind: Stored, Request: 41, Key: []byte("\x00key"), Peer: "n2", For: "n3", Op: "put",
		Versions: vclock.Siblings{v, {Dot: version("n2", 1, "").Dot, Deleted: true}}, Homes: []string{"n1"}, Hinted: []wire.Hint{{Holder: "n1", For: "n2"}},
		Nodes: []string{"n2"}, Count: -1, Want: 2, Err: wire.QuorumNotReached, Message: "why", Elapsed: 1500,
		Settings: &Settings{Name: "c", Nodes: []string{"n1"}, N: 3, R: 2, W: 1, Mode: ModeLWW, Strict: true, Strategy: 3, Q: 60, T: 12, Mem: true, NoAntiEntropy: true, Tombstones: 7,
			Buffer: 100, Clocks: ClocksLiteral, Truncate: 10,
			Founders: []ring.Member{{Name: "n1", Weight: 2, Zone: "z"}}, Seeds: []string{"n1"}, Changes: member.History{change}},
		State: &NodeState{Keys: 1, Hints: []HintCount{{For: "n2", Keys: 1, Oldest: 5}}, Suspects: []string{"n3"},
			Roots: []TreeRoot{{Start: ring.Of([]byte("a")), End: ring.Of([]byte("b")), Root: 1 << 63, Keys: 3, Size: 900}},
			View:  1 << 63, Member: true, Pending: 1, Foreign: 2, Changes: member.History{change}, Buffered: 3,
			TooLarge: []TooLarge{{Key: SyncKey("\xffcart"), Peer: "n2", Hint: true, Bytes: 5, Versions: 3, PeerBytes: 4, PeerVersions: 2}},
			Slice:    .5, P99: 7, Lost: 3, Tombstones: 4, Kept: "n2 cannot be reached", LastKnown: true},
		Span:    &Span{Start: ring.Of([]byte("a")), End: ring.Of([]byte("b"))},
		Changes: member.History{change},
		Rounds: []SyncRound{{Start: ring.Of([]byte("a")), End: ring.Of([]byte("b")), Left: "n1", Right: "n2", Levels: 10, Hashes: 33, Bytes: 412, FullCopy: 14100, Keys: 118,
			Buckets: 1, Count: 3, Sent: 1, Received: 2, Err: "why", Differing: []SyncKey{[]byte("cart"), []byte("\xff")}, Path: []SyncHash{{Level: 1, Node: 1, Left: 1 << 63, Right: 2}}}},
		Replicas: []Replica{{For: "n2", Versions: vclock.Siblings{v, {Dot: version("n2", 1, "").Dot, Deleted: true}}}},
		Addr:     "127.0.0.1:1", Groups: [][]string{{"n1"}, {"n2"}}, OneWay: true, Link: "n1>n2", Delay: time.Second, Percent: 12.5,
	}
}

// What an attached terminal gets is what a node told, whole.
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

// unset lists the fields of x, and of the structs within it, that nothing in x sets.
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

// The view keeps the latest round of each pair, whoever began it, and adds up the rest.
func TestViewOfAntiEntropy(t *testing.T) {
	v := NewView()
	end := ring.Of([]byte("cart"))
	v.Apply(Event{Kind: Cluster, Settings: &Settings{Nodes: []string{"n1", "n2"}, N: 2, Strategy: 3, Q: 4}})
	v.Apply(Event{Seq: 1, Time: 1, Node: "n1", Kind: SyncDone, Rounds: []SyncRound{{End: end, Left: "n1", Right: "n2", Bytes: 400, FullCopy: 9000, Count: 1}, {End: ring.Of([]byte("x")), Left: "n1", Right: "n2", Bytes: 90}}})
	v.Apply(Event{Seq: 2, Time: 2, Node: "n2", Kind: SyncDone, Rounds: []SyncRound{{End: end, Left: "n2", Right: "n1", Bytes: 92}}})
	v.Apply(Event{Seq: 3, Time: 2, Node: "n2", Kind: Stored, Op: wire.AntiEntropy.String(), Key: []byte("cart"), Count: 1})
	v.Apply(Event{Seq: 4, Time: 2, Node: "n2", Kind: Stored, Op: wire.Handoff.String(), Key: []byte("cart")})
	if want := (SyncTotals{Rounds: 3, Bytes: 582, FullCopy: 9000, Keys: 1}); v.Sync != want {
		t.Errorf("totals %+v, want %+v", v.Sync, want)
	}
	if last := v.Synced[SyncPair{end, "n1", "n2"}]; len(v.Synced) != 2 || last.At != 2 || last.Left != "n2" || last.Count != 0 {
		t.Errorf("%d pairs, the last round is %+v", len(v.Synced), last)
	}
}

func TestBadEvents(t *testing.T) {
	for _, s := range []string{
		`{`, `{"time":"x"}`, `{"time":"2026-01-01T00:00:00Z","error":"nonsense"}`, `{"time":"2026-01-01T00:00:00Z","key_base64":"?"}`,
		`{"time":"2026-01-01T00:00:00Z","versions":[{"time":"2026-01-01T00:00:00Z","past":[{"node":"","epoch":"1","counter":1}]}]}`,
	} {
		var e Event
		if err := json.Unmarshal([]byte(s), &e); err == nil {
			t.Errorf("%s was taken", s)
		}
	}
}

// kindsInSource lists the constants of type Kind, by value, as the source declares them.
func kindsInSource(t *testing.T) map[Kind]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[Kind]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		c, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		typ, ok := c.Type.(*ast.Ident)
		if !ok || typ.Name != "Kind" {
			return true
		}
		value, err := strconv.Unquote(c.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := kinds[Kind(value)]; twice {
			t.Errorf("%s and %s are both %q", other, c.Names[0].Name, value)
		}
		kinds[Kind(value)] = c.Names[0].Name
		return true
	})
	return kinds
}

// Every kind that the source declares names its section, and no other has one.
func TestSections(t *testing.T) {
	kinds := kindsInSource(t)
	for k, name := range kinds {
		if !strings.HasPrefix(Sections[k], "§") || k == "" {
			t.Errorf("%s, %q, has section %q", name, k, Sections[k])
		}
	}
	for k := range Sections {
		if kinds[k] == "" {
			t.Errorf("Sections has %q, which is not declared", k)
		}
	}
	if (Event{Kind: HintStored}).Section() != "§4.6" {
		t.Error("a hint is not of §4.6")
	}
}

func TestShow(t *testing.T) {
	for in, want := range map[string]string{
		"milk": "milk", "käse ✂": "käse ✂", "\x1b[2J": `\x1b[2J`, "a\\x1b": `a\\x1b`, "\r\n\a\b": `\x0d\x0a\x07\x08`,
		"\u009b31m": `\xc2\x9b31m`, "\u202eevil": `\xe2\x80\xaeevil`, "\xff": `\xff`, "": "", "�": "�",
	} {
		if got := Show([]byte(in)); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
	if got := ShowShort([]byte(strings.Repeat("é", 100)), 10); utf8.RuneCountInString(got) != 10 || !strings.HasSuffix(got, "…") {
		t.Errorf("cut to %q", got)
	}
	if got := ShowShort([]byte("short"), 10); got != "short" {
		t.Errorf("%q was cut", got)
	}
}

func FuzzShow(f *testing.F) {
	f.Add([]byte("\x1b]0;title\a"), 5)
	f.Add([]byte("a\u202eb\u009bc\xff\\"), 80)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		for _, s := range []string{Show(b), ShowShort(b, max(limit%100, 1))} {
			for _, r := range s {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q shows as %q", b, s)
				}
			}
		}
		if utf8.Valid(b) {
			j, err := MarshalSafe(string(b))
			var back string
			if err != nil || json.Unmarshal(j, &back) != nil || back != string(b) {
				t.Fatalf("%q became %q, then %q (%v)", b, j, back, err)
			}
			if i := bytes.IndexFunc(j, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("JSON %q of %q can drive a terminal", j, b)
			}
		}
	})
}

func FuzzEventJSON(f *testing.F) {
	b, _ := json.Marshal(full())
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		if json.Unmarshal(b, &e) == nil {
			NewView().Apply(e)
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

// Two strings never show alike.
func TestShowIsInjective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SliceOfN(rapid.SampledFrom([]byte("ax1b\\\x1b\xff")), 0, 8)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		if !bytes.Equal(a, b) && Show(a) == Show(b) {
			t.Fatalf("%q and %q both show as %s", a, b, Show(a))
		}
	})
}

// view is one of three nodes with a few events applied.
func view(events ...Event) *View {
	v := NewView()
	v.Apply(Event{Kind: Cluster, Settings: &Settings{Name: "c", Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2, Strategy: 3, Q: 60}})
	for _, n := range v.Nodes {
		v.Apply(Event{Kind: NodeUp, Node: n.Name, Addr: "127.0.0.1:1"})
	}
	for i, e := range events {
		e.Seq = uint64(i + 1)
		v.Apply(e)
	}
	return v
}

func TestViewFollowsHints(t *testing.T) {
	s := vclock.Siblings{version("n1", 1, "v")}
	key := []byte("cart")
	stored := Event{Kind: HintStored, Node: "n1", For: "n2", Key: key, Versions: s, Count: 1, Time: time.Second}
	v := view(stored, Event{Kind: HintStored, Node: "n1", For: "n2", Key: key, Versions: s})
	if v.Hints() != 1 || v.Node("n1").Hints["n2"].Oldest != time.Second {
		t.Errorf("hints %+v", v.Node("n1").Hints)
	}
	if b := v.Blocking(key); b != "n1 keeps a hint for n2" {
		t.Errorf("blocked by %q", b)
	}
	for _, n := range []string{"n1", "n2", "n3"} {
		v.Apply(Event{Kind: Stored, Node: n, Key: key, Versions: s, Count: 1})
	}
	v.Apply(Event{Kind: HintDelivered, Node: "n1", For: "n2", Key: key})
	if v.Hints() != 0 || !v.Converged(key) || v.Node("n2").Keys != 1 {
		t.Errorf("%d hints, blocked by %q", v.Hints(), v.Blocking(key))
	}
	v.Apply(Event{Kind: NodeDown, Node: "n3"})
	if b := v.Blocking(key); b != "home n3 is not up" {
		t.Errorf("blocked by %q", b)
	}
}

// Last write wins loses a version once, however many replicas throw it away.
// A node that drops a tombstone holds nothing of the key any more.
func TestViewOfTombstones(t *testing.T) {
	v := NewView()
	v.Apply(Event{Kind: Cluster, Settings: &Settings{Nodes: []string{"n1"}, N: 1, R: 1, W: 1, Strategy: 3, Q: 8}})
	dead := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 1}, Counter: 2}, Deleted: true}}
	v.Apply(Event{Kind: Stored, Node: "n1", Key: []byte("cart"), Versions: dead})
	v.Apply(Event{Kind: State, Node: "n1", State: &NodeState{Tombstones: 1, Kept: "n2 cannot be reached", LastKnown: true}})
	if n := v.Node("n1"); n.Dead != 1 || n.Kept == "" || len(v.Key([]byte("cart")).Held["n1"][""]) != 1 {
		t.Fatalf("the view has %d tombstones, kept for %q, and %v", n.Dead, n.Kept, v.Key([]byte("cart")).Held)
	}
	v.Apply(Event{Kind: TombstoneCollected, Node: "n1", Key: []byte("cart"), Versions: dead})
	if n := v.Node("n1"); n.Dead != 0 || len(v.Key([]byte("cart")).Held["n1"]) != 0 {
		t.Fatalf("the view has %d tombstones and %v", n.Dead, v.Key([]byte("cart")).Held)
	}
}

func TestViewCountsLossesOnce(t *testing.T) {
	lost := Event{Kind: LWWLost, Key: []byte("cart"), Versions: vclock.Siblings{version("n1", 1, "v")}}
	other := lost
	other.Key = []byte("other")
	if v := view(lost, lost, other); v.Lost() != 2 {
		t.Errorf("%d lost, want 2", v.Lost())
	}
}

// A view is bounded, however long it watches.
func TestViewIsBounded(t *testing.T) {
	v := view()
	for i := range 3 * MaxLog {
		key := []byte{byte(i), byte(i >> 8)}
		v.Apply(Event{Seq: uint64(i + 1), Time: time.Duration(i) * time.Millisecond, Kind: Stored, Node: "n1", Key: key, Request: uint64(i + 1)})
		v.Apply(Event{Seq: uint64(i + 1), Time: time.Duration(i) * time.Millisecond, Kind: Replied, Node: "n1", Key: key, Request: uint64(i + 1), Elapsed: time.Duration(i)})
	}
	if len(v.Log) > 2*MaxLog || len(v.requests) > MaxRequests || len(v.order) > MaxRequests || len(v.keys) > MaxKeys || len(v.latencies) > MaxLatency {
		t.Errorf("log %d, requests %d, keys %d, latencies %d", len(v.Log), len(v.requests), len(v.keys), len(v.latencies))
	}
	if v.Request(1) != nil || v.LastRequest().ID != 3*MaxLog {
		t.Error("the wrong requests were forgotten")
	}
	if got := v.Ops.Last(v.Now, 3); len(got) != 3 || got[2] != 1000 {
		t.Errorf("rates %v", got)
	}
	if p := v.Percentile(.99); p < 5900 || p > 6000 {
		t.Errorf("p99 %d", p)
	}
}

func TestViewOfFaults(t *testing.T) {
	groups := [][]string{{"n1"}, {"n2", "n3"}}
	v := view(Event{Kind: Split, Groups: groups, Time: 5}, Event{Kind: Slow, Link: "n1>n2", Delay: 1}, Event{Kind: Loss, Link: "n1", Percent: 3})
	if v.Side("n2") != 1 || v.SplitAt != 5 || len(v.Slow) != 1 || len(v.Loss) != 1 {
		t.Errorf("%+v", v)
	}
	v.Apply(Event{Kind: Slow, Link: "n1>n2"})
	v.Apply(Event{Kind: Heal})
	if v.Side("n2") != -1 || len(v.Slow)+len(v.Loss) != 0 {
		t.Errorf("after heal: %+v", v)
	}
	v.Apply(Event{Kind: Suspect, Node: "n1", Peer: "n2"})
	v.Apply(Event{Kind: State, Node: "n2", State: &NodeState{Keys: 5, Suspects: []string{"n3"}}})
	v.Apply(Event{Kind: Alive, Node: "n1", Peer: "n2"})
	if len(v.Node("n1").Suspects) != 0 || !v.Node("n2").Suspects["n3"] || v.Node("n2").Keys != 5 {
		t.Errorf("suspects %v, %v", v.Node("n1").Suspects, v.Node("n2").Suspects)
	}
	v.Apply(Event{Kind: NodeWiped, Node: "n2"})
	if v.Node("n2").Keys != 0 {
		t.Error("a wiped node has keys")
	}
}

// Events of a request stand in the order of time, however they came.
func TestRequestsAreInTheOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := NewView()
		came := map[time.Duration][]uint64{}
		n := rapid.IntRange(1, 20).Draw(t, "events")
		for seq := uint64(1); seq <= uint64(n); seq++ {
			at := time.Duration(rapid.IntRange(0, 5).Draw(t, "time"))
			came[at] = append(came[at], seq)
			v.Apply(Event{Seq: seq, Time: at, Kind: Ack, Request: 7, Node: "n1"})
		}
		var want []uint64
		for _, at := range slices.Sorted(maps.Keys(came)) {
			want = append(want, came[at]...)
		}
		var got []uint64
		for _, e := range v.Request(7).Events {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("events %v, want %v", got, want)
		}
	})
}

// A key that no wait can bring together is named, with what to do about it.
func TestOversizedIsNamed(t *testing.T) {
	v := view(Event{Kind: NodeUp, Node: "n1"}, Event{Kind: State, Node: "n1", State: &NodeState{
		TooLarge: []TooLarge{{Key: SyncKey("cart\x1b"), Peer: "n2", Bytes: 31 << 20, Versions: 40, PeerBytes: 9 << 20, PeerVersions: 12}}}})
	got := v.Oversized()
	for _, want := range []string{"n1 and n2", `cart\x1b`, "40 versions of 31.0 MiB at n1", "12 versions of 9.0 MiB at n2", "get cart", "-R 1 --via n1", "put cart", "via n2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	v.Apply(Event{Kind: State, Node: "n1", State: &NodeState{}})
	if got := v.Oversized(); got != "" {
		t.Errorf("still %q", got)
	}
}

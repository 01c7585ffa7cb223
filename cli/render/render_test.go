package render

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n     int
		thing string
		want  string
	}{
		{0, "hint", "0 hints"}, {1, "hint", "1 hint"}, {2, "hint", "2 hints"}, {1, "hash", "1 hash"},
		{2, "hash", "2 hashes"}, {2, "entry", "2 entries"}, {2, "key", "2 keys"},
		{3, "acknowledged write", "3 acknowledged writes"},
	} {
		if got := Count(c.n, c.thing); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := Differ(1, "key") + ", " + Differ(2, "key"); got != "1 key differs, 2 keys differ" {
		t.Error(got)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		Ordinal(1): "1st", Ordinal(2): "2nd", Ordinal(3): "3rd", Ordinal(4): "4th", Ordinal(11): "11th",
		Ordinal(12): "12th", Ordinal(21): "21st", Ordinal(112): "112th",
		Bytes(999): "999 B", Bytes(14_100): "14.1 kB", Bytes(2_000_000): "2.0 MB",
		Duration(420 * time.Microsecond): "0.42ms", Duration(3900 * time.Microsecond): "3.9ms",
		Duration(42 * time.Millisecond): "42ms", Duration(1200 * time.Millisecond): "1.20s",
		Duration(90*time.Second + time.Millisecond): "1m30s",
		Offset(310 * time.Microsecond):              "0.31ms", Offset(31204 * time.Millisecond): "31.204s",
		Age(-time.Second): "00:00", Age(271 * time.Second): "04:31", Age(3871 * time.Second): "1:04:31",
		ClockTime(time.Millisecond, time.UTC): "00:00:00.001",
		Side(0):                               "A", Side(25): "Z", Side(26): "27", Side(-1): "",
		Sides([][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}, 2): "n1 n2 │ B 3 nodes",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// silent are the kinds that no log shows: they bring a view up to date.
var silent = map[event.Kind]bool{event.Cluster: true, event.State: true, event.Replicas: true, event.Memory: true}

// unworded are the kinds for which a log shows their name in capitals.
var unworded = map[event.Kind]bool{event.HintLost: true, event.MergeRefused: true, event.SyncStarted: true,
	event.SyncCompared: true, event.SyncDone: true}

// A new kind of event gets a phrase, or is named here as one without.
func TestEachKindHasAPhrase(t *testing.T) {
	for kind := range event.Sections {
		_, has := phrases[kind]
		without := kind == event.Replied || silent[kind] || unworded[kind]
		switch {
		case !has && !without:
			t.Errorf("%s has no phrase; add one, or name the kind in silent or unworded", kind)
		case has && without:
			t.Errorf("%s has a phrase and is listed as a kind without one", kind)
		}
	}
	for kind := range story {
		if _, ok := phrases[kind]; !ok && kind != event.Replied {
			t.Errorf("%s is part of the story and has no phrase", kind)
		}
	}
}

// Unprintable bytes of other nodes are escaped in each form of each kind of event.
func TestEventsAreEscaped(t *testing.T) {
	const evil = "\x1b[31m\u202e\xff"
	versions := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: evil, Epoch: 1}, Counter: 1}}}
	for kind := range event.Sections {
		e := event.Event{Kind: kind, Node: evil, Key: []byte(evil), Peer: evil, For: evil, Op: evil, Versions: versions,
			Homes: []string{evil}, Nodes: []string{evil}, Hinted: []wire.Hint{{Holder: evil,
				For: evil}}, Count: 2, Want: 3,
			Message: evil, Elapsed: time.Second, Addr: evil, Groups: [][]string{{evil}}, Link: evil,
			Changes: member.History{{Kind: member.Join, Node: evil}}, Rounds: []event.SyncRound{{Err: evil}}}
		for _, text := range []string{Describe(e).Word, Describe(e).Text, Sentence(e), Detail(e)} {
			if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%s: %q", kind, text)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		e    event.Event
		want Phrase
	}{
		{event.Event{Kind: event.Gap, Count: 1}, Phrase{"GAP", Bad, "missed 1 event"}},
		{event.Event{Kind: event.Suspect, Peer: "n2", Nodes: []string{"n3"}},
			Phrase{"SUSPECT", Warn, "believes n2 n3 failed"}},
		{event.Event{Kind: event.Replied, Op: "put", Count: 1, Want: 2, Err: wire.QuorumNotReached},
			Phrase{"PUT", Bad, "W 1/2 failed: quorum not reached  0.00ms"}},
		{event.Event{Kind: event.Membership, Node: "n1", Peer: "n1", Count: 1,
			Changes: member.History{{Kind: member.Join,
				Node: "n6"}}}, Phrase{"RING", Accent, "learns join n6: 1 member"}},
	} {
		if got := Describe(c.e); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	if InStory(event.Event{Kind: event.RangeDropped}) || !InStory(event.Event{Kind: event.RangeDropped, Count: 1}) {
		t.Error("a range is part of the story exactly if it has keys")
	}
}

func TestTable(t *testing.T) {
	table := Table{Indent: "  "}
	table.Head("node", "keys>", "")
	table.Row(Cell{Text: "n1", Tone: Bold}, Number(7), Cell{Text: "up"})
	table.Row(Cell{Text: "n2"}, Number(12))
	table.Row(Cell{Text: "größe"}, Cell{}, Cell{Text: "x"})
	const want = "  node   keys\n  n1        7  up\n  n2       12\n  größe        x\n"
	if got := table.Render(Painter{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := table.Render(Painter{Color: true}); !strings.Contains(got, "\x1b[1mn1\x1b[0m") {
		t.Errorf("%q", got)
	}
}

// A delete beside a value is not a sibling of the value.
func TestDeletesAreNotSiblings(t *testing.T) {
	version := func(node string, deleted bool) vclock.Version {
		return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: node}, Counter: 1}, Deleted: deleted}
	}
	s := vclock.Siblings{version("n1", true), version("n2", false)}
	for got, want := range map[string]string{
		Versions(s): "1 version and 1 delete", Versions(s[:1]): "1 delete", Versions(append(s[1:],
			version("n3", false))): "2 versions",
		Describe(event.Event{Kind: event.Replied, Op: "get", Versions: s, Count: 2,
			Want: 2}).Text: "R 2/2 ok {n1:1} ‖ {n2:1}  0.00ms",
		Sentence(event.Event{Kind: event.Reconciled,
			Versions: s}): "1 version and 1 delete remain: {n1:1} ‖ {n2:1}",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if ToneOf(event.Event{Kind: event.Stored, Versions: s}) == Concurrent {
		t.Error("a delete beside a value has the tone of siblings")
	}
}

func TestFewNodes(t *testing.T) {
	for limit, want := range map[int]string{1: "n1 and 2 more", 2: "n1 n2 and 1 more", 3: "n1 n2 n3", 9: "n1 n2 n3"} {
		if got := FewNodes([]string{"n1", "n2", "n3"}, limit); got != want {
			t.Errorf("%d: %q, want %q", limit, got, want)
		}
	}
}

// The words on a screen lead to the kinds of event that are shown with them, in any case.
func TestKindsShownAs(t *testing.T) {
	for word, want := range map[string]string{
		"put": "replied requested", "ANSWER": "read-reply", "hint": "hint-refused hint-rehomed hint-stored",
		"Split": "partition", "DEL": "replied requested", "replied": "", "": "", "✂": "",
	} {
		if got := strings.Join(KindsShownAs(word), " "); got != want {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
}

// Wrapped text stays in its column, and a narrow terminal breaks lines itself.
func TestWrap(t *testing.T) {
	for width, want := range map[int]string{0: "a bb ccc dddd", 4: "a bb|ccc|dddd", 8: "a bb ccc|dddd", 2: "a|bb|ccc|dddd"} {
		if got := strings.Join(Wrap("a bb ccc dddd", width), "|"); got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
	text := strings.Repeat("word ", 10)
	for width, rows := range map[int]int{0: 1, minWrapped - 1: 1, minWrapped: 2, 100: 1} {
		var table Table
		table.RowsOf([]Cell{{Text: "lead"}}, text, width)
		if got := table.Len(); got != rows {
			t.Errorf("width %d: %d rows, want %d", width, got, rows)
		}
		lines := strings.Split(strings.TrimRight(table.Render(Painter{}), "\n"), "\n")
		if rows > 1 && !strings.HasPrefix(lines[1], "      word") {
			t.Errorf("the second line is %q", lines[1])
		}
	}
}

// Long keys that begin alike do not look alike, and no key is longer than its column.
func TestKeyIn(t *testing.T) {
	one, two := []byte("riak:plain/carts/customer-00000000000000000000001"), []byte("riak:plain/carts/customer-00000000000000000000002")
	for _, tt := range []struct {
		key   string
		limit int
		want  string
	}{
		{"cart", 4, "cart"}, {"cart", 3, "c…t"}, {"cart", 2, "c…"}, {"cart", 1, "…"}, {"cart", 0, "…"},
		{string(one), 20, "riak:plain…000000001"}, {string(two), 20, "riak:plain…000000002"},
		{"žluťoučký kůň", 8, "žluť…kůň"}, {"a\nb", 6, `a\x0ab`}, {"", 4, ""},
	} {
		if got := KeyIn([]byte(tt.key), tt.limit); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.key, tt.limit, got, tt.want)
		}
	}
	if Key(one) == Key(two) {
		t.Errorf("both are %s", Key(one))
	}
}

package diagram_test

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"ringside/cli/diagram"
	"ringside/cli/golden"
	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// recorded returns the events of testdata/story.jsonl, which events --json of a cluster of five
// nodes on disk printed.
func recorded(t testing.TB) []event.Event {
	t.Helper()
	story.Do(func() { story.events = read(t) })
	return story.events
}

var story struct {
	sync.Once
	events []event.Event
}

func read(t testing.TB) []event.Event {
	f, err := os.Open("testdata/story.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []event.Event
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	if lines.Err() != nil || len(out) == 0 {
		t.Fatalf("%d events: %v", len(out), lines.Err())
	}
	return out
}

// stories are the recorded requests by what they show.
var stories = []struct {
	name    string
	request uint64
}{
	{"put", 1}, {"forwarded", 2}, {"get", 3}, {"missing", 4}, {"repair", 5}, {"one", 6}, {"timeout", 7}, {"refused", 8},
	{"refused-get", 9}, {"fallbacks", 10}, {"minority", 11}, {"siblings", 12}, {"dropped", 13}, {"slow", 14},
	{"slow-get", 15}, {"nothing", 16}, {"delete", 17}, {"silent", 18},
}

func drawn(t testing.TB, request uint64) *diagram.Diagram {
	t.Helper()
	events := recorded(t)
	v := view.From(events)
	r := v.Request(request)
	if r == nil {
		t.Fatalf("request %d was not recorded", request)
	}
	return diagram.New(r, v, events)
}

func TestText(t *testing.T) {
	for _, s := range stories {
		d := drawn(t, s.request)
		p := render.Painter{}
		golden.Check(t, s.name, d.Title()+"\n"+d.Text(p)+d.WhyText(p)+d.WhereText(p))
	}
}

// pictures are the stories of which there is a picture in each format.
var pictures = []struct {
	name    string
	request uint64
}{{"put", 1}, {"forwarded", 2}, {"repair", 5}, {"timeout", 7}, {"fallbacks", 10}, {"dropped", 13}, {"silent", 18}}

func TestSVG(t *testing.T) {
	for _, s := range pictures {
		svg := drawn(t, s.request).SVG()
		golden.Check(t, s.name+".svg", svg)
		wellFormed(t, svg)
	}
}

// wellFormed reports an error unless text is XML without scripts and links.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if e, ok := tok.(xml.StartElement); ok && !strings.Contains(" svg title style rect text line path circle g ", " "+e.Name.Local+" ") {
			t.Errorf("an element %s", e.Name.Local)
		}
	}
}

// mermaidLine is a line of a sequenceDiagram. A text has no character that means anything to
// Mermaid but the beginning of a code.
var mermaidLine = regexp.MustCompile(`^(sequenceDiagram|    (title|(actor|participant) p\d+ as) [^;<>]*(#\d+;[^;<>]*)*|` +
	`    (p\d+(->>|-->>|-x)p\d+|Note over p\d+(,p\d+)?): ([^#;<>%$"*_{}]|#\d+;)*)$`)

func TestMermaid(t *testing.T) {
	for _, s := range pictures {
		text := drawn(t, s.request).Mermaid()
		golden.Check(t, s.name+".mermaid", text)
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if !mermaidLine.MatchString(line) {
				t.Errorf("%s: not a line of Mermaid: %s", s.name, line)
			}
		}
	}
}

// ShiViz demands that each event of a host counts the host up by one, from 1. A clock never counts
// what has not happened, and the client's last event knows the coordinator.
func TestShiViz(t *testing.T) {
	for _, s := range pictures {
		d := drawn(t, s.request)
		text := d.ShiViz()
		golden.Check(t, s.name+".shiviz", text)
		counts, last := checkShiViz(t, s.name, text)
		if n := counts["(client)"]; n != 2 {
			t.Errorf("%s: the client has %d events, want its request and its answer", s.name, n)
		}
		if last["(client)"][d.Reply.Peer] == 0 || last["(client)"][d.Reply.Node] == 0 {
			t.Errorf("%s: the client's answer does not come from the coordinator: %v", s.name, last["(client)"])
		}
		for _, e := range d.Events() {
			if e.Kind == event.Stored && e.Request == s.request && e.Node != e.Peer && last[e.Node][e.Peer] == 0 {
				t.Errorf("%s: %s stored what %s sent, and does not know of it: %v", s.name, e.Node, e.Peer, last[e.Node])
			}
		}
	}
}

// checkShiViz checks a log, and returns the number of events and the last clock of each host.
func checkShiViz(t *testing.T, name, text string) (counts map[string]int, last map[string]map[string]int) {
	t.Helper()
	lines := strings.SplitN(text, "\n", 3)
	if lines[1] != "" {
		t.Fatalf("%s: the second line is %q", name, lines[1])
	}
	parser := regexp.MustCompile(strings.ReplaceAll(lines[0], "(?<", "(?P<"))
	counts, last = map[string]int{}, map[string]map[string]int{}
	rest := lines[2]
	for rest != "" {
		at := parser.FindStringSubmatchIndex(rest)
		if at == nil || at[0] != 0 {
			t.Fatalf("%s: not an event: %s", name, rest)
		}
		host, clock := rest[at[2]:at[3]], map[string]int{}
		if err := json.Unmarshal([]byte(rest[at[4]:at[5]]), &clock); err != nil {
			t.Fatal(err)
		}
		counts[host]++
		if clock[host] != counts[host] {
			t.Errorf("%s: event %d of %s has the clock %v", name, counts[host], host, clock)
		}
		for h, n := range clock {
			if n > counts[h] || n < last[host][h] {
				t.Errorf("%s: the clock %v after %v, when %s had %d events", name, clock, last[host], h, counts[h])
			}
		}
		last[host] = clock
		rest = strings.TrimPrefix(rest[at[1]:], "\n")
	}
	return counts, last
}

// The shares of each request add up to its elapsed time, and none is negative.
func TestSharesAddUp(t *testing.T) {
	for _, s := range stories {
		d := drawn(t, s.request)
		var sum time.Duration
		for _, share := range d.Where {
			sum += share.Took
			if share.Took < 0 {
				t.Errorf("%s: %s took %v", s.name, share.Name, share.Took)
			}
		}
		if sum != d.Reply.Elapsed || len(d.Where) == 0 {
			t.Errorf("%s: shares of %v, elapsed %v", s.name, sum, d.Reply.Elapsed)
		}
	}
}

// A forged request of any events can be drawn in each format, within the bound of rows.
func TestAnyRequestCanBeDrawn(t *testing.T) {
	kinds := slices.Sorted(maps.Keys(event.Sections))
	name := rapid.SampledFrom([]string{"", "n1", "n2", "n9", "e<v>\x1b[31m;#il"})
	version := rapid.Custom(func(t *rapid.T) vclock.Version {
		return vclock.Version{Request: rapid.Uint64Range(0, 2).Draw(t, "request"), Deleted: rapid.Bool().Draw(t, "deleted")}
	})
	one := rapid.Custom(func(t *rapid.T) event.Event {
		return event.Event{
			Seq: 1, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Time: time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "time")),
			Node: name.Draw(t, "node"), Peer: name.Draw(t, "peer"), For: name.Draw(t, "for"), Key: []byte("k\n"),
			Op: rapid.SampledFrom([]string{"put", "get", "x\x00;"}).Draw(t, "op"), Message: name.Draw(t, "message"),
			Request: rapid.Uint64Range(0, 1).Draw(t, "id"), Count: rapid.IntRange(-1, 3).Draw(t, "count"), Want: 2,
			Elapsed:  time.Duration(rapid.Int64Range(-5, 1e10).Draw(t, "elapsed")),
			Versions: rapid.SliceOfN(version, 0, 2).Draw(t, "versions"), Nodes: rapid.SliceOfN(name, 0, 3).Draw(t, "nodes"),
			Homes: rapid.SliceOfN(name, 0, 3).Draw(t, "homes"), Groups: [][]string{{"n1"}, {"n2"}}[:rapid.IntRange(0, 2).Draw(t, "split")],
			Err: wire.Code(rapid.IntRange(0, 3).Draw(t, "code")),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		past := rapid.SliceOfN(one, 1, 40).Draw(rt, "past")
		past = append(past, event.Event{Seq: 1, Kind: event.Requested, Request: 1, Node: "n1", Op: "put", Key: []byte("k")})
		v := view.From(past)
		d := diagram.New(v.Request(1), v, past)
		drawAll(t, d)
	})
	forged := view.New()
	for range 2 * view.MaxRequestEvents {
		forged.Apply(event.Event{Seq: 1, Kind: event.Ack, Request: 1, Node: "n1", Peer: "n2", Key: []byte("k")})
	}
	full := diagram.New(forged.Request(1), forged, nil)
	if text := full.WhyText(render.Painter{}); !strings.Contains(text, "2048 events more than are kept") || full.LeftOut() != 2048 {
		t.Errorf("of a forged request it says %q", text)
	}
	long := []event.Event{}
	for i := range 3 * diagram.MaxRows {
		long = append(long, event.Event{Seq: 1, Time: time.Duration(i) * time.Hour, Kind: event.Ack, Request: 1, Node: "n1", Peer: "n2"})
	}
	d := diagram.New(&view.Request{ID: 1, Events: long}, view.New(), long)
	drawAll(t, d)
	if last := d.Rows[len(d.Rows)-1]; !strings.HasSuffix(last.Text, "rows more") {
		t.Errorf("the last row of too many is %q", last.Text)
	}
}

// drawAll draws a diagram in each format, and fails if a character could harm a terminal or a page.
func drawAll(t *testing.T, d *diagram.Diagram) {
	t.Helper()
	if len(d.Rows) > diagram.MaxRows {
		t.Fatalf("%d rows", len(d.Rows))
	}
	wellFormed(t, d.SVG())
	text := d.Title() + d.Text(render.Painter{}) + d.List(render.Painter{}) + d.WhyText(render.Painter{}) +
		d.WhereText(render.Painter{}) + d.Mermaid() + d.ShiViz()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%q in %s", r, text)
		}
	}
	for _, r := range d.Rows {
		width := 0
		for _, s := range d.Line(r, diagram.ASCII) {
			width += render.Width(s.Text)
			if strings.ContainsFunc(s.Text, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Fatalf("%q is not ASCII", s.Text)
			}
		}
		if width != d.Width() {
			t.Fatalf("a line of %d columns, want %d: %+v", width, d.Width(), r)
		}
	}
}

// BenchmarkNew lays out a request of a log that is as long as that of a screen.
func BenchmarkNew(b *testing.B) {
	past := recorded(b)
	for i := 0; len(past) < view.MaxLog; i++ {
		past = append(past, event.Event{
			Seq: uint64(i + 1e6), Kind: event.Stored, Key: fmt.Appendf(nil, "k%d", i), Request: uint64(i + 1e6), Node: "n1",
		})
	}
	v := view.From(recorded(b))
	r := v.Request(10)
	b.ReportAllocs()
	for b.Loop() {
		diagram.New(r, v, past)
	}
}

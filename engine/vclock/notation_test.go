package vclock

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseClock(t *testing.T) {
	for text, want := range map[string]Clock{
		"{}":                       nil,
		"{x:1}":                    {upTo("x", 1)},
		" {y:1  x:2} ":             {upTo("x", 2), upTo("y", 1)},
		"{x:.2}":                   {between("x", 1, 2)},
		"{x:3.5}":                  {upTo("x", 3), between("x", 4, 5)},
		"{x:1.3-5 y:.2-9}":         {upTo("x", 1), between("x", 2, 5), between("y", 1, 9)},
		"{x:18446744073709551615}": {upTo("x", 1<<64-1)},
		"{x~9e37:3 x~3a74:1}":      {{Actor: Actor{"x", 1}, Counter: 3}, {Actor: Actor{"x", 0x1abcd}, Counter: 1}},
	} {
		got, err := ParseClock(text)
		if err != nil || !got.Equal(want.Shown()) || !got.Valid() {
			t.Errorf("%s: %#v, %v", text, got, err)
		}
	}
}

func TestParseClockRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "has no braces",
		"x:1":                        "has no braces",
		"{x:1":                       "has no braces",
		`{"n4":1}`:                   "want NODE:COUNTER",
		"{x}":                        "want NODE:COUNTER",
		"{:1}":                       "want NODE:COUNTER",
		"{x:}":                       "want counters",
		"{x:0}":                      "want counters",
		"{x:.1}":                     "want counters",
		"{x:.}":                      "want counters",
		"{x:1.}":                     "want counters",
		"{x:1-2}":                    "want counters",
		"{x:.3-3}":                   "want counters",
		"{x:+1}":                     "want counters",
		"{x:01}":                     "want counters",
		"{x:18446744073709551616}":   "want counters",
		"{x:1 x:2}":                  "twice",
		"{x:1.2}":                    "out of order",
		"{x:3.2}":                    "out of order",
		"{x~3a74:1}":                 "two of one node",
		"{x:1 x~3a74:1}":             "two of one node",
		"{x~3A74:1 x~9e37:1}":        "four hexadecimal digits",
		"{x~074:1 x~9e37:1}":         "four hexadecimal digits",
		"{\x1b[2J}":                  `"\x1b[2J"`,
		strings.Repeat(" ", 1<<20+1): "longer than",
	} {
		got, err := ParseClock(text)
		if err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%.40s: %v, %v; want %q", text, got, err, want)
		}
	}
}

func TestCompareClocks(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want Relation
	}{
		{"{n3:1}", "{n3:2}", Before},
		{"{n3:2}", "{n3:1}", After},
		{"{n3:2 n4:1}", "{n4:1 n3:2}", Equal},
		{"{n3:2}", "{n3:1 n4:1}", Concurrent},
		{"{n4:1}", "{n4:.2}", Concurrent}, // the greatest counters, 1 and 2, would say before
		{"{n4:.2}", "{n4:2}", Before},
		{"{n4:1.3}", "{n4:.2-3}", Concurrent},
		{"{n4:1.3}", "{n4:3}", Before},
		{"{}", "{n1:1}", Before},
		{"{}", "{}", Equal},
		{"{x~9e37:3 x~3a74:1}", "{x~9e37:4 x~3a74:1}", Before},
	} {
		a, errA := ParseClock(c.a)
		b, errB := ParseClock(c.b)
		if got := a.Compare(b); errA != nil || errB != nil || got != c.want {
			t.Errorf("%s to %s: %s, %v, %v; want %s", c.a, c.b, got, errA, errB, c.want)
		}
	}
}

func TestHiddenEpoch(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"{x:1 y:1}", "{x:2}", ""},
		{"{x~9e37:3 x~3a74:1}", "{x:3}", "x"},
		{"{x:3}", "{x~9e37:3 x~3a74:1}", "x"},
		{"{x~9e37:3 x~3a74:1}", "{y:3}", ""},
	} {
		a, _ := ParseClock(c.a)
		b, _ := ParseClock(c.b)
		if got := a.HiddenEpoch(b); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// manyEpochs are epochs whose short forms differ.
var manyEpochs = []uint64{1, 7 << 24, 1<<40 + 3}

// drawClock draws a valid clock with gaps, with at least least ranges of events for each node and
// epoch.
func drawClock(t *rapid.T, label string, least int, epochs []uint64) Clock {
	var c Clock
	for _, node := range []string{"n1", "n1-b", "n2"} {
		for _, epoch := range epochs {
			at := uint64(0)
			for range rapid.IntRange(least, 2).Draw(t, label) {
				from := at + rapid.Uint64Range(0, 2).Draw(t, label+" from")
				if at > 0 {
					from++
				}
				at = from + rapid.Uint64Range(1, 3).Draw(t, label+" to")
				c = append(c, Entry{Actor: Actor{node, epoch}, Counter: at, From: from})
			}
		}
	}
	return c
}

// A parsed notation means the same as the clock that was printed.
func TestPrintParseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t, "clock", 0, manyEpochs)
		got, err := ParseClock(c.String())
		if err != nil || !got.Valid() || !got.Equal(c.Shown()) || !sameFields(got.String(), c.String()) {
			t.Fatalf("%s: %s, %v", c, got, err)
		}
	})
}

// sameFields reports whether two notations differ only in the order of their actors. Parsed epochs
// have an order of their own.
func sameFields(a, b string) bool {
	fields := func(s string) []string { return slices.Sorted(strings.FieldsSeq(strings.Trim(s, "{}"))) }
	return slices.Equal(fields(a), fields(b))
}

// The notations of two clocks of the same epochs relate as the clocks do, and each relation has its
// inverse.
func TestNotationsRelateAsClocksDo(t *testing.T) {
	inverse := map[Relation]Relation{Before: After, After: Before, Equal: Equal, Concurrent: Concurrent}
	rapid.Check(t, func(t *rapid.T) {
		least, epochs := 0, manyEpochs[:1] // so that both notations show an epoch, or neither does
		if rapid.Bool().Draw(t, "many epochs") {
			least, epochs = 1, manyEpochs
		}
		a, b := drawClock(t, "a", least, epochs), drawClock(t, "b", least, epochs)
		want := a.Compare(b)
		if b.Compare(a) != inverse[want] || (want == Equal) != a.Equal(b) || a.Merge(b).Compare(a) == Concurrent {
			t.Fatalf("%s and %s: %s and %s", a, b, want, b.Compare(a))
		}
		x, errA := ParseClock(a.String())
		y, errB := ParseClock(b.String())
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if x.HiddenEpoch(y) != "" || x.Compare(y) != want {
			t.Fatalf("%s is %s %s; read back %s", a, want, b, x.Compare(y))
		}
	})
}

// Versions that nodes made relate by their dots as their clocks do.
func TestVersionsRelateAsTheirClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for _, v := range h.all {
			for _, w := range h.all {
				if got, want := v.Compare(w), v.Clock().Compare(w.Clock()); got != want {
					t.Fatalf("%s %+v is %s %s %+v, and the clocks are %s", v.Notation(), v, got, w.Notation(), w, want)
				}
			}
		}
	})
}

// Any text is refused, or is the notation of the parsed clock.
func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"{}", "{x:1}", "{x:1.3-5 y:.2-9}", "{x~9e37:3 x~3a74:1}", "{x:.2 x~3a74:1}", "{n1:1", fmt.Sprint(Clock{upTo("n3", 7)})} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseClock(text)
		if err != nil {
			return
		}
		again, err := ParseClock(c.String())
		if err != nil || !c.Valid() || !again.Equal(c) || again.String() != c.String() || !sameFields(strings.TrimSpace(text), c.String()) {
			t.Fatalf("%q: %s, then %s, %v", text, c, again, err)
		}
	})
}

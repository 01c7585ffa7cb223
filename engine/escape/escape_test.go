package escape

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"milk": "milk", "käse ✂": "käse ✂", "\x1b[2J": `\x1b[2J`, "a\\x1b": `a\\x1b`, "\r\n\a\b": `\x0d\x0a\x07\x08`,
		"\u009b31m": `\xc2\x9b31m`, "\u202eevil": `\xe2\x80\xaeevil`, "\xff": `\xff`, "": "", "�": "�",
	} {
		if got := Terminal([]byte(in)); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	if got := TerminalShort([]byte(strings.Repeat("é", 100)), 10); utf8.RuneCountInString(got) != 10 || !strings.HasSuffix(got, "…") {
		t.Errorf("cut to %q", got)
	}
	if got := TerminalShort([]byte("short"), 10); got != "short" {
		t.Errorf("%q was cut", got)
	}
}

// What the user typed comes back as it was typed, as far as a terminal may have it.
func TestTyped(t *testing.T) {
	for in, want := range map[string]string{
		`put cart a\ b`: `put cart a\ b`, `C:\data`: `C:\data`, "a\\\x1bb": `a\\x1bb`, "käse": "käse", "\xff": `\xff`, "": "",
	} {
		if got := Typed([]byte(in)); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	if got := TypedShort([]byte(strings.Repeat(`\`, 20)), 10); got != strings.Repeat(`\`, 9)+"…" {
		t.Errorf("cut to %q", got)
	}
}

func FuzzTerminal(f *testing.F) {
	f.Add([]byte("\x1b]0;title\a"), 5)
	f.Add([]byte("a\u202eb\u009bc\xff\\"), 80)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		for _, s := range []string{Terminal(b), TerminalShort(b, max(limit%100, 1)), Typed(b), TypedShort(b, max(limit%100, 1))} {
			for _, r := range s {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q gives %q", b, s)
				}
			}
		}
		if utf8.Valid(b) {
			j, err := JSON(string(b))
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

// Different inputs give different texts.
func TestTerminalIsInjective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SliceOfN(rapid.SampledFrom([]byte("ax1b\\\x1b\xff")), 0, 8)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		if !bytes.Equal(a, b) && Terminal(a) == Terminal(b) {
			t.Fatalf("%q and %q both give %s", a, b, Terminal(a))
		}
	})
}

package snapshot

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	green = "\x1b[1;38;2;0;184;136m"
	off   = "\x1b[0m"
)

// wellFormed checks that a picture is XML and refers to no other file.
func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "href" || strings.Contains(a.Value, "url(") {
					t.Errorf("%s refers to %s", e.Name.Local, a.Value)
				}
			}
		}
	}
}

// Colours, bold and reverse are kept. Text is escaped.
func TestSVG(t *testing.T) {
	svg := SVG("a <title>", []string{"a" + green + "<b> &" + off + " c", "\x1b[7mx" + off + "─⠃▄◉"})
	wellFormed(t, svg)
	for _, want := range []string{
		"<title>a &lt;title&gt;</title>", `fill="#00b888" font-weight="bold">&lt;b&gt;</text>`,
		`<text x="62" y="27" textLength="10"`, `>c</text>`, `textLength="30"`, // three columns
		`<rect x="12" y="32" width="10" height="20" fill="#d8dee6"/>`, `fill="#12161d">x</text>`,
		"M27 42H22M27 42H32", "text-anchor=\"middle\">◉</text>", `width="104"`,
	} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if n := strings.Count(string(svg), "v3h-3z"); n != 2 {
		t.Errorf("⠃ has %d dots, want 2", n)
	}
}

// What is not a colour does no harm.
func TestOtherSequences(t *testing.T) {
	wellFormed(t, SVG("", []string{"\x1b[38;2;300;0mx\x1b]0;title\x07\x1b[2Jy\x1b[38;5;9mz\x1b[", "", "界\x01"}))
	if got := string(Text([]string{green + "a" + off + "  ", "b界"})); got != "a\nb界\n" {
		t.Errorf("as text: %q", got)
	}
	if len(cellsOf("界x")) != 3 {
		t.Error("a wide character has two columns")
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	rows := []string{green + "x" + off}
	for name, want := range map[string]string{"a.svg": "<svg", "a.txt": "x\n"} {
		path := filepath.Join(dir, name)
		if err := Write(path, "t", rows); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(path); !strings.HasPrefix(string(b), want) {
			t.Errorf("%s begins with %.20q", name, b)
		}
		if err := Write(path, "t", rows); err == nil || !strings.Contains(err.Error(), "is not replaced") {
			t.Errorf("an existing file: %v", err)
		}
	}
	for name, want := range map[string]string{"a.png": "want FILE.svg or FILE.txt", "": "want FILE.svg", "no/a.svg": "no such file"} {
		if err := Write(filepath.Join(dir, name), "t", rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	if first := FreeName(dir); first != "ringside-1.svg" {
		t.Errorf("the first free name is %s", first)
	}
	if err := Write(filepath.Join(dir, "ringside-1.svg"), "t", rows); err != nil || FreeName(dir) != "ringside-2.svg" {
		t.Errorf("the next free name is %s (%v)", FreeName(dir), err)
	}
}

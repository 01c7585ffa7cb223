package canvas

import (
	"io"
	"strings"
	"testing"

	"ringside/tui/theme"
)

func newCanvas(ascii bool, w, h int) *Canvas { return New(theme.New(io.Discard, ascii, true), w, h) }

func TestPut(t *testing.T) {
	for _, c := range []struct {
		ascii      bool
		text, want string
	}{
		{false, "milk", "milk  "}, {false, "milk and eggs", "milk …"}, {true, "milk and eggs", "milk ~"},
		{false, "a\x1b[2Jb", "a?[2Jb"}, {false, "a\u202eb", "a?b   "}, {false, "\xff", "?     "},
		{false, "界a", "界a   "}, {false, "界界界界", "界界 …"}, {true, "界", "?     "}, {true, "✂ n1", "x n1  "},
		{false, "a" + strings.Repeat("\u0300", 40), "?     "},
	} {
		v := newCanvas(c.ascii, 6, 1)
		v.Put(0, 0, theme.Plain, c.text)
		if got := v.Lines()[0]; got != c.want {
			t.Errorf("%q is drawn as %q, want %q", c.text, got, c.want)
		}
	}
}

// A character that covers half of a wide one leaves a blank in the other half.
func TestHalfOfAWideCharacter(t *testing.T) {
	for x, want := range map[int]string{0: "x 界", 1: " x界", 2: "界x ", 3: "界 x"} {
		c := newCanvas(false, 4, 1)
		c.Put(0, 0, theme.Plain, "界界")
		c.Set(x, 0, theme.Plain, "x")
		if got := c.Lines()[0]; got != want {
			t.Errorf("x at %d gives %q, want %q", x, got, want)
		}
	}
}

func TestDrawingOutsideChangesNothing(t *testing.T) {
	c := newCanvas(false, 3, 2)
	c.Put(-2, 0, theme.Plain, "abc")
	c.Put(0, 5, theme.Plain, "abc")
	c.Set(3, 0, theme.Plain, "x")
	c.Highlight(-1, 1, 9)
	c.Paste(2, 1, newCanvas(false, 4, 4))
	if got := strings.Join(c.Lines(), "|"); got != "c  |   " {
		t.Errorf("%q", got)
	}
	if c.Blank(0, 0, 1) || !c.Blank(1, 0, 2) || c.Blank(1, 0, 3) || c.Blank(0, 2, 1) {
		t.Error("Blank is wrong about the edge")
	}
}

func TestWrap(t *testing.T) {
	c := newCanvas(false, 0, 0)
	if got := strings.Join(c.Wrap("a hint waits for  n3 extraordinarily", 8), "|"); got != "a hint|waits|for n3|extraordinarily" {
		t.Errorf("%q", got)
	}
	if got := c.Pad("n1", 4); got != "n1  " {
		t.Errorf("%q", got)
	}
}

func TestPrintable(t *testing.T) {
	if got := Printable([]rune("a\tb\r\nc\x1b\u202e\x00d界")); got != "a b  cd界" {
		t.Errorf("%q", got)
	}
}

func TestDots(t *testing.T) {
	d := NewDots(2, 1)
	d.Line(Point{0, 0}, Point{3, 3}, theme.Plain, 1)
	d.Set(-1, 0, theme.Plain)
	d.Set(4, 0, theme.Plain)
	for ascii, want := range map[bool]string{false: "⠑⢄", true: ".."} {
		c := newCanvas(ascii, 2, 1)
		d.DrawOn(c)
		if got := c.Lines()[0]; got != want {
			t.Errorf("a diagonal is %q, want %q", got, want)
		}
	}
}

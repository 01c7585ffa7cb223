package frametest

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// A Want is the size that a frame must have, in columns and rows. With ASCII the frame has ASCII
// signs only.
type Want struct {
	W, H  int
	ASCII bool
}

// Check checks what holds for every frame: its size, and that a terminal can show it. name stands
// in the errors.
func Check(t *testing.T, name, frame string, want Want) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != want.H {
		t.Errorf("%s: %d lines, want %d", name, len(lines), want.H)
	}
	for i, l := range lines {
		if got := ansi.StringWidth(l); got != want.W {
			t.Errorf("%s: line %d has %d columns, want %d: %q", name, i, got, want.W, l)
		}
		for _, r := range l {
			if !unicode.IsPrint(r) || want.ASCII && r > 0x7e {
				t.Errorf("%s: line %d shows %U", name, i, r)
			}
		}
	}
}

// Shows checks that a frame has texts.
func Shows(t *testing.T, frame string, wants ...string) {
	t.Helper()
	for _, text := range wants {
		if !strings.Contains(frame, text) {
			t.Errorf("no %q in\n%s", text, frame)
		}
	}
}

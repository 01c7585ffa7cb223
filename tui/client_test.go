package tui

import (
	"slices"
	"strings"
	"testing"
)

// The word as with a name makes later commands on keys that client's. The prompt shows the name.
func TestPromptSpeaksAsAClient(t *testing.T) {
	s, ran := interactive(t)
	s.do(s.enter("as alice"))
	shows(t, s, "ringside[alice]▸ _ try partition n1")
	if s.press("esc"); strings.Contains(s.View(), "@cart") { // a client keeps its own contexts
		t.Errorf("a proposal names a context:\n%s", s.View())
	}
	s.press(":")
	for _, line := range []string{"get cart", "heal", "as bob put cart x", "as -"} {
		s.do(s.enter(line))
	}
	shows(t, s, "later commands are no client's")
	s.do(s.enter("get cart"))
	shows(t, s, "ringside▸")
	if want := []string{"as alice", "as alice get cart", "heal", "as bob put cart x", "get cart"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
	if string(s.state.Key()) != "cart" {
		t.Errorf("the shown key is %q", s.state.Key())
	}
}

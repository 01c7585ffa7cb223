package tui

import (
	"slices"
	"testing"
)

// The word as with a name makes later commands on keys that client's. The prompt shows the name.
func TestPromptSpeaksAsAClient(t *testing.T) {
	s, ran := interactive(t)
	s.do(s.enter("as alice"))
	shows(t, s, "ringside[alice]▸")
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

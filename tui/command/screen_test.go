package command

import (
	"slices"
	"testing"
)

// The screens, the line mode and cue sheets read the same words. A colon and the program's name
// before a word mean nothing.
func TestScreenWords(t *testing.T) {
	for line, want := range map[string]struct {
		word string
		args []string
	}{
		"q": {Quit, nil}, "exit": {Quit, nil}, ":quit": {Quit, nil}, " : ?": {Help, nil}, "::big": {Big, nil},
		"ringside clear": {Clear, nil}, "as  -": {NoClient, nil}, ":as - # nobody": {NoClient, nil},
		"snapshot": {Snapshot, nil}, "snapshot 'a b.svg'": {Snapshot, []string{"a b.svg"}},
		":snapshot --size 100x40 a.svg": {Snapshot, []string{"--size", "100x40", "a.svg"}},
		"":                              {}, ":": {}, "big x": {}, "as": {}, "as alice": {}, "'as -'": {}, "heal": {}, "snapshot 'a": {}, "# big": {},
	} {
		word, args, ok := Screen(line)
		if ok != (want.word != "") || ok && (word != want.word || !slices.Equal(args, want.args)) {
			t.Errorf("%q is read as %q %q (%v), want %q %q", line, word, args, ok, want.word, want.args)
		}
	}
	if got := Bare(" : ringside  heal "); got != "heal" {
		t.Errorf("the bare line is %q", got)
	}
}

func TestSnapshotFile(t *testing.T) {
	for _, args := range [][]string{{"--size", "100x40", "a.svg"}, {"a.svg", "b.svg"}, {"-h"}} {
		if name, err := SnapshotFile(args); err == nil {
			t.Errorf("%q names %q", args, name)
		}
	}
	if name, err := SnapshotFile([]string{"a.svg"}); name != "a.svg" || err != nil {
		t.Errorf("a.svg names %q: %v", name, err)
	}
	if name, err := SnapshotFile(nil); name != "" || err != nil {
		t.Errorf("nothing names %q: %v", name, err)
	}
}

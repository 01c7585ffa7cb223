package verbs

import (
	"encoding/json"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/vclock"
)

// versionText returns a version as get --json shows it.
func versionText(t *testing.T, v vclock.Version) string {
	b, err := json.Marshal(event.JSONOf(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestClockCompare(t *testing.T) {
	blind := version("n4", 2, "tea")
	first := version("n4", 1, "milk")
	second := version("n4", 2, "beer", dot("n4", 1))
	elsewhere := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n4", Epoch: 9}, Counter: 1}} // also {n4:1}
	for _, c := range []struct{ a, b, want string }{
		{"{n4:1}", "{n4:.2}", "concurrent"},
		{"{n4:1}", "{n4:2}", "before"},
		{"{n4:2}", "{n4:1}", "after"},
		{"{n4:1 n3:2}", "{n3:2 n4:1}", "equal"},
		{"{}", "{n4:1}", "before"},
		{versionText(t, first), versionText(t, blind), "concurrent"},
		{versionText(t, first), versionText(t, second), "before"},
		{versionText(t, second), versionText(t, first), "after"},
		{versionText(t, second), versionText(t, second), "equal"},
		{versionText(t, first), versionText(t, elsewhere), "concurrent"},
		{versionText(t, first), "{n4:2}", "before"},
		{"{n4:.2}", versionText(t, first), "concurrent"},
	} {
		s := newFake(t).say("clock compare --json " + Join([]string{c.a, c.b}))
		if s.exit != 0 || s.out != `{"relation":"`+c.want+`"}`+"\n" {
			t.Errorf("%s to %s: %s %+v, want %s", c.a, c.b, s.out, s.failure, c.want)
		}
		if s := newFake(t).say("clock compare " + Join([]string{c.a, c.b})); !strings.HasPrefix(s.out, c.want+": ") {
			t.Errorf("%s to %s: %s", c.a, c.b, s.out)
		}
	}
}

func TestClockCompareRefuses(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"{n4:1}", `{"n4":2}`, `needs "dot" and "past"`},
		{"{n4:1}", `{"clock":{"n4":2},"notation":"{n4:2}"}`, `needs "dot" and "past"`},
		{"{n4:1}", `{"dot":{"node":"n4","epoch":"7","counter":0},"past":[]}`, "counter"},
		{"{n4:1}", `{"dot":{"node":"n4","counter":1},"past":[]}`, "epoch"},
		{"{n4:1}", `{"dot":{"node":"n4","epoch":"7","counter":1},"past":[{"node":"n4","epoch":"7","counter":2}]}`,
			"does not cover it"},
		{"{n4:1}", `{"dot":{"node":"n4","epoch":"7","counter":1},"past":[{"node":"n4","epoch":"7","counter":0}]}`,
			"not a clock"},
		{"{n4:1}", `{"dot":`, "neither a notation"},
		{"{n4:1}", "milk", "has no braces"},
		{"{n4:1}", "@cart", "opaque"},
		{"{n4:1}", "{n4~9e37:3 n4~3a74:1}", "shows the epoch of n4"},
	} {
		for _, line := range [][]string{{c.a, c.b}, {c.b, c.a}} {
			s := newFake(t).say("clock compare " + Join(line))
			if s.exit != exit.Usage || !strings.Contains(s.failure.Message, c.want) {
				t.Errorf("%q: exit %d, %+v; want %s", line, s.exit, s.failure, c.want)
			}
		}
	}
	for _, line := range []string{"clock", "clock compare {n4:1}", "clock compar {n4:1} {n4:1}"} {
		if s := newFake(t).say(line); s.exit != exit.Usage {
			t.Errorf("%s: exit %d", line, s.exit)
		}
	}
}

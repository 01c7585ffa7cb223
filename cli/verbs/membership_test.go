package verbs

import (
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/usage"
)

func TestJoinAndLeave(t *testing.T) {
	f := newFake(t)
	if s := f.say("join n6 --weight 2 --zone east --json"); s.exit != 0 ||
		!strings.Contains(s.out, `"node":"n6","kind":"join","weight":2,"zone":"east","time":"1970-01-01T01:00:00.000000000Z","members":6`) {
		t.Errorf("exit %d: %s", s.exit, s.out)
	}
	if s := f.say("leave n6"); s.exit != 0 || !strings.Contains(s.out,
		"leaves  n6  recorded by n1; the ring has 5 members") {
		t.Errorf("exit %d: %s", s.exit, s.out)
	}
	if s := f.say("leave n5 --force"); s.exit != exit.Usage || !strings.Contains(s.failure.Message, "the node is up") {
		t.Errorf("a node that is up is removed: exit %d, %v", s.exit, s.failure)
	}
}

// A dry run shows what would move and changes nothing.
func TestDryRun(t *testing.T) {
	f := newFake(t)
	rg := mustRing(t, f).Ranges()[0]
	f.roots = map[string][]event.TreeRoot{rg.Homes[0]: {{Start: rg.Start, End: rg.End, Root: 1, Keys: 10, Size: 1000}}}
	before := len(f.settings.Nodes)
	s := f.say("leave " + rg.Homes[0] + " --dry-run --json")
	if s.exit != 0 || !strings.Contains(s.out, `"keys":10,"bytes":1000`) {
		t.Errorf("exit %d: %s", s.exit, s.out)
	}
	if s := f.say("leave " + rg.Homes[0] + " --dry-run"); !strings.Contains(s.out, "about 10 replicas, 1000 bytes;") {
		t.Errorf("exit %d: %s", s.exit, s.out)
	}
	if s := f.say("join --dry-run"); s.exit != 0 || !strings.Contains(s.out, "if n6 joins, ") ||
		!strings.Contains(s.out, "nothing was changed") {
		t.Errorf("exit %d: %s", s.exit, s.out)
	}
	if len(f.settings.Nodes) != before {
		t.Error("a dry run changed something")
	}
	f.err = usage.Errorf("leave n4: it does not run")
	// a dry run is refused for the same reasons as the change
	for _, line := range []string{"join --dry-run", "leave n4 --dry-run"} {
		if s := f.say(line); s.exit != exit.Usage || s.failure.Message != f.err.Error() {
			t.Errorf("%s: exit %d, %v", line, s.exit, s.failure)
		}
	}
}

// A ring with fewer members than N causes a warning, before the change and as long as the ring
// lasts.
func TestFewMembersAreTold(t *testing.T) {
	f := newFake(t)
	f.settings.Nodes = f.settings.Nodes[:3]
	const few = "few members  each key has 2 replicas instead of N=3 until a node joins"
	if s := f.say("status"); strings.Contains(s.out, "few members") {
		t.Errorf("three members: %s", s.out)
	}
	if s := f.say("leave n3 --dry-run"); !strings.Contains(s.out, few) {
		t.Errorf("dry run: %s", s.out)
	}
	if s := f.say("leave n3 --dry-run --json"); !strings.Contains(s.out, `"members":2,"replicas":2}`) {
		t.Errorf("dry run: %s", s.out)
	}
	if s := f.say("leave n3"); !strings.Contains(s.out, few) {
		t.Errorf("leave: %s", s.out)
	}
	if s := f.say("status"); !strings.Contains(s.out, few) {
		t.Errorf("status: %s", s.out)
	}
	if s := f.say("status --json"); !strings.Contains(s.out, `"members":2,"replicas":2}`) {
		t.Errorf("status: %s", s.out)
	}
	if s := f.say("join n4 --json"); !strings.Contains(s.out, `"members":3,"replicas":3`) {
		t.Errorf("join: %s", s.out)
	}
}

func mustRing(t *testing.T, f *fake) *ring.Ring {
	r, err := ring.New(f.settings.RingConfig(), f.settings.InitialMembers())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

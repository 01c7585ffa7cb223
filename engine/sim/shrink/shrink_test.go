package shrink

import (
	"strings"
	"testing"

	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// mostSeeds is the number of seeds in which a planted bug must be found.
const mostSeeds = 60

// A failing run shrinks to a few lines. They say what happened, and fail again when they are read
// back.
func TestSearch(t *testing.T) {
	player := sim.Player{Bug: &kernel.Bug{SameIncarnation: true}}
	var failing sim.Result
	for seed := uint64(1); !failing.Broke("P6"); seed++ {
		if seed > mostSeeds {
			t.Fatalf("P6 held for %d seeds", mostSeeds)
		}
		failing, _ = player.Play(plan.New(plan.Options{
			Seed: seed, Faults: []string{plan.Wipe, plan.Split, plan.Loss}, Ops: 100,
			Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: plan.Sloppy,
		}))
	}
	p, r := Search(player, failing, "P6")
	text := Report(p, r, "--seed 1")
	if len(p.Ops) > 6 || len(p.Faults) > 2 || len(p.Keys()) != 1 || !r.Broke("P6") {
		t.Errorf("shrunk only to:\n%s", text)
	}
	for _, want := range []string{"# P6: dot", "wipe n", "acked by"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	again, err := plan.ParseScript(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if s, _ := player.Play(again); s.Hash != r.Hash || s.Hash != again.Expect.Hash || !s.Broke(again.Expect.Property) {
		t.Errorf("replayed: hash %x, want %x; %v", s.Hash, r.Hash, s.Violations)
	}
}

// unknownReply is a reply that no node gives.
type unknownReply struct{ wire.ClientReply }

// asUnknown panics.
func asUnknown(r wire.ClientReply) wire.ClientReply { return r.(unknownReply) }

// A run that panics fails, says where, and can be made smaller.
func TestPanicIsAFailure(t *testing.T) {
	player := sim.Player{Bug: &kernel.Bug{OnReply: asUnknown}}
	r, _ := player.Play(plan.New(plan.Options{Seed: 1, Ops: 40, Faults: []string{}}))
	if !r.Broke(sim.Panic) || !strings.Contains(r.Violations[0].Detail, "in shrink_test.go:") {
		t.Fatalf("%v", r.Violations)
	}
	if p, _ := Search(player, r, sim.Panic); len(p.Ops) != 1 {
		t.Errorf("shrunk only to %d operations", len(p.Ops))
	}
}

// Search returns what it has found when the player gives up.
func TestSearchGivesUp(t *testing.T) {
	bug := &kernel.Bug{OnReply: asUnknown}
	r, _ := sim.Player{Bug: bug}.Play(plan.New(plan.Options{Seed: 1, Ops: 40, Faults: []string{}}))
	if p, _ := Search(sim.Player{Bug: bug, GoOn: func() bool { return false }}, r, sim.Panic); len(p.Ops) != 40 {
		t.Errorf("%d operations are left, want all 40", len(p.Ops))
	}
}

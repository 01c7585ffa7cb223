package simulate

import (
	"fmt"
	"strings"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/sim"
	"ringside/engine/sim/fork"
)

// diffReport is the JSON of diff.
type diffReport struct {
	Equal bool           `json:"equal"`       // no event differs
	Same  int            `json:"same_events"` // with which both runs begin
	First *runDifference `json:"first_difference"`
	A     diffedRun      `json:"a"`
	B     diffedRun      `json:"b"`
	Keys  []diffedKey    `json:"keys"` // that hold other versions in the end
}

// runDifference has the two events that differ, null where a run has ended.
type runDifference struct {
	A any `json:"a"`
	B any `json:"b"`
}

type diffedRun struct {
	File string `json:"file"`
	Seed uint64 `json:"seed"`
	futureReport
}

type diffedKey struct {
	Key string          `json:"key"`
	A   []versionReport `json:"a"`
	B   []versionReport `json:"b"`
}

// diff tells where the runs of two files part.
func (r *runner) diff() error {
	a, one, err := r.readRun(r.call.Arg(0))
	if err != nil {
		return err
	}
	b, other, err := r.readRun(r.call.Arg(1))
	if err != nil {
		return err
	}
	live := [2]bool{one != nil && one.Live(), other != nil && other.Live()}
	if live[0] || live[1] {
		return r.diffSessions([2]verbs.Session{sessionOf(one, a), sessionOf(other, b)}, live[0] && live[1])
	}
	f, ended := fork.Compare(sim.Player{GoOn: r.alive}, a, b)
	if !ended {
		return r.ctx.Err()
	}
	out := diffReport{
		Equal: f.Equal(), Same: f.Same, Keys: []diffedKey{},
		A: diffedRun{r.call.Arg(0), a.Seed, newFutureReport(&f.AsItIs)},
		B: diffedRun{r.call.Arg(1), b.Seed, newFutureReport(&f.Changed)},
	}
	if !f.Equal() {
		out.First = &runDifference{first(f.AsItIs.After), first(f.Changed.After)}
	}
	for _, k := range f.Keys {
		out.Keys = append(out.Keys, diffedKey{k.Key, versionsOf(k.AsItIs), versionsOf(k.Changed)})
	}
	return r.Show(out, diffText(&f, r.Width(), [2]string{render.Text(r.call.Arg(0)), render.Text(r.call.Arg(1))}))
}

// diffText returns where the runs of two files part, as text.
func diffText(f *fork.Fork, width int, files [2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s and %s\n", files[0], files[1])
	switch {
	case f.Equal():
		fmt.Fprintf(&b, "the runs are the same: %s\n", render.Count(f.Same, "event"))
		return b.String()
	case f.Same == 0:
		b.WriteString("the first event differs\n\n")
	default:
		fmt.Fprintf(&b, "%s the same, the first that differs is number %d\n\n", firstAre(f.Same), f.Same+1)
	}
	b.WriteString(courseOf(f, width, files))
	b.WriteString("\n" + endOf(f, width, files))
	return b.String()
}

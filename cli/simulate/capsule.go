package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"ringside/cli/capsule"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/shrink"
	"ringside/engine/usage"
)

// writeCapsule plays a run and writes its capsule to the file of --capsule. options are those from
// which the run was drawn, "" if it was not drawn.
func (r *runner) writeCapsule(p plan.Plan, options string) error {
	one, result, ended := r.playPlan(p, true)
	if !ended {
		return r.ctx.Err()
	}
	if err := writeCapsule(r.Path(r.call.String("capsule")), p, one, result, options); err != nil {
		return fmt.Errorf("sim --capsule: %w", err)
	}
	return nil
}

// WriteCapsule plays a run and writes its capsule to a file.
func WriteCapsule(ctx context.Context, path string, p plan.Plan) error {
	r := &runner{ctx: ctx}
	one, result, ended := r.playPlan(p, true)
	if !ended {
		return ctx.Err()
	}
	return writeCapsule(path, p, one, result, "")
}

// writeCapsule writes the capsule of a run that was played.
func writeCapsule(path string, p plan.Plan, one *campaign, result sim.Result, options string) error {
	rep := one.single()
	rep.Options = options
	p.Expect = plan.Expect{Hash: result.Hash}
	if v := result.Violations; len(v) > 0 {
		p.Expect.Property = v[0].Property
	}
	c, err := capsule.New(one.text()+rep.more(""), rep)
	if err == nil {
		c.Script = shrink.Report(p, result, "")
		err = c.Write(path)
	}
	return err
}

// leaveCapsule writes the capsule of a campaign if the call asks for one: of the lowest seed that
// failed, or of the only run, which p is. It says so if there is none.
func (r *runner) leaveCapsule(c *campaign, p *plan.Plan, options string) error {
	switch {
	case !r.call.Has("capsule"):
		return nil
	case c.worst != nil:
		return r.writeCapsule(c.worst.Plan, options)
	case p != nil:
		return r.writeCapsule(*p, options)
	}
	r.Notef("no capsule was written, because no run failed; --seed SEED --capsule FILE writes one\n")
	return nil
}

// readRun reads the run of a capsule or of a script. The capsule is nil if the file is a script.
// The plan is empty if the run is one of a real cluster.
func (r *runner) readRun(name string) (plan.Plan, *capsule.Capsule, error) {
	f, err := os.Open(r.Path(name))
	if err != nil {
		return plan.Plan{}, nil, usage.Errorf("%s: %w", r.call.Verb.Name, err)
	}
	defer f.Close()
	p, c, err := decodeRun(f)
	if err != nil {
		return plan.Plan{}, nil, usage.Errorf("%s %s: %w", r.call.Verb.Name, render.Quoted(name), err)
	}
	return p, c, nil
}

// decodeRun decodes what readRun returns.
func decodeRun(f io.Reader) (p plan.Plan, c *capsule.Capsule, err error) {
	text, err := capsule.Text(f)
	if err != nil {
		return p, nil, err
	}
	if capsule.Is(text) {
		if c, err = capsule.Parse(text); err != nil || c.Live() {
			return p, c, err
		}
		text = []byte(c.Script)
	}
	p, err = plan.ParseScript(bytes.NewReader(text))
	return p, c, err
}

// open shows the run of a capsule: on the screens if there is a terminal, otherwise as text. It
// plays a simulated run again, and fails if this ringside comes to another result.
func (r *runner) open() error {
	name := r.call.Arg(0)
	p, c, err := r.readRun(name)
	switch {
	case err != nil:
		return err
	case c == nil:
		return usage.Errorf("open %s: the file is a script and not a capsule; ringside sim --replay plays it",
			render.Quoted(name))
	case c.Live():
		return r.openSession(name, c)
	}
	one, result, ended := r.playPlan(p, true)
	if !ended {
		return r.ctx.Err()
	}
	again, err := json.Marshal(one.single())
	if err != nil {
		return fmt.Errorf("open %s: %w", render.Quoted(name), err)
	}
	if !sameResult(again, c.Result) {
		return otherResult(name, c, fmt.Sprintf(": the trace hash here is %016x", result.Hash))
	}
	if r.toScreens {
		return r.showOnScreens(p)
	}
	if err := r.Show(c.Result, safeText(c.Text)); err != nil {
		return err
	}
	if v := result.Violations; len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: v[0].Detail, Reported: true}
	}
	return nil
}

// safeText escapes the text of a capsule, which may come from anywhere, and keeps its lines.
func safeText(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = render.Typed(l)
	}
	return strings.Join(lines, "\n")
}

// sameResult reports whether two results of one run are the same, apart from the real time and from
// the options, of which a script knows nothing.
func sameResult(a, b []byte) bool {
	var both [2]map[string]any
	for i, text := range [][]byte{a, b} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if d.Decode(&both[i]) != nil {
			return false
		}
		delete(both[i], "wall_s")
		delete(both[i], "options")
	}
	return reflect.DeepEqual(both[0], both[1])
}

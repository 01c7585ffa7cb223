package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/shard"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/shrink"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
)

const (
	// capsuleFormat is the number of the format of capsules.
	capsuleFormat = 1
	// maxCapsule bounds the bytes of a capsule or script that is read. A run of plan.MaxOps
	// operations fits.
	maxCapsule = 256 << 20
)

// A capsule is the content of a file that holds one run: what it is, and what came out.
type capsule struct {
	Capsule int    `json:"capsule"` // capsuleFormat
	Commit  string `json:"commit"`  // of the ringside that played the run; "" if it is unknown
	Script  string `json:"script"`  // plays the run again
	// Text and Result are what ringside sim prints of the run, without and with --json.
	Text   string          `json:"text"`
	Result json.RawMessage `json:"result"`
}

// writeCapsule plays a run and writes its capsule to the file of --capsule. options are those from
// which the run was drawn, "" if it was not drawn.
func (r *runner) writeCapsule(p plan.Plan, options string) error {
	one, result, ended := r.playPlan(p, true)
	if !ended {
		return r.ctx.Err()
	}
	rep := one.single()
	rep.Options = options
	p.Expect = plan.Expect{Hash: result.Hash}
	if v := result.Violations; len(v) > 0 {
		p.Expect.Property = v[0].Property
	}
	text, err := json.Marshal(rep)
	if err == nil {
		text, err = json.Marshal(capsule{capsuleFormat, shard.Commit(), shrink.Report(p, result, ""),
			one.text() + rep.more(""), text})
	}
	if err == nil {
		err = atomicfile.Replace(r.Path(r.call.String("capsule")), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("sim --capsule: %w", err)
	}
	return nil
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
func (r *runner) readRun(name string) (plan.Plan, *capsule, error) {
	f, err := os.Open(r.Path(name))
	if err != nil {
		return plan.Plan{}, nil, usage.Errorf("%s: %w", r.call.Verb.Name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCapsule+1))
	if err == nil && len(text) > maxCapsule {
		err = fmt.Errorf("the file has more than %d bytes", maxCapsule)
	}
	if err != nil {
		return plan.Plan{}, nil, usage.Errorf("%s %s: %w", r.call.Verb.Name, render.Quoted(name), err)
	}
	var c *capsule
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		c = &capsule{}
		if err := json.Unmarshal(text, c); err != nil || c.Capsule != capsuleFormat {
			return plan.Plan{}, nil, usage.Errorf("%s %s: the file is not a capsule of format %d; "+
				"ringside sim --seed SEED --capsule FILE writes one", r.call.Verb.Name, render.Quoted(name), capsuleFormat)
		}
		text = []byte(c.Script)
	}
	p, err := plan.ParseScript(bytes.NewReader(text))
	if err != nil {
		return p, nil, usage.Errorf("%s %s: %w", r.call.Verb.Name, render.Quoted(name), err)
	}
	return p, c, nil
}

// open shows the run of a capsule: on the screens if there is a terminal, otherwise what sim
// printed. It plays the run again, and fails if this ringside comes to another result.
func (r *runner) open() error {
	name := r.call.Arg(0)
	p, c, err := r.readRun(name)
	switch {
	case err != nil:
		return err
	case c == nil:
		return usage.Errorf("open %s: the file is a script and not a capsule; ringside sim --replay plays it",
			render.Quoted(name))
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
		return &exit.Error{Exit: exit.Expectation, Code: "other_result", Message: fmt.Sprintf(
			"open %s: this ringside, of commit %q, comes to another result than the capsule, of commit %q: the trace "+
				"hash here is %016x; open the capsule with the ringside that wrote it", render.Quoted(name), shard.Commit(),
			c.Commit, result.Hash)}
	}
	if r.toScreens {
		return r.showOnScreens(p)
	}
	if err := r.Show(c.Result, c.Text); err != nil {
		return err
	}
	if v := result.Violations; len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: v[0].Detail, Reported: true}
	}
	return nil
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

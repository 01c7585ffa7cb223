package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/console"
	"ringside/cli/lab"
	"ringside/cli/lab/experiments"
	"ringside/cli/lab/report"
	"ringside/cli/lab/sweep"
	"ringside/cli/render"
	"ringside/cli/shard"
	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// all is the name that stands for every experiment.
const all = "all"

// maxSeeds bounds the seeds of a job.
const maxSeeds = 1_000_000

// Verb is the command lab.
var Verb = &verbs.Verb{
	Name: "lab", Group: verbs.GroupScript, Section: "§6",
	Args: []verbs.Arg{
		{Name: "NAME", Words: append(names(), all, sweep.Name), Optional: true},
		{Name: "FILE", Complete: verbs.CompleteFiles, Optional: true, Many: true},
	},
	Usage: "answer a question with an experiment: figures with intervals, beside what was published",
	Help:  help(),
	Flags: flags(),
}

func names() []string {
	var out []string
	for _, e := range experiments.All() {
		out = append(out, e.Name)
	}
	return out
}

// A runner is one call of lab.
type runner struct {
	*console.Console
	ctx  context.Context
	call *verbs.Call
}

// Run runs a call of Verb. After an interrupt it shows what there is.
func Run(ctx context.Context, con *console.Console, call *verbs.Call) error {
	r := &runner{con, ctx, call}
	if err := r.checkFiles(); err != nil {
		return err
	}
	switch name := call.Arg(0); {
	case call.Bool("merge"):
		return r.merge()
	case name == "":
		return r.list()
	case name == all:
		return r.runAll()
	default:
		return r.runOne(name)
	}
}

// list lists the experiments.
func (r *runner) list() error {
	type entry struct {
		Name    string            `json:"name"`
		Title   string            `json:"title"`
		Section string            `json:"section"`
		Clock   lab.Clock         `json:"clock"`
		Params  map[string]string `json:"params"` // with their defaults
	}
	list := []entry{}
	t := &render.Table{}
	for _, e := range experiments.All() {
		params := map[string]string{}
		for _, p := range e.Params {
			params[p.Name] = p.Default
		}
		list = append(list, entry{e.Name, e.Title, e.Section, e.Clock, params})
		t.Row(render.Toned(render.Bold, e.Name), render.Cell{Text: e.Title}, render.Toned(render.Dim, e.Section))
	}
	return r.Show(map[string]any{"experiments": list}, t.Render(r.painter())+"→ ringside lab "+list[0].Name+"\n")
}

func (r *runner) painter() render.Painter {
	return render.Painter{Color: console.IsTerminal(r.Stdout) && r.Colors()}
}

// job returns the job of an experiment. With strict, a parameter that the experiment does not have
// is an error.
func (r *runner) job(e *lab.Experiment, strict bool) (lab.Job, error) {
	given := map[string]string{}
	for _, other := range experiments.All() {
		for _, p := range other.Params {
			mine := slices.ContainsFunc(e.Params, func(q lab.Param) bool { return q.Name == p.Name })
			if r.call.Has(p.Name) && (mine || strict) {
				given[p.Name] = r.call.String(p.Name)
			}
		}
	}
	v, err := lab.NewValues(e.Params, given)
	if err != nil {
		return lab.Job{}, fmt.Errorf("lab %s: %w", e.Name, err)
	}
	j := lab.Job{Experiment: e, Values: v}
	first := uint64(lab.FirstSeed)
	if r.call.Has("seed") {
		if first, err = strconv.ParseUint(r.call.String("seed"), 10, 63); err != nil {
			return lab.Job{}, r.call.Misusef("--seed %s: want a whole number from 0 on", r.call.String("seed"))
		}
	}
	if e.Seeds > 0 {
		n := e.Seeds
		if r.call.Has("seeds") {
			n = r.call.Int("seeds")
		}
		j.Seeds = lab.SeedsFrom(first, n)
	}
	j.Shard, err = shard.Of(r.call)
	return j, err
}

func (r *runner) runOne(name string) error {
	e, err := r.find(name)
	if err != nil {
		return err
	}
	if r.call.Has("capsule") {
		return r.leaveCapsule(e)
	}
	out, command, err := r.play(e, true)
	if err != nil {
		return err
	}
	if r.call.Has("shard") {
		err := r.write("out", out.Write)
		if r.ctx.Err() != nil { // the error is about the units that are missing
			return r.ctx.Err()
		}
		return err
	}
	rep, err := out.Report()
	if err != nil {
		return err
	}
	return r.show([]report.Answer{{Report: rep, Command: command}})
}

// find returns the experiment of a name, or the one of the file that the call names.
func (r *runner) find(name string) (*lab.Experiment, error) {
	if name != sweep.Name {
		e, err := find(name, nil)
		if err != nil {
			return nil, r.call.Misuse(err)
		}
		return e, nil
	}
	if len(r.call.Args) != 2 {
		return nil, r.call.Misusef("lab run needs one FILE")
	}
	text, err := readFile(r.Path(r.call.Arg(1)))
	if err != nil {
		return nil, usage.Errorf("lab run: %w", err)
	}
	e, err := sweep.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("lab run %s: %w", render.Quoted(r.call.Arg(1)), err)
	}
	return e, nil
}

// readFile reads a file of lab run: at most one byte more than sweep.Parse takes, and therefore not
// all of a file without end.
func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, sweep.MaxFile+1))
	return string(text), err
}

// play runs an experiment and returns its outcome, and the command that repeats it.
func (r *runner) play(e *lab.Experiment, strict bool) (*lab.Outcome, string, error) {
	job, err := r.job(e, strict)
	if err != nil {
		return nil, "", err
	}
	line := r.Progress()
	job.Progress = func(p lab.Progress) {
		text := fmt.Sprintf("lab %s: %d of %d", e.Name, p.Done, p.Units)
		if p.Left > 0 {
			text += fmt.Sprintf(", about %s left", p.Left.Round(time.Second))
		}
		line.Show(text)
	}
	out, err := job.Run(r.ctx)
	line.Show("")
	if err != nil {
		return nil, "", fmt.Errorf("lab %s: %w", e.Name, err)
	}
	return out, commandOf(job, r.call.Arg(1)), nil
}

// commandOf returns the command that repeats a job. file is that of an experiment from a file.
func commandOf(j lab.Job, file string) string {
	words := []string{"ringside", "lab", j.Experiment.Name}
	if j.Experiment.Name == sweep.Name {
		words = append(words, file)
	}
	for _, name := range j.Values.Changed() {
		words = append(words, verbs.Dashed(name), j.Values.Map()[name])
	}
	if n := len(j.Seeds); n > 0 && n != j.Experiment.Seeds {
		words = append(words, "--seeds", strconv.Itoa(n))
	}
	if len(j.Seeds) > 0 && j.Seeds[0] != lab.FirstSeed {
		words = append(words, "--seed", strconv.FormatUint(j.Seeds[0], 10))
	}
	return verbs.Join(words)
}

// runAll runs every experiment. After an interrupt, the experiments that have not begun are left
// out.
func (r *runner) runAll() error {
	if r.call.Has("shard") {
		return r.call.Misusef("--shard is for one experiment at a time")
	}
	answers := []report.Answer{}
	for _, e := range experiments.All() { // so that a wrong value does not end a run of minutes
		if err := r.checkJob(e); err != nil {
			return err
		}
	}
	for _, e := range experiments.All() {
		if r.ctx.Err() != nil {
			break
		}
		out, command, err := r.play(e, false)
		if err != nil {
			return err
		}
		rep, err := out.Report()
		if err != nil {
			return err
		}
		answers = append(answers, report.Answer{Report: rep, Command: command})
	}
	return r.show(answers)
}

// checkJob returns an error if the call has a value that the experiment cannot play.
func (r *runner) checkJob(e *lab.Experiment) error {
	job, err := r.job(e, false)
	if err == nil {
		err = job.Check()
	}
	return err
}

// find implements lab.Finder.
func find(name string, values map[string]string) (*lab.Experiment, error) {
	if name == sweep.Name {
		return sweep.Parse(values[sweep.Definition])
	}
	if e := experiments.Find(name); e != nil {
		return e, nil
	}
	return nil, usage.Errorf("unknown experiment %s; there are %s", name, strings.Join(names(), " "))
}

// merge joins the files of shards.
func (r *runner) merge() error {
	files, err := shard.Load(r.call, r.Path)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	out, err := lab.Merge(files, find)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	rep, err := out.Report()
	if err != nil {
		return err
	}
	job := lab.Job{Experiment: rep.Experiment, Values: rep.Chosen, Seeds: rep.Seeds}
	return r.show([]report.Answer{{Report: rep, Command: commandOf(job, "FILE")}})
}

package command

import (
	"cmp"
	"fmt"
	"io"
	"ringside/cli/exit"
	"ringside/cli/lab"
	"ringside/cli/lab/report"
	"ringside/cli/lab/sweep"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
	"strings"
)

// standardOutput is the name of a file that stands for standard output.
const standardOutput = "-"

// checkFiles finds flags that contradict each other, and files that cannot be written.
func (r *runner) checkFiles() error {
	if len(r.call.Args) > 1 && !r.call.Bool("merge") && r.call.Arg(0) != sweep.Name {
		return r.call.Misusef("files are for --merge, and for lab run FILE")
	}
	if err := r.checkCapsule(); err != nil {
		return err
	}
	for _, name := range []string{"html", "csv", "out", "capsule"} {
		if !r.call.Has(name) {
			continue
		}
		if name != "out" && r.call.Has("shard") && !r.call.Bool("merge") {
			return usage.Errorf("lab --shard: a part has no report: give --%s with --merge", name)
		}
		if name == "csv" && r.call.String(name) == standardOutput {
			if r.JSON {
				return r.call.Misusef("--csv - writes the rows to standard output: leave out --json")
			}
			continue
		}
		if err := verbs.CheckWritable(r.Path(r.call.String(name))); err != nil {
			return usage.Errorf("lab: --%s %s cannot be written: %w; nothing was run", name,
				render.Quoted(r.call.String(name)), err)
		}
	}
	name := cmp.Or(given(r.call, "html"), given(r.call, "csv"))
	if name != "" && r.call.Arg(0) == "" && !r.call.Bool("merge") {
		return r.call.Misusef("--%s writes the report of an experiment: name the experiment, or all", name)
	}
	return nil
}

// given returns the name of a flag if the call has the flag.
func given(c *verbs.Call, name string) string {
	if c.Has(name) {
		return name
	}
	return ""
}

// show shows answers, and writes the files that the call asks for. It returns an error
// with exit.Expectation if a published figure or a claim does not hold.
func (r *runner) show(answers []report.Answer) error {
	if r.call.Has("html") {
		page, err := report.Page(answers)
		if err != nil {
			return err
		}
		if err := r.write("html", func(w io.Writer) error { _, err := w.Write(page); return err }); err != nil {
			return err
		}
	}
	toStdout := r.call.String("csv") == standardOutput
	switch {
	case toStdout:
		var rows strings.Builder
		if err := report.CSV(&rows, answers); err != nil {
			return fmt.Errorf("lab: --csv: %w", err)
		}
		if err := r.Print(rows.String()); err != nil {
			return err
		}
	case r.call.Has("csv"):
		err := r.write("csv", func(w io.Writer) error { return report.CSV(w, answers) })
		if err != nil {
			return err
		}
	}
	var texts []string
	reports := []*lab.Report{}
	differs := false
	for _, a := range answers {
		texts = append(texts, report.Text(a.Report, r.painter(), a.Command))
		reports = append(reports, a.Report)
		differs = differs || a.Report.Verdict == lab.Differs
	}
	var value any = map[string]any{"labs": reports}
	if r.call.Arg(0) != all {
		value = reports[0]
	}
	if !toStdout {
		if err := r.Show(value, strings.Join(texts, "\n")); err != nil {
			return err
		}
	}
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case differs:
		return &exit.Error{Exit: exit.Expectation, Code: "differs", Reported: true,
			Message: "a published figure or a claim does not hold"}
	}
	return nil
}

// write writes the file of a flag as a whole or not at all.
func (r *runner) write(flag string, write func(io.Writer) error) error {
	name := r.Path(r.call.String(flag))
	var content strings.Builder
	err := write(&content)
	if err == nil {
		err = atomicfile.Replace(name, []byte(content.String()))
	}
	if err != nil {
		return fmt.Errorf("lab: --%s: %w", flag, err)
	}
	return nil
}

package verbs

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"ringside/cli/capsule"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/sim/session"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
)

// Suffixes of exported files, which choose their formats.
const (
	scriptSuffix = ".script"
	eventsSuffix = ".jsonl"
)

var exportVerb = &Verb{
	Name: "export", Group: GroupLook, Section: "§4",
	Args:  []Arg{{Name: "FILE", Complete: CompleteFiles}},
	Usage: "write what happened so far to a file: a capsule, a script to play again, or all events",
	Help: `The suffix chooses the format.
  FILE.capsule  the settings, the events that the cluster remembers, what every node holds of each key now, and
                what that comes to. ringside open FILE.capsule shows the same screens and numbers again, without a
                cluster, and ringside diff A.capsule B.capsule tells where two of them part. At most the 500 keys
                that were used last are in it.
  FILE.script   a script of the simulator: the settings, the requests with their coordinators and contexts,
                the faults, joins and leaves, and their times. ringside sim --replay FILE.script plays it, and
                ringside sim --replay FILE.script --at 3 --change 'no partition' --fork asks what another
                course would have been.
  FILE.jsonl    all events that the cluster remembers, as events --json prints them.
Messages take other times in a played script, and what a script cannot say is listed on stderr: values and
their sizes, slow and lossy links, weights and zones, and keys that are not one plain word. A script needs all
events since an empty cluster began. If the cluster no longer remembers them, or began with data, nothing is
written; events -f --json > FILE.jsonl keeps all events from the start. An existing file is replaced.
--json prints {"file","format","events","operations"?,"faults"?,"notes":[..]}; the two counts are of a script.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		name := c.Arg(0)
		write := exportScript
		switch filepath.Ext(name) {
		case scriptSuffix:
		case eventsSuffix:
			write = exportEvents
		case capsule.Suffix:
			write = exportCapsule
		default:
			return c.Misusef("%s: the suffix chooses the format; choose a name that ends in %s, %s or %s",
				render.Quoted(name), capsule.Suffix, scriptSuffix, eventsSuffix)
		}
		path, err := e.path(name)
		if err != nil {
			return err
		}
		if err := CheckWritable(path); err != nil {
			return c.Misusef("%s cannot be written: %w", render.Quoted(name), err)
		}
		done, err := write(ctx, e, path)
		if err != nil {
			return err
		}
		done.File = name
		return exported(e, done)
	},
}

// exportReport is a written file, as JSON.
type exportReport struct {
	File       string   `json:"file"`
	Format     string   `json:"format"`
	Events     int      `json:"events"` // that were read for a script, or written
	Operations *int     `json:"operations,omitempty"`
	Faults     *int     `json:"faults,omitempty"`
	Notes      []string `json:"notes"`
}

// exported shows what was written. The notes are messages, also with --json.
func exported(e *Env, r exportReport) error {
	for _, n := range r.Notes {
		e.note("ringside: not in the %s: %s", r.Format, render.Text(n))
	}
	if e.JSON {
		r.Notes = orEmpty(r.Notes)
		return e.print(r)
	}
	text := fmt.Sprintf("wrote %s: %s", render.Typed(r.File), render.Count(r.Events, "event"))
	if r.Format == "capsule" {
		text += fmt.Sprintf("; %sopen %s shows them", e.Prefix, render.Typed(r.File))
	}
	text += "\n"
	if r.Operations != nil {
		text = fmt.Sprintf("wrote %s: %s and %s; %ssim --replay %s plays it\n", render.Typed(r.File),
			render.Count(*r.Operations, "operation"), render.Count(*r.Faults, "fault"), e.Prefix, render.Typed(r.File))
	}
	return e.write(text)
}

// exportScript writes the session as a script of the simulator.
func exportScript(ctx context.Context, e *Env, path string) (exportReport, error) {
	events, err := e.past(ctx, event.Filter{})
	if err != nil {
		return exportReport{}, err
	}
	x, err := session.Export(events)
	if err != nil {
		return exportReport{}, usage.Errorf("export: %w; nothing was written", err)
	}
	text := x.Plan.Script(func(op uint64) string { return x.Requests[op].String() })
	if err := atomicfile.Replace(path, []byte(text)); err != nil {
		return exportReport{}, fmt.Errorf("export: %w", err)
	}
	ops, faults := len(x.Plan.Ops), len(x.Plan.Faults)
	return exportReport{
		Format: "script", Events: len(events), Operations: &ops, Faults: &faults, Notes: x.Notes,
	}, nil
}

// exportEvents writes all events that the cluster remembers as lines of JSON.
func exportEvents(ctx context.Context, e *Env, path string) (exportReport, error) {
	events, err := e.past(ctx, event.Filter{})
	if err != nil {
		return exportReport{}, err
	}
	out := exportReport{Format: "recording", Events: len(events), Notes: gapNotes(events)}
	var text bytes.Buffer
	for _, ev := range events {
		line, err := escape.JSON(ev)
		if err != nil {
			return out, fmt.Errorf("export: %w", err)
		}
		text.Write(append(line, '\n'))
	}
	if err := atomicfile.Replace(path, text.Bytes()); err != nil {
		return out, fmt.Errorf("export: %w", err)
	}
	return out, nil
}

// gapNotes says which events are missing.
func gapNotes(events []event.Event) (out []string) {
	for _, ev := range events {
		if ev.Kind == event.Gap {
			out = append(out, fmt.Sprintf("%s that the cluster no longer remembers", render.Count(ev.Count, "event")))
		}
	}
	return out
}

// exportCapsule writes the capsule of the cluster.
func exportCapsule(ctx context.Context, e *Env, path string) (exportReport, error) {
	c, err := Capsule(ctx, e.Cluster)
	if err != nil {
		return exportReport{}, fmt.Errorf("export: %w", err)
	}
	if err := c.Write(path); err != nil {
		return exportReport{}, fmt.Errorf("export: %w", err)
	}
	return exportReport{Format: "capsule", Events: len(c.Events), Notes: gapNotes(c.Events)}, nil
}

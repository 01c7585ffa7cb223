package ringsidetest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"ringside/cli/diagram"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
)

// recordingName is the name of the file with the events, in a folder of its own.
const recordingName = "ringside.jsonl"

// stop takes the cluster down. If the test has failed, stop first shows what happened.
func (c *Cluster) stop() {
	c.tb.Helper()
	if c.tb.Failed() {
		ctx, cancel := background()
		defer cancel()
		c.report(ctx)
	}
	if err := c.cluster.Close(); err != nil {
		c.tb.Errorf("ringsidetest: stop: %v", err)
	}
}

// report logs the traces of the latest requests, and writes the events to a file.
func (c *Cluster) report(ctx context.Context) {
	c.tb.Helper()
	events, err := c.past(ctx)
	if err != nil {
		c.tb.Logf("ringsidetest: the events cannot be read: %v", err)
		return
	}
	c.mu.Lock()
	asked := c.asked
	c.mu.Unlock()
	state := view.New()
	state.ApplyAll(events)
	for _, id := range asked {
		if r := state.Request(id); r != nil {
			c.tb.Logf("%s", drawn(diagram.New(r, state, events)))
		}
	}
	path, err := c.record(events)
	if err != nil {
		c.tb.Logf("ringsidetest: the events were not written: %v; set Options.Recording to a file", err)
		return
	}
	c.tb.Logf("ringsidetest: the run was recorded; look at it with (, and . go from event to event)\n  "+
		"ringside tui --play %s", escape.Typed([]byte(path)))
}

// drawn returns a request as ringside trace shows it.
func drawn(d *diagram.Diagram) string {
	var p render.Painter
	return d.Title() + "\n" + d.Text(p) + d.WhyText(p) + d.WhereText(p)
}

// record writes events as ringside events --json does, and returns the name of the file.
func (c *Cluster) record(events []event.Event) (string, error) {
	path := c.o.Recording
	if path == "" {
		dir, err := c.artifacts()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, recordingName)
	}
	var out bytes.Buffer
	for _, e := range events {
		line, err := escape.JSON(e)
		if err != nil {
			return "", fmt.Errorf("encode event %d: %w", e.Seq, err)
		}
		out.Write(append(line, '\n'))
	}
	return path, os.WriteFile(path, out.Bytes(), 0o600)
}

// artifacts returns a folder that is there after the test: the folder of go test -artifacts, or
// else a new one. Without the flag, go test deletes the folder of ArtifactDir.
func (c *Cluster) artifacts() (string, error) {
	keeper, ok := c.tb.(interface{ ArtifactDir() string })
	if f := flag.Lookup("test.artifacts"); ok && f != nil && f.Value.String() == "true" {
		return keeper.ArtifactDir(), nil
	}
	name := regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(c.tb.Name(), "-")
	const maxName = 60 // of a folder, which systems bound
	return os.MkdirTemp("", "ringside-"+name[:min(len(name), maxName)]+"-")
}

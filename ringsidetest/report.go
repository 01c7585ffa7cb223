package ringsidetest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"ringside/cli/capsule"
	"ringside/cli/diagram"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/view"
)

// artifactsVariable names the folder for capsules where go test has no -artifacts.
const artifactsVariable = "RINGSIDE_ARTIFACTS"

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
	path, err := c.leaveCapsule(ctx)
	if err != nil {
		c.tb.Logf("ringsidetest: the capsule was not written: %v; set Options.Capsule to a file", err)
		return
	}
	c.tb.Logf("ringsidetest: the run is in a capsule; look at it with (, and . go from event to event)\n  "+
		"ringside open %s", escape.Typed([]byte(path)))
}

// drawn returns a request as ringside trace shows it.
func drawn(d *diagram.Diagram) string {
	var p render.Painter
	return d.Title() + "\n" + d.Text(p) + d.WhyText(p) + d.WhereText(p)
}

// leaveCapsule writes the capsule of the cluster, and returns the name of the file.
func (c *Cluster) leaveCapsule(ctx context.Context) (string, error) {
	out, err := verbs.Capsule(ctx, c.env.Cluster)
	if err != nil {
		return "", err
	}
	path := c.o.Capsule
	if path == "" {
		dir, err := c.artifacts()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, c.fileName()+capsule.Suffix)
	}
	return path, out.Write(path)
}

// artifacts returns a folder that is there after the test: the folder of go test -artifacts, that
// of artifactsVariable, or else a new one. Without the flag, go test deletes the folder of
// ArtifactDir.
func (c *Cluster) artifacts() (string, error) {
	keeper, ok := c.tb.(interface{ ArtifactDir() string })
	if f := flag.Lookup("test.artifacts"); ok && f != nil && f.Value.String() == "true" {
		return keeper.ArtifactDir(), nil
	}
	if dir := os.Getenv(artifactsVariable); dir != "" {
		return dir, os.MkdirAll(dir, 0o700)
	}
	return os.MkdirTemp("", "ringside-"+c.testName()+"-")
}

// notInNames matches what names of files leave out.
var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

// testName returns the name of the test as a part of the name of a file.
func (c *Cluster) testName() string {
	const maxName = 60 // systems bound the names of files
	name := notInNames.ReplaceAllString(c.tb.Name(), "-")
	return name[:min(len(name), maxName)]
}

// fileName returns the name of the test, with a number for its second cluster and further ones.
func (c *Cluster) fileName() string {
	if c.number == 1 {
		return c.testName()
	}
	return fmt.Sprintf("%s-%d", c.testName(), c.number)
}

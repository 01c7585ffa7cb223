package tour

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"ringside/cli/condition"
	"ringside/cli/console"
	"ringside/cli/verbs"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

const (
	// clusterName is the name of a lesson's cluster.
	clusterName = "tour"
	// startTimeout bounds the start of a cluster, which takes milliseconds.
	startTimeout = 30 * time.Second
)

// A live is a throw-away cluster in memory, with its folder.
type live struct {
	cluster *localcluster.Cluster
	dir     string
	env     *verbs.Env
	// run runs one line, and returns what it printed and its exit code.
	run func(ctx context.Context, line string) (string, int)
}

// start starts the cluster that a lesson needs, loads its keys and runs its commands.
func start(ctx context.Context, need Cluster, o Options) (_ *live, err error) {
	dir, err := console.ShortTemp("ringside-tour-")
	if err != nil {
		return nil, fmt.Errorf("tour: %w", err)
	}
	l := &live{dir: dir}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l.cluster, err = localcluster.Start(starting,
		config.Options{Name: clusterName, Home: dir, Mem: true, Settings: need.Settings})
	if err != nil {
		return nil, fmt.Errorf("tour: start a cluster: %w", err)
	}
	l.env = &verbs.Env{Cluster: l.cluster, Name: clusterName, Dir: o.Dir, Contexts: contexts{dir}, Extra: o.Flags,
		Color: o.Color, Width: o.Width}
	l.run = func(ctx context.Context, line string) (string, int) { return o.Exec(ctx, l.env, line) }
	if keys := o.keys(need.Keys); keys > 0 {
		if err := l.must(ctx, fmt.Sprintf("load %d", keys)); err != nil {
			return nil, err
		}
	}
	for _, line := range need.Run {
		if err := l.must(ctx, line); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// must runs a line of a lesson, which must not fail.
func (l *live) must(ctx context.Context, line string) error {
	out, code := l.run(ctx, line)
	if err := ctx.Err(); err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("tour: %s: exit %d: %s", line, code, strings.TrimSpace(out))
	}
	return nil
}

// show runs a line of the lesson and returns the line and its output.
func (l *live) show(ctx context.Context, line string) []Message {
	out, _ := l.run(ctx, line)
	return []Message{{Command, Text(line)}, {Output, Text(out)}}
}

// prelude runs the commands that open a step, which has begun. lineTimeout bounds them.
func (l *live) prelude(ctx context.Context, st *Step) (out []Message) {
	begun, cancel := unbroken(ctx, lineTimeout)
	defer cancel()
	for _, line := range st.Run {
		out = append(out, l.show(begun, line)...)
	}
	return out
}

// source returns the cluster as conditions look at it.
func (l *live) source() condition.Source { return l.env.Source() }

// close takes the cluster down and deletes its folder.
func (l *live) close() {
	if l.cluster != nil {
		_ = l.cluster.Close() // the data is thrown away
	}
	_ = os.RemoveAll(l.dir) // a temporary folder: the system clears what stays
}

// contexts keeps the contexts @NAME of a live cluster in its folder.
type contexts struct{ dir string }

// Load implements verbs.Contexts.
func (c contexts) Load(name string) (string, error) {
	path, err := datadir.ContextPath(c.dir, clusterName, name)
	if err != nil {
		return "", err
	}
	return verbs.LoadContext(path)
}

// Create implements verbs.Contexts.
func (c contexts) Create(name string) (*verbs.ContextFile, error) {
	path, err := datadir.ContextPath(c.dir, clusterName, name)
	if err != nil {
		return nil, err
	}
	return verbs.CreateContext(path)
}

// holds reports whether a condition holds now. A condition that cannot be evaluated, because it
// names a node that does not exist yet, does not hold.
func (l *live) holds(ctx context.Context, text string) bool {
	c, err := condition.Parse([]string{text}, condition.Options{})
	if err != nil {
		return false
	}
	found, err := c.Check(ctx, l.source())
	return err == nil && found.Blocks == ""
}

// await waits until a condition holds. The error names what blocks it.
func (l *live) await(ctx context.Context, text string, timeout time.Duration) error {
	c, err := condition.Parse([]string{text}, condition.Options{})
	if err != nil {
		return err
	}
	return c.Wait(ctx, l.source(), timeout)
}

// Names implements verbs.Contexts.
func (c contexts) Names() ([]string, error) { return datadir.ContextNames(c.dir, clusterName) }

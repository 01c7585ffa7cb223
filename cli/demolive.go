package cli

// demo on a terminal: the cluster that the screens show, in this process or in the background.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/fresh"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
	"ringside/tui"
	"ringside/tui/cues"
)

// maxDemos is how many demos run at a time at most, because each needs another name.
const maxDemos = 20

// demoName returns the name of the i-th demo, counted from 1.
func demoName(i int) string {
	if i == 1 {
		return "demo"
	}
	return fmt.Sprintf("demo-%d", i)
}

// A liveDemo is a cluster in memory that other shells reach by its name.
type liveDemo struct {
	s     *session
	o     localcluster.Options
	kept  bool                  // the cluster runs in the background
	now   *localcluster.Cluster // of this process; after the start, only place.Replace changes or closes it
	place *fresh.Cluster        // what the screens show
	setUp []string              // the commands before the screens show
	temp  string                // the home folder of this demo alone; "" for the usual one
}

// showDemo shows a demo until the user leaves.
func showDemo(s *session, c *verbs.Call, sheet *cues.Sheet) error {
	d := &liveDemo{s: s, kept: c.Bool("keep")}
	if sheet == nil {
		d.setUp = demoKeys
	}
	defer d.end()
	if err := d.open(c); err != nil {
		return err
	}
	if out, code := d.play(s.ctx, d.place, d.setUp); s.ctx.Err() != nil {
		return s.ctx.Err()
	} else if code != exit.OK {
		return &exit.Error{Exit: exit.Internal, Code: "internal", Message: "demo: " + strings.TrimSpace(out)}
	}
	o := tui.Options{Key: demoKey, Cues: sheet, ThrowAway: !d.kept, Welcome: "in another shell:  " + d.reach("get cart"),
		Auto: tui.Auto{Every: c.Duration("every")}}
	if !d.kept {
		o.Afresh = d.again
	}
	if n := c.Int("n"); n >= minDemoNodes && sheet == nil {
		o.Suggest = suggestions(n)
	}
	if err := s.watch(c, d.place, o); err != nil {
		return err
	}
	return s.Print(d.goodbye())
}

// reach returns how a shell runs a command on the demo.
func (d *liveDemo) reach(command string) string {
	out := fmt.Sprintf("%s --cluster %s %s", program, d.o.Name, command)
	if d.temp != "" {
		out = "RINGSIDE_HOME=" + d.temp + " " + out
	}
	return out
}

// open starts the cluster in the home folder. If that folder cannot be used, a demo that is not
// kept has a temporary one.
func (d *liveDemo) open(c *verbs.Call) error {
	nodes, err := nodeNames(c.Int("n"))
	if err != nil {
		return err
	}
	home, err := d.s.home()
	if err == nil {
		err = d.openIn(home, nodes)
	}
	if err == nil || d.kept || d.s.ctx.Err() != nil {
		return err
	}
	temp, failed := console.ShortTemp("ringside-demo-")
	if failed != nil {
		return err
	}
	d.temp = temp
	useHome(d.s, temp)
	return d.openIn(temp, nodes)
}

// openIn starts the cluster under the first name that is free in a home folder.
func (d *liveDemo) openIn(home string, nodes []string) (err error) {
	for i := 1; ; i++ {
		d.o = localcluster.Options{Name: demoName(i), Home: home, Mem: true, Settings: settings.Cluster{Nodes: nodes}}
		d.s.name = d.o.Name
		if d.kept {
			err = d.detach(len(nodes))
		} else {
			err = d.start()
		}
		var taken *usage.Error // a cluster of that name runs, or has data on disk
		if err == nil || i == maxDemos || !errors.As(err, &taken) {
			return withExitCode(err, d.o.Name)
		}
	}
}

// start starts the cluster in this process.
func (d *liveDemo) start() error {
	ctx, cancel := context.WithTimeout(d.s.ctx, startTimeout)
	defer cancel()
	cluster, err := localcluster.Start(ctx, d.o)
	if err != nil {
		return err
	}
	d.now = cluster
	if d.place == nil {
		d.place = fresh.New(cluster)
	}
	return nil
}

// detach starts the cluster in a process of its own.
func (d *liveDemo) detach(n int) error {
	if err := datadir.Check(d.o); err != nil {
		return err
	}
	up := []string{"up", "--cluster", d.o.Name, "--mem", "-n", fmt.Sprint(n)}
	if _, err := startDetached(d.s, d.o, up); err != nil {
		return err
	}
	remote, err := control.Connect(d.s.ctx, d.o.Home, d.o.Name)
	if err != nil {
		return err
	}
	d.place = fresh.New(remote)
	return nil
}

// play runs lines on a cluster until one fails.
func (d *liveDemo) play(ctx context.Context, cluster verbs.Cluster, lines []string) (string, int) {
	for _, line := range lines {
		if out, code := d.s.runInPrompt(ctx, d.env(cluster), line); code != exit.OK {
			return render.Typed(line) + ": " + out, code
		}
	}
	return "", exit.OK
}

// env returns the surroundings of verbs on a cluster of the demo.
func (d *liveDemo) env(cluster verbs.Cluster) *verbs.Env {
	return &verbs.Env{Cluster: cluster, Name: d.o.Name, Dir: d.s.Dir, Contexts: contexts{d.s}, Extra: globals}
}

// again puts a fresh cluster of the same name in the place of the running one, and runs lines in it
// after those of the set-up. client is the one whose commands further lines would be, "" for none.
// A line that fails did so before, and the next one runs.
func (d *liveDemo) again(ctx context.Context, lines []string) (client, out string, code int) {
	err := d.place.Replace(func() (verbs.Cluster, error) {
		if err := d.now.Close(); err != nil {
			return nil, err
		}
		if err := d.start(); err != nil {
			return nil, err
		}
		r := &reader{s: d.s, env: d.env(d.now), again: true}
		for _, line := range slices.Concat(d.setUp, lines) {
			if _, _ = r.run(ctx, line); ctx.Err() != nil {
				break
			}
		}
		client = r.client
		return d.now, nil
	})
	if err != nil {
		return "", "a fresh cluster does not start: " + err.Error() + "; leave and begin again\n", exit.Internal
	}
	return client, "", exit.OK
}

// errEnded keeps what the screens show in its place after the end.
var errEnded = errors.New("the demo has ended")

// end takes down a cluster of this process, and deletes what it leaves. A fresh cluster that is
// being started is waited for.
func (d *liveDemo) end() {
	defer func() {
		if d.temp != "" {
			_ = os.RemoveAll(d.temp) // a temporary folder: the system clears what stays
		}
	}()
	if d.kept || d.place == nil {
		return
	}
	_ = d.place.Replace(func() (verbs.Cluster, error) { // its data is thrown away
		return nil, errors.Join(d.now.Close(), errEnded)
	})
	if r, err := datadir.FindRemains(d.o.Home, d.o.Name, "", true); err == nil {
		_ = r.Remove() // a folder without data; a later demo takes it over
	}
}

// goodbye returns what is said after the screens.
func (d *liveDemo) goodbye() string {
	if !d.kept {
		return `The demo is over, and its cluster is gone.
  ringside tour          learn the paper on a live cluster
  ringside demo --keep   a demo that stays when you leave
`
	}
	out := d.o.Name + " runs on in the background, in memory.\n"
	for _, way := range [][2]string{{"tui", "see it again"}, {"get cart", "use it"}, {"down", "end it"}} {
		out += fmt.Sprintf("  %-38s  %s\n", d.reach(way[0]), way[1])
	}
	return out
}

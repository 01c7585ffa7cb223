package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

const (
	// startTimeout bounds a start: opening databases and ports takes milliseconds.
	startTimeout = 30 * time.Second
	// detachedVariable tells the process that --detach starts that it is the one.
	detachedVariable = "RINGSIDE_DETACHED"
)

var upCommand = command{
	verb: &verbs.Verb{
		Name: "up", Group: verbs.GroupCluster, Section: "§4, §6",
		Usage: "start a cluster; it runs until Ctrl-C or down",
		Help: `N, R and W are the paper's: replicas of a key, and answers that a get and a put wait
for. Without --mem the data stays on disk, and a later up goes on with it, in the folder that the last --dir
named. If that folder is gone, up says so and starts nothing. --mem is refused for a cluster that has data on disk.

With --buffer puts are faster and less safe: each node keeps writes in memory for up to a tenth of a second, and of
the N replicas of a put one is asked to be durable, for which nobody waits in particular. A node that is killed
loses its buffer, and kill -9 of this process loses all of them at once.`,
		Flags: []verbs.Flag{
			{Name: "n", Kind: verbs.Int, Value: "5", Max: config.MaxNodes, Help: "nodes, called n1, n2, ..."},
			{Name: "names", Kind: verbs.String, Value: "x,y,z", Help: "nodes by name, instead of -n"},
			{Name: "N", Kind: verbs.Int, Value: "3", Max: config.MaxNodes, Help: "replicas of each key (§4.3)"},
			{Name: "R", Kind: verbs.Int, Value: "2", Max: config.MaxNodes,
				Help: "answers that a get waits for (§4.5)"},
			{Name: "W", Kind: verbs.Int, Value: "2", Max: config.MaxNodes,
				Help: "durable replicas that a put waits for (§4.5)"},
			{Name: "mode", Kind: verbs.String, Value: "siblings|lww", Words: []string{settings.ModeSiblings, settings.ModeLWW}, Help: "what becomes of concurrent versions: siblings, or last write wins (§4.4)"},
			{Name: "clocks", Kind: verbs.String, Value: "dotted|literal", Words: []string{settings.ClocksDotted, settings.ClocksLiteral}, Help: "dotted, or the paper's literal vector clocks, with which a client can silently swallow what another wrote (§4.4)"},
			{Name: "truncate", Kind: verbs.Int, Value: "10", Max: wire.MaxClock,
				Zero: "leave it out for clocks that are never cut",
				Help: "cut clocks to that many pairs, the oldest first, " +
					"at the cost of false siblings (§4.4); otherwise never"},
			{Name: "sloppy", Kind: verbs.Bool, Default: "true", Help: "--sloppy=false: only homes count, no stand-ins, no hints (§4.6)"},
			{Name: "anti-entropy", Kind: verbs.Bool, Default: "true", Help: "--anti-entropy=false: homes compare their replicas only when told to, by sync (§4.7)"},
			{Name: "tombstones", Kind: verbs.String, Value: "5m|off", Help: "how old what a delete leaves must be before it is collected, which takes as long again (§4.4); off: it stays"},
			{Name: "strategy", Kind: verbs.Int, Value: "1|2|3", Max: int(ring.EqualPartitions),
				Words: []string{"1", "2", "3"}, Help: "how the ring is cut and tokens are placed (§6.2)"},
			{Name: "q", Kind: verbs.Int, Value: "Q", Max: ring.MaxTokens,
				Help: "equal partitions of the ring; strategies 2 and 3 only"},
			{Name: "tokens", Kind: verbs.Int, Value: "T", Max: ring.MaxTokens,
				Help: "tokens a node; strategies 1 and 2 only"},
			{Name: "weights", Kind: verbs.String, Value: "n3=2,n4=2", Help: "nodes with more capacity than the others: so many times their tokens (§4.2)"},
			{Name: "zones", Kind: verbs.String, Value: "a,b,c", Help: "data centres, dealt out to the nodes in turn; homes are spread over them (§4.6)"},
			{Name: "seeds", Kind: verbs.String, Value: "n1,n2|none", Help: "nodes that all know from outside the ring (§4.8.2); the first two otherwise"},
			{Name: "buffer", Kind: verbs.Int, Value: "1000", Max: settings.MaxBuffer,
				Zero: "leave it out for nodes without a buffer",
				Help: "objects that each node may keep in memory before they are on its disk; " +
					"of a put only one replica is durable then (§6.1)"},
			{Name: "dir", Kind: verbs.String, Value: "D", Complete: verbs.CompleteFiles, Help: "keep the data in this folder; a later up goes on there"},
			{Name: "mem", Kind: verbs.Bool, Help: "keep the data in memory only"},
			{Name: "port", Kind: verbs.Int, Value: "P", Max: config.MaxBasePort,
				Zero: "leave it out for free ports", Help: "ports from here on, one a node; free ones otherwise"},
			{Name: "fresh", Kind: verbs.Bool,
				Help: "delete the data that this cluster kept, and start afresh; " +
					"asks first on a terminal, elsewhere needs --yes"},
			{Name: "yes", Aliases: []string{"y"}, Kind: verbs.Bool, Help: "with --fresh: delete without asking"},
			{Name: "detach", Aliases: []string{"d"}, Kind: verbs.Bool, Help: "return once it is ready; down ends it"},
		},
	},
	run: (*session).up,
}

func (s *session) up(c *verbs.Call) error {
	o, err := s.options(c)
	if err != nil {
		return err
	}
	child := s.Getenv(detachedVariable) != ""
	s.JSON = s.JSON || child       // the parent process reads the report as JSON
	if c.Bool("fresh") && !child { // the parent process has already deleted the data
		if err := s.clear(c, o); err != nil {
			return err
		}
	}
	if c.Bool("detach") && s.host == nil && !child {
		return s.detach(o)
	}
	start, cancel := context.WithTimeout(s.ctx, startTimeout)
	defer cancel()
	cluster, err := localcluster.Start(start, o)
	if err != nil {
		return unusable(told(err, o.Name), "choose another folder with --dir or RINGSIDE_HOME")
	}
	if s.host != nil {
		s.host.Add(cluster)
		return s.announce(cluster, o, false)
	}
	if err := s.announce(cluster, o, !child); err != nil {
		return errors.Join(err, cluster.Close())
	}
	select {
	case <-cluster.Done(): // down was called elsewhere, unless Err gives another reason
		err := cluster.Err()
		if err != nil && child { // stdout is gone, stderr is the log
			_, _ = fmt.Fprintf(s.Stderr, "%s: cluster %s: %v\n", program, o.Name, err)
		}
		return told(err, o.Name)
	case <-s.ctx.Done():
	}
	if !s.JSON {
		_, _ = fmt.Fprintf(s.Stderr, "\ntaking %s down; Ctrl-C again forces it\n", o.Name)
	}
	return errors.Join(cluster.Close(), s.ctx.Err())
}

// options reads the flags. What was not given stays zero: the data on disk knows better than a default.
func (s *session) options(c *verbs.Call) (localcluster.Options, error) {
	home, err := s.home()
	if err != nil {
		return localcluster.Options{}, err
	}
	o := localcluster.Options{Name: s.clusterName(), Home: home, Dir: c.String("dir"), Mem: c.Bool("mem"), BasePort: c.Int("port"),
		Settings: settings.Cluster{N: c.Int("N"), R: c.Int("R"), W: c.Int("W"), Mode: c.String("mode"), Strict: !c.Bool("sloppy"), Clocks: c.String("clocks"), Truncate: c.Int("truncate"), NoAntiEntropy: !c.Bool("anti-entropy"),
			Strategy: c.Int("strategy"), Q: c.Int("q"), T: c.Int("tokens"), Buffer: c.Int("buffer")}}
	switch {
	case o.Mem && c.Bool("fresh"):
		return o, usage.Errorf("up: a cluster in memory always starts afresh; leave out --fresh or --mem")
	case c.Bool("yes") && !c.Bool("fresh"):
		return o, usage.Errorf("up: --yes is for --fresh only; leave out --yes, or add --fresh")
	}
	if o.Dir != "" && s.Dir != "" && !filepath.IsAbs(o.Dir) {
		o.Dir = filepath.Join(s.Dir, o.Dir)
	}
	if o.Settings.Tombstones, err = grace(c); err != nil {
		return o, err
	}
	switch names := c.String("names"); {
	case names != "" && c.Has("n") && len(strings.Split(names, ",")) != c.Int("n"):
		return o, usage.Errorf("up: -n %d and --names %s do not agree; leave out -n", c.Int("n"), escape.Terminal([]byte(names)))
	case names != "":
		o.Settings.Nodes = strings.Split(names, ",")
	case c.Has("n"):
		if o.Settings.Nodes, err = nodeNames(c.Int("n")); err != nil {
			return o, err
		}
	}
	switch seeds := c.String("seeds"); seeds {
	case "":
	case "none":
		o.Settings.Seeds = []string{}
	default:
		o.Settings.Seeds = strings.Split(seeds, ",")
	}
	return o, founders(c, &o.Settings)
}

// grace reads --tombstones; negative is off, 0 the usual.
func grace(c *verbs.Call) (time.Duration, error) {
	switch text := c.String("tombstones"); text {
	case "":
		return 0, nil
	case "off":
		return -1, nil
	default:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, usage.Errorf("up: --tombstones %s is no time such as 5m, nor off", escape.TerminalShort([]byte(text), 60))
		}
		return d, nil
	}
}

// founders reads --weights and --zones.
func founders(c *verbs.Call, s *settings.Cluster) (err error) {
	weights, zones := c.String("weights"), c.String("zones")
	if weights == "" && zones == "" {
		return nil
	}
	if s.Nodes == nil {
		if s.Nodes, err = nodeNames(settings.DefaultNodes); err != nil {
			return err
		}
	}
	s.Founders = s.InitialMembers()
	if zones != "" {
		list := strings.Split(zones, ",")
		for i := range s.Founders {
			if s.Founders[i].Zone = list[i%len(list)]; !wire.ValidName(s.Founders[i].Zone) {
				return usage.Errorf("up: --zones %s: a zone is called a-z, 0-9 and '-'", escape.Terminal([]byte(zones)))
			}
		}
	}
	if weights == "" {
		return nil
	}
	for _, w := range strings.Split(weights, ",") {
		node, text, _ := strings.Cut(w, "=")
		weight, err := strconv.Atoi(text)
		i := slices.IndexFunc(s.Founders, func(m ring.Member) bool { return m.Name == node })
		if i < 0 || err != nil || weight < 1 || weight > member.MaxWeight {
			return usage.Errorf("up: --weights %s: want NODE=WEIGHT, a node of the cluster and 1 to %d", escape.Terminal([]byte(w)), member.MaxWeight)
		}
		s.Founders[i].Weight = weight
	}
	return nil
}

// maxNamed bounds the names that are made up; the cluster has a lower limit of its own, and says so.
const maxNamed = 1000

func nodeNames(n int) ([]string, error) {
	if n > maxNamed {
		return nil, usage.Errorf("up: -n %d is too many", n)
	}
	return settings.NodeNames(n), nil
}

// An upNode and an upReport are what up says, with --json and to a --detach that waits for it.
type upNode struct {
	Node string `json:"node"`
	Addr string `json:"addr"`
	Note string `json:"note,omitempty"` // the fault that the node found with its disk
}

type upReport struct {
	Cluster string   `json:"cluster"`
	N       int      `json:"n"`
	R       int      `json:"r"`
	W       int      `json:"w"`
	Mode    string   `json:"mode"`
	Clocks  string   `json:"clocks"`
	Says    string   `json:"versioning"` // mode and clocks in words
	Nodes   []upNode `json:"nodes"`
	Dir     string   `json:"dir,omitempty"`
	PID     int      `json:"pid"`
	Keys    int      `json:"keys"` // that its fullest node holds: 0 for a new cluster
}

// announce tells what is up, where, and what to try next.
func (s *session) announce(c *localcluster.Cluster, o localcluster.Options, foreground bool) error {
	events, err := c.Snapshot(s.ctx)
	if err != nil {
		return err
	}
	cluster := view.From(events)
	set := cluster.Settings
	r := upReport{Cluster: set.Name, N: set.N, R: set.R, W: set.W, Mode: set.Mode, Clocks: set.Clocks, Says: set.Versioning(), PID: os.Getpid(), Dir: dataDir(o)}
	notes := notesOf(s.ctx, c)
	for _, n := range cluster.Nodes {
		r.Nodes = append(r.Nodes, upNode{n.Name, n.Addr, notes[n.Name]})
	}
	for _, n := range cluster.Nodes {
		r.Keys = max(r.Keys, n.Keys)
	}
	return s.report(r, foreground)
}

// notesOf returns, by node, the faults that nodes found with their disks when they came up.
func notesOf(ctx context.Context, c *localcluster.Cluster) map[string]string {
	notes := map[string]string{}
	_ = c.Events(ctx, 0, false, func(events []event.Event) error { // after an error the report lacks only the notes
		for _, e := range events {
			if e.Kind == event.NodeUp && e.Message != "" {
				notes[e.Node] = e.Message
			}
		}
		return nil
	})
	return notes
}

// dataDir is where the cluster says that its data is.
func dataDir(o localcluster.Options) string {
	list, err := datadir.List(o.Home)
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(list, func(i datadir.Info) bool { return i.Name == o.Name })
	if i < 0 {
		return ""
	}
	return list[i].Dir
}

func (s *session) report(r upReport, foreground bool) error {
	if s.JSON {
		return s.PrintJSON(r)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s is up: %s, N=%d R=%d W=%d, %s\n", r.Cluster, render.Count(len(r.Nodes), "node"), r.N, r.R, r.W, r.Says)
	for _, n := range r.Nodes {
		fmt.Fprintf(&out, "  %-4s %s\n", n.Node, n.Addr)
		if n.Note != "" {
			fmt.Fprintf(&out, "       %s\n", escape.Terminal([]byte(n.Note)))
		}
	}
	if r.Dir != "" {
		fmt.Fprintf(&out, "  data %s\n", r.Dir)
	}
	cmd := program
	if r.Cluster != config.DefaultName {
		cmd += " --cluster " + r.Cluster
	}
	next := "put cart milk"
	if r.Keys > 0 {
		next = "status" // it could hold a cart
	}
	if foreground {
		fmt.Fprintf(&out, "next, in another terminal:  %s %s\n", cmd, next)
		fmt.Fprintf(&out, "Ctrl-C here, or %s down, ends it\n", cmd)
	} else {
		fmt.Fprintf(&out, "next:  %s %s\n", cmd, next)
	}
	return s.Print(out.String())
}

// detach starts this program again in a session of its own, with the same
// arguments, and waits until it says that it is ready or what went wrong.
func (s *session) detach(o localcluster.Options) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("up: find this program: %w", err)
	}
	if err := datadir.Check(o); err != nil { // before there is a log
		return unusable(told(err, o.Name), "choose another folder with --dir or RINGSIDE_HOME")
	}
	logName := logOf(o.Home, o.Name)
	_, absent := os.Lstat(logName)
	log, err := os.OpenFile(logName, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return unusable(fmt.Errorf("up: open log: %w", err), "choose another folder with RINGSIDE_HOME")
	}
	defer log.Close()
	cmd := exec.Command(self, s.args...)
	cmd.Args[0] = program
	cmd.Dir, cmd.Stderr, cmd.SysProcAttr = s.Dir, log, ownSession()
	cmd.Env = append(os.Environ(), detachedVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("up: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("up: start in the background: %w", err)
	}
	report, err := awaitReport(s.ctx, out, logName)
	if err != nil {
		_ = cmd.Process.Kill() // gone already, or of no use
		_ = cmd.Wait()
		if info, err := log.Stat(); err == nil && info.Size() == 0 && absent != nil {
			_ = os.Remove(logName)
		}
		return err
	}
	return s.report(report, false)
}

// awaitReport reads the one line that a detached up prints.
func awaitReport(ctx context.Context, out io.ReadCloser, logName string) (upReport, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = out.Close() })()
	var answer struct {
		upReport
		Error *struct{ Code, Message string }
		Exit  int
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return upReport{}, ctx.Err()
	case err != nil:
		return upReport{}, fmt.Errorf("up: the cluster did not come up; see %s", logName)
	case answer.Error != nil:
		return upReport{}, &exit.Error{Exit: exitOf(answer.Error.Code), Code: answer.Error.Code, Message: answer.Error.Message}
	}
	return answer.upReport, nil
}

// exitOf is the exit code of the errors with which a start can end.
func exitOf(code string) int {
	if code == "usage" {
		return exit.Usage
	}
	return exit.Internal
}

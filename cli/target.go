package cli

// --target: the cluster of the command line is one of Riak, which ringside has not started.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"ringside/cli/bench"
	"ringside/cli/exit"
	"ringside/cli/process"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/datadir"
	"ringside/riak/target"
)

const (
	targetFlag     = verbs.TargetFlag
	timeoutFlag    = "timeout"
	targetVariable = "RINGSIDE_TARGET"
	// hookVariable, with the name of a verb in capitals, is the variable for a flag --hook-VERB.
	hookVariable = "RINGSIDE_HOOK_"
)

// targetFlags are the flags about a cluster of Riak. They may stand before the command and after
// it, as the other global flags.
func targetFlags() []verbs.Flag {
	out := []verbs.Flag{
		{Name: targetFlag, Kind: verbs.String, Value: target.Scheme + "HOST:PORT",
			Help: "a cluster of Riak; otherwise that of RINGSIDE_TARGET"},
		{Name: timeoutFlag, Kind: verbs.Duration, Value: "5s", Longest: target.MaxTimeout,
			Zero: "give a time such as 5s", Help: "with --target: the time limit of each request"},
	}
	for _, verb := range verbs.HookNames() {
		out = append(out, verbs.Flag{Name: verbs.HookFlag(verb), Kind: verbs.String, Value: "CMD",
			Help: "with --target: run this command for " + verb})
	}
	return out
}

// A targetChoice is what the flags of a command line say of its target.
type targetChoice struct {
	text    string            // the value of --target
	timeout time.Duration     // that of --timeout, 0 if it was not given
	hooks   map[string]string // those of --hook-VERB, by verb
}

// flags returns targetFlags as urfave/cli has them, before a command.
func (t *targetChoice) flags() []cli.Flag {
	out := []cli.Flag{
		&cli.StringFlag{Name: targetFlag, Usage: "a cluster of Riak, " + target.Scheme + "HOST:PORT", Destination: &t.text,
			Action: func(_ *cli.Context, text string) error { return given(targetFlag, text) }},
		&cli.DurationFlag{Name: timeoutFlag, Usage: "with --target: the time limit of a request", Destination: &t.timeout},
	}
	for _, verb := range verbs.HookNames() {
		out = append(out, &cli.StringFlag{Name: verbs.HookFlag(verb), Hidden: true,
			Action: func(_ *cli.Context, cmd string) error {
				t.setHook(verb, cmd)
				return given(verbs.HookFlag(verb), cmd)
			}})
	}
	return out
}

// given returns a usage error for a flag with an empty value.
func given(flag, value string) error {
	if value == "" {
		return usage.Errorf("--%s: the value is empty (an unset shell variable?)", flag)
	}
	return nil
}

// adopt takes over the flags that stand after the command.
func (t *targetChoice) adopt(c *verbs.Call) {
	if c.Has(targetFlag) {
		t.text = c.String(targetFlag)
	}
	if c.Has(timeoutFlag) && !ownTimeout(c.Verb) {
		t.timeout = c.Duration(timeoutFlag)
	}
	for _, verb := range verbs.HookNames() {
		if c.Has(verbs.HookFlag(verb)) {
			t.setHook(verb, c.String(verbs.HookFlag(verb)))
		}
	}
}

func (t *targetChoice) setHook(verb, cmd string) {
	if t.hooks == nil {
		t.hooks = map[string]string{}
	}
	t.hooks[verb] = cmd
}

// ownTimeout reports whether --timeout after the verb is a flag of the verb, as for wait.
func ownTimeout(v *verbs.Verb) bool {
	return slices.ContainsFunc(v.Flags, func(f verbs.Flag) bool { return f.Name == timeoutFlag })
}

// targetOf returns the target of the command line, nil if it uses a cluster of ringside. --cluster
// has precedence over the variable of the target.
func targetOf(s *session) (*target.Address, error) {
	text := s.target.text
	switch {
	case text != "" && s.name != "":
		return nil, usage.Errorf("--target and --cluster name two clusters; leave one out")
	case text == "" && s.name == "":
		text = s.Getenv(targetVariable)
	}
	if text == "" {
		return nil, nil
	}
	a, err := target.Parse(text)
	if err != nil {
		return nil, err
	}
	if s.target.timeout > 0 {
		a.Timeout = min(max(s.target.timeout, time.Millisecond), target.MaxTimeout)
	}
	return &a, nil
}

// hookOf returns the command that runs instead of a verb, "" if there is none.
func hookOf(s *session, verb string) string {
	if cmd := s.target.hooks[verb]; cmd != "" {
		return cmd
	}
	return s.Getenv(hookVariable + strings.ToUpper(strings.ReplaceAll(verb, "-", "_")))
}

// runHook runs the command of the user for a verb, with the words of the call as arguments.
func runHook(ctx context.Context, s *session, c *verbs.Call) (ran bool, err error) {
	text := hookOf(s, c.Verb.Name)
	if text == "" {
		return false, nil
	}
	words, err := verbs.Split(text)
	if err != nil || len(words) == 0 {
		return true, usage.Errorf("--%s %s: want a command", verbs.HookFlag(c.Verb.Name), render.Quoted(text))
	}
	cmd := exec.Command(words[0], append(words[1:], c.Words...)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Dir, s.Stdin, s.Stdout, s.Stderr
	// Commands of ringside in the hook act on a cluster of ringside, and do not call the hook again.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, targetVariable+"=") || strings.HasPrefix(v, hookVariable)
	})
	if err := process.Find(cmd); err != nil {
		return true, err
	}
	code, err := process.Run(ctx, cmd, nil)
	if err == nil && code != exit.OK {
		err = &exit.Error{Exit: code, Code: "hook_failed", Reported: true,
			Message: fmt.Sprintf("%s: the command of the hook ended with exit %d", c.Verb.Name, code)}
	}
	return true, err
}

// A foreign is the cluster at the target of a session. The errors of the client get their exit
// codes.
type foreign struct{ *target.Cluster }

var _ verbs.Foreign = foreign{}

// withFailure returns an error of the client with its exit code.
func (f foreign) withFailure(err error) error {
	var none *target.Unreachable
	if !errors.As(err, &none) {
		return err
	}
	return &exit.Error{Exit: exit.NoCluster, Code: "no_cluster", Message: none.Text(
		render.Text(f.Address().Short()), func(cause error) string { return render.Text(cause.Error()) })}
}

// Do implements verbs.Cluster.
func (f foreign) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	reply, err := f.Cluster.Do(ctx, via, req)
	return reply, f.withFailure(err)
}

// Keys implements verbs.Foreign.
func (f foreign) Keys(ctx context.Context, via string, prefix []byte, fn func([]byte) error) error {
	return f.withFailure(f.Cluster.Keys(ctx, via, prefix, fn))
}

// Homes implements verbs.Foreign.
func (f foreign) Homes(ctx context.Context, key []byte) ([]target.Home, error) {
	homes, err := f.Cluster.Homes(ctx, key)
	return homes, f.withFailure(err)
}

// Nodes implements verbs.Foreign.
func (f foreign) Nodes(ctx context.Context, limit time.Duration) ([]target.Node, error) {
	nodes, err := f.Cluster.Nodes(ctx, limit)
	return nodes, f.withFailure(err)
}

// Props implements verbs.Foreign.
func (f foreign) Props(ctx context.Context) (target.Props, error) {
	p, err := f.Cluster.Props(ctx)
	return p, f.withFailure(err)
}

// targetContexts is a verbs.Contexts for a target. Its folder is not one of a cluster.
type targetContexts struct {
	s    *session
	name string // of the target
}

// folder returns the folder of the contexts of all targets. Its name is none of a cluster.
func (c targetContexts) folder() (string, error) {
	home, err := c.s.home()
	return filepath.Join(home, "_targets"), err
}

func (c targetContexts) path(name string) (string, error) {
	folder, err := c.folder()
	if err != nil {
		return "", err
	}
	return datadir.ContextPath(folder, c.name, name)
}

// Load implements verbs.Contexts.
func (c targetContexts) Load(name string) (string, error) {
	path, err := c.path(name)
	if err != nil {
		return "", err
	}
	return verbs.LoadContext(path)
}

// Create implements verbs.Contexts.
func (c targetContexts) Create(name string) (*verbs.ContextFile, error) {
	path, err := c.path(name)
	if err != nil {
		return nil, err
	}
	return verbs.CreateContext(path)
}

// Names implements verbs.Contexts.
func (c targetContexts) Names() ([]string, error) {
	folder, err := c.folder()
	if err != nil {
		return nil, err
	}
	return datadir.ContextNames(folder, c.name)
}

// useTarget makes a verb use the target.
func useTarget(s *session, env *verbs.Env, a target.Address) {
	s.foreign = target.Open(a)
	env.Cluster, env.Name, env.Contexts = foreign{s.foreign}, a.String(), targetContexts{s, a.Name()}
	env.Hook = func(ctx context.Context, c *verbs.Call) (bool, error) { return runHook(ctx, s, c) }
}

// ownOnly are the commands that use a cluster of ringside beside the verbs.
var ownOnly = []string{"tui", "snapshot"}

// checkTarget returns an error if the command cannot be run with the target of the command line.
// done is true if there is nothing more to do.
func checkTarget(s *session, cmd command, c *verbs.Call) (done bool, err error) {
	a, err := targetOf(s)
	if a == nil || err != nil {
		return false, err
	}
	name := cmd.verb.Name
	switch {
	case name == "up":
		return true, upTarget(s, c, *a)
	case slices.Contains(ownOnly, name):
		return true, usage.Errorf("%s shows a cluster of ringside, and not %s; unset %s and leave --target out", name,
			render.Text(a.Short()), targetVariable)
	case s.target.text != "" && cmd.own != "" && name != "run" && name != "bench":
		return true, usage.Errorf("%s: --target %s: the command uses %s; leave --target out", name,
			render.Quoted(s.target.text), cmd.own)
	}
	return false, nil
}

// upAnyway are the flags of up that need nothing of a cluster that runs already.
var upAnyway = []string{"n", "N", "R", "W", "detach", "mem", "sync"}

// upLack returns what of a call of up a target cannot do, "" if there is nothing.
func upLack(c *verbs.Call) string {
	for _, f := range c.Verb.Flags {
		if c.Has(f.Name) && !slices.Contains(upAnyway, f.Name) {
			return verbs.Dashed(f.Name)
		}
	}
	if c.Dash {
		return "--"
	}
	return ""
}

// upTarget says that the cluster of the target runs, and starts nothing. So a script that begins
// with up runs on a target also.
func upTarget(s *session, c *verbs.Call, a target.Address) error {
	shown := render.Text(a.Short())
	if lack := upLack(c); lack != "" {
		return &exit.Error{Exit: exit.Usage, Code: verbs.CodeUnsupported, Message: fmt.Sprintf(
			"up %s: %s is not started by ringside; leave the flag out, or unset %s and --target", lack, shown, targetVariable)}
	}
	f := foreign{target.Open(a)}
	defer f.Close()
	hosts, err := f.Nodes(s.ctx, 0)
	if err != nil {
		return err
	}
	props, err := f.Props(s.ctx)
	if err != nil {
		return fmt.Errorf("up: %w", err)
	}
	var up []string
	for _, h := range hosts {
		if h.Err == nil {
			up = append(up, h.Name)
		}
	}
	if !props.AllowMult || props.LastWriteWins {
		s.Notef("%s\n", verbs.NoSiblingsNote(a))
	}
	if n := c.Int("N"); n > 0 && n != props.N {
		s.Notef("note: the bucket has N=%d, and not N=%d\n", props.N, n)
	}
	return s.Show(map[string]any{"cluster": a.String(), "started": false, "nodes": up},
		fmt.Sprintf("%s runs already: %d of %s up; nothing was started\n", shown, len(up), render.Count(len(hosts), "host")))
}

// targetEnviron returns the variables by which a program uses the target of the session.
func targetEnviron(s *session, a target.Address) []string {
	out := []string{targetVariable + "=" + a.String() + "?timeout=" + a.Timeout.String()}
	for _, verb := range verbs.HookNames() {
		if cmd := hookOf(s, verb); cmd != "" {
			out = append(out, hookVariable+strings.ToUpper(verb)+"="+cmd)
		}
	}
	return out
}

// runBench runs bench, on the target if there is one.
func runBench(s *session, c *verbs.Call) error {
	a, err := targetOf(s)
	switch {
	case err != nil:
		return err
	case a == nil:
		return bench.Run(s.ctx, &s.Console, c, nil)
	}
	var buckets ownBuckets
	own := buckets.add(*a)
	s.foreign = target.Open(own)
	f := foreign{s.foreign}
	var sent atomic.Bool // something was written
	err = bench.Run(s.ctx, &s.Console, c, &bench.Target{Name: own.Short(), Hosts: len(own.Hosts),
		Do: func(ctx context.Context, req wire.ClientRequest) (wire.ClientReply, error) {
			sent.Store(true)
			return f.Do(ctx, "", req)
		}})
	if !sent.Load() {
		return err
	}
	return cmp.Or(err, buckets.finish(s.ctx, s, c.Verb.Name, c.Bool(bench.CleanFlag)))
}

package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"ringside/cli/bench"
	"ringside/cli/console"
	"ringside/cli/exit"
	labcommand "ringside/cli/lab/command"
	"ringside/cli/mergefuzz"
	"ringside/cli/recording"
	"ringside/cli/render"
	"ringside/cli/simulate"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/localcluster/control"
	"ringside/tui"
)

var asciiFlag = verbs.Flag{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII characters only"}

var bigFlag = verbs.Flag{Name: "big", Kind: verbs.Bool, Help: "begin with large letters, for a hall; the key B changes"}

var plainFlag = verbs.Flag{Name: "plain", Kind: verbs.Bool,
	Help: "lines of text in place of screens, for screen readers: events in words, and a prompt"}

var lightFlag = verbs.Flag{Name: "light", Kind: verbs.Bool,
	Help: "colours for a light background; otherwise as COLORFGBG says, and dark without it"}

// lightBackground reports whether the variable COLORFGBG, which some terminals set, tells of a
// light background: its last number is white or light grey.
func lightBackground(colorFGBG string) bool {
	last := colorFGBG[strings.LastIndexByte(colorFGBG, ';')+1:]
	return last == "7" || last == "15"
}

var tuiCommand = command{
	verb: &verbs.Verb{
		Name: "tui", Group: verbs.GroupCluster, Usage: "watch a running cluster on this terminal",
		Help: `The key , goes back in time: the screens then show what the cluster remembers, forward and back. --play
shows a recording, which  ringside events --json > FILE  makes of a cluster.`,
		Flags: []verbs.Flag{asciiFlag, lightFlag, bigFlag, plainFlag, recordFlag,
			{Name: "key", Kind: verbs.String, Value: "KEY", Complete: verbs.CompleteKeys, Help: "the key to show first"},
			{Name: "play", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
				Help: "show a recording in place of a cluster"}},
	},
	run: func(s *session, c *verbs.Call) error {
		switch {
		case c.Bool("plain") && (c.Has("play") || c.Has("record")):
			return c.Misusef("--plain shows a running cluster as lines; leave out --play and --record")
		case s.Dumb() && !c.Bool("plain"):
			return s.canDraw(c)
		}
		if c.Has("play") {
			return playFile(s, c)
		}
		home, err := s.home()
		if err != nil {
			return err
		}
		cluster, err := control.Connect(s.ctx, home, s.clusterName())
		if err != nil {
			return withExitCode(err, s.clusterName())
		}
		defer cluster.Close()
		return s.watch(c, cluster, tui.Options{Key: c.String("key")})
	},
}

var recordFlag = verbs.Flag{Name: "record", Kind: verbs.String, Value: "FILE.cast", Complete: verbs.CompleteFiles,
	Help: "also write what the screens show as an asciicast, which asciinema plays"}

// playFile shows a recording.
func playFile(s *session, c *verbs.Call) error {
	r, err := openRecording(s, c)
	if err != nil {
		return err
	}
	return s.watch(c, r, tui.Options{Key: c.String("key")})
}

// openRecording opens the recording that --play names.
func openRecording(s *session, c *verbs.Call) (*recording.Recording, error) {
	name := c.String("play")
	f, err := os.Open(s.Path(name))
	if err != nil {
		return nil, usage.Errorf("%s: open the recording: %w", c.Verb.Name, err)
	}
	events, err := recording.Read(f)
	_ = f.Close() // it was only read
	if err != nil {
		return nil, c.Misusef("--play %s: %w", render.Quoted(name), err)
	}
	r, err := recording.New(events, "a recording")
	if err != nil {
		return nil, c.Misusef("--play %s: %w", render.Quoted(name), err)
	}
	return r, nil
}

// watch shows the screens of a cluster, or of a recording, until the user leaves.
func (s *session) watch(c *verbs.Call, cluster verbs.Cluster, o tui.Options) error {
	room := &classroom{options: tourOptions(s)}
	if _, recorded := cluster.(tui.Playback); !recorded {
		room.shown = recording.NewLive(cluster)
		cluster = room.shown
		o.Lessons = room
	}
	room.own = &verbs.Env{Cluster: cluster, Name: s.clusterName(), Dir: s.Dir, Contexts: contexts{s}, Extra: globals}
	defer room.Close()
	return show(s, c, room, o)
}

// show shows the screens until the user leaves. The past of a running cluster can be looked at.
func show(s *session, c *verbs.Call, room *classroom, o tui.Options) (err error) {
	room.plain = c.Bool("plain")
	o.Unseen = o.Every > 0 && c.Has("record")
	if !room.plain && !o.Unseen {
		if err := s.canDraw(c); err != nil {
			return err
		}
	}
	if c.Has("record") {
		f, err := createRecord(s, c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		o.Record = f
	}
	o.Cluster, o.ASCII, o.NoColor = room.own.Cluster, c.Bool("ascii") || !s.Unicode() && !o.Unseen, !s.Colors()
	o.Big = c.Bool("big")
	o.Flags, o.Dir, o.Light = globals, s.Dir, c.Bool("light") || lightBackground(s.Getenv("COLORFGBG"))
	o.Exec = func(ctx context.Context, line string) (string, int) {
		if out, code, handled := room.Line(ctx, line); handled {
			return out, code
		}
		return s.runInPrompt(ctx, room.own, line)
	}
	o.Complete = func(line string) []string { return s.completeInPrompt(room.env(), line) }
	if o.Fork != nil {
		inFork(s, &o)
	}
	var failed atomic.Int64
	if o.Every > 0 {
		exec := o.Exec
		o.Exec = func(ctx context.Context, line string) (string, int) {
			out, code := exec(ctx, line)
			if code != exit.OK {
				failed.Add(1)
			}
			return out, code
		}
	}
	if room.plain {
		err = tui.RunPlain(s.ctx, s.Stdin, s.Stdout, o, !console.IsTerminal(s.Stdin))
	} else {
		err = tui.Run(s.ctx, s.Stdin, s.Stdout, o)
	}
	if s.ctx.Err() != nil { // a signal; the key Ctrl-C is how one leaves, and no error
		return s.ctx.Err()
	}
	if n := int(failed.Load()); err == nil && n > 0 {
		return cuesFailed(n, o.Cues, false)
	}
	return withExitCode(err, s.clusterName())
}

var benchCommand = command{verb: bench.Verb, own: "throw-away clusters",
	run: func(s *session, c *verbs.Call) error { return runBench(s, c) }}

var labCommand = command{verb: labcommand.Verb, own: "simulated and throw-away clusters",
	run: func(s *session, c *verbs.Call) error { return labcommand.Run(s.ctx, &s.Console, c) }}

var fuzzMergeCommand = command{verb: mergefuzz.Verb, own: "no cluster",
	run: func(s *session, c *verbs.Call) error { return mergefuzz.Run(s.ctx, &s.Console, c) }}

var simCommand = command{verb: simulate.Verb, run: (*session).simulate, own: "simulated clusters"}

var openCommand = command{verb: simulate.OpenVerb, own: "simulated clusters",
	run: func(s *session, c *verbs.Call) error { return simulate.Open(s.ctx, &s.Console, c, s.screens(c)) }}

var diffCommand = command{verb: simulate.DiffVerb, own: "simulated clusters",
	run: func(s *session, c *verbs.Call) error { return simulate.Diff(s.ctx, &s.Console, c) }}

// simulate runs the command sim, whose recordings are shown on the screens.
func (s *session) simulate(c *verbs.Call) error {
	return simulate.Run(s.ctx, &s.Console, c, s.screens(c))
}

// screens shows recordings for a call.
func (s *session) screens(c *verbs.Call) simulate.Screens {
	return func(r *recording.Recording, o tui.Options) error { return s.watch(c, r, o) }
}

// inFork makes the prompt run lines in both futures of a fork, one line at a time.
func inFork(s *session, o *tui.Options) {
	env := &verbs.Env{Cluster: o.Fork.Changed.(verbs.Cluster), Name: s.clusterName(), Dir: s.Dir, Contexts: contexts{s},
		Extra: globals}
	var one sync.Mutex
	asItIs := o.Exec
	o.Exec = func(ctx context.Context, line string) (string, int) {
		one.Lock()
		defer one.Unlock()
		return asItIs(ctx, line)
	}
	o.Fork.Exec = func(ctx context.Context, line string) (string, int) {
		one.Lock()
		defer one.Unlock()
		return s.runInPrompt(ctx, env, line)
	}
	o.Fork.Complete = func(line string) []string { return s.completeInPrompt(env, line) }
}

// createRecord creates the file of --record. It replaces no file.
func createRecord(s *session, c *verbs.Call) (*os.File, error) {
	name := c.String("record")
	f, err := os.OpenFile(s.Path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, c.Misusef("--record %s: the file exists; choose another name", render.Quoted(name))
	case err != nil:
		return nil, c.Misusef("create the asciicast: %w", err)
	}
	return f, nil
}

// canDraw returns a usage error if screens cannot be drawn on the terminal.
func (s *session) canDraw(c *verbs.Call) error {
	instead := "status and events print the same as text, and --plain is a mode of lines"
	if c.Verb.Name == "sim" {
		instead = "without --tui, sim prints the run as text"
	}
	if !s.Interactive() {
		return usage.Errorf("%s: standard input or output is not a terminal; %s", c.Verb.Name, instead)
	}
	if s.Dumb() {
		return usage.Errorf("%s: the terminal cannot draw (TERM=dumb); %s", c.Verb.Name, instead)
	}
	return nil
}

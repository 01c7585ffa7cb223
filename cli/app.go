package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/localcluster/buildinfo"
)

// A command is a verb with its implementation. The verbs of package verbs all have runVerb; the
// others are about clusters or about the program, and the prompt of the screens does not have
// them.
type command struct {
	verb *verbs.Verb
	run  func(*session, *verbs.Call) error
	own  string // the clusters that the command uses; "" if it uses the one of --cluster
}

// Headings of commands in help, beyond those of package verbs.
const (
	groupPaper   = "The paper"
	groupProgram = "This program"
)

// groups are the headings in the order of help.
var groups = []string{verbs.GroupCluster, verbs.GroupData, verbs.GroupFaults, verbs.GroupRing, verbs.GroupLook,
	verbs.GroupScript, groupPaper, groupProgram}

// commands are all commands in the order of help. init fills the list because some commands refer
// to it.
var commands []command

func init() {
	commands = listCommands()
	cli.HelpFlag = nil // the library's own help would differ from that of the command help
}

func listCommands() []command {
	out := []command{tourCommand, demoCommand, upCommand}
	for _, v := range verbs.All() {
		if v.Name != "help" {
			out = append(out, command{verb: v, run: (*session).runVerb})
		}
	}
	out = append(out, lsCommand, rmCommand, tuiCommand, snapshotCommand, runCommand, execCommand, fuzzMergeCommand,
		simCommand, openCommand, diffCommand, labCommand, benchCommand, paperCommand, completionCommand, manCommand,
		versionCommand, helpCommand)
	slices.SortStableFunc(out, func(a, b command) int {
		return slices.Index(groups, a.verb.Group) - slices.Index(groups, b.verb.Group)
	})
	return out
}

func allVerbs() []*verbs.Verb {
	var out []*verbs.Verb
	for _, c := range commands {
		out = append(out, c.verb)
	}
	return out
}

// find returns the command called name, nil if there is none.
func find(name string) *command {
	i := slices.IndexFunc(commands, func(c command) bool { return c.verb.Name == name })
	if i < 0 {
		return nil
	}
	return &commands[i]
}

func lookup(name string) *verbs.Verb {
	if c := find(name); c != nil {
		return c.verb
	}
	return nil
}

func (s *session) runVerb(c *verbs.Call) error {
	err := s.verbsEnv().Call(s.ctx, c)
	var none *exit.Error
	if c.Verb.Name == "down" && errors.As(err, &none) && none.Exit == exit.NoCluster {
		if before, _, starts := strings.Cut(none.Message, startAdvice); starts {
			return &exit.Error{Exit: none.Exit, Code: none.Code, Message: before + "; ringside ls lists the clusters"}
		}
	}
	return err
}

// app returns the command line as urfave/cli has it. The words after a command go to the parser of
// package verbs, which takes flags anywhere. urfave's flags of a command are for the manual page
// only.
func (s *session) app() *cli.App {
	app := &cli.App{
		Name: program, HelpName: program, Usage: "Amazon's Dynamo on one machine, made to be watched",
		Description: manDescription, Version: buildinfo.Version(),
		Reader: s.Stdin, Writer: s.Stdout, ErrWriter: s.Stderr,
		HideHelp: true, HideVersion: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "cluster", Usage: globals[0].Help, Destination: &s.name},
			&cli.BoolFlag{Name: "json", Usage: "print JSON", Destination: &s.JSON},
			&cli.BoolFlag{Name: "no-color", Usage: globals[1].Help, Destination: &s.NoColor},
			&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show help"},
			&cli.BoolFlag{Name: "version", Usage: "show the version"},
		},
		Before: func(c *cli.Context) error {
			if c.IsSet("cluster") && s.name == "" {
				return usage.Errorf("--cluster: %w", verbs.ErrEmpty)
			}
			return nil
		},
		Action:         s.runBare,
		ExitErrHandler: func(*cli.Context, error) {}, // Run returns the exit code
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return badGlobal(err) },
	}
	app.Flags = append(app.Flags, s.target.flags()...)
	for _, cmd := range commands {
		app.Commands = append(app.Commands, s.urfave(cmd))
	}
	app.Commands = append(app.Commands, &cli.Command{
		Name: completeName, Hidden: true, HideHelp: true, SkipFlagParsing: true,
		Action: func(c *cli.Context) error { return s.complete(c.Args().Slice()) }})
	return app
}

func badGlobal(err error) error {
	return usage.Errorf("%s; ringside help lists the flags", render.Text(err.Error()))
}

// urfave returns a command as urfave/cli has it.
func (s *session) urfave(cmd command) *cli.Command {
	v := cmd.verb
	out := &cli.Command{
		Name: v.Name, Usage: v.Usage, Description: v.Help, Category: v.Group, UsageText: prefix + v.Synopsis(),
		HideHelp: true, SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			words := c.Args().Slice()
			if c.Bool("help") {
				words = append([]string{"--help"}, words...)
			}
			return s.do(cmd, words)
		},
	}
	for _, f := range v.Flags {
		out.Flags = append(out.Flags, urfaveFlag(f))
	}
	return out
}

func urfaveFlag(f verbs.Flag) cli.Flag {
	if !f.TakesWord() {
		return &cli.BoolFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Help}
	}
	return &cli.StringFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Help, Value: f.Default, DefaultText: f.Default}
}

// do parses the words after a command and runs it.
func (s *session) do(cmd command, words []string) error {
	c, err := verbs.Parse(cmd.verb, words, globals...)
	help := errors.Is(err, verbs.ErrHelp)
	switch {
	case err == nil || help:
	case cmd.verb.Name == upCommand.verb.Name && slices.Contains(words, "--"):
		return ownFailure(err)
	default:
		return err
	}
	s.adopt(c)
	if words := c.Nested(); len(words) > 0 { // the flags of all commands may stand after the inner one
		if v := verbs.Lookup(words[0]); v != nil {
			if inner, err := verbs.Parse(v, words[1:], globals...); err == nil {
				s.adopt(inner)
			}
		}
	}
	if help {
		return s.Show(cmd.verb.JSON(), cmd.verb.Manual(prefix))
	}
	if cmd.own != "" && s.name != "" {
		return usage.Errorf("%s: --cluster %s: the command uses %s; leave --cluster out", cmd.verb.Name,
			render.Quoted(s.name), cmd.own)
	}
	if done, err := checkTarget(s, cmd, c); done || err != nil {
		return err
	}
	return cmd.run(s, c)
}

// runBare runs a command line without a known command.
func (s *session) runBare(c *cli.Context) error {
	switch word := c.Args().First(); {
	case c.Bool("version"):
		return s.do(versionCommand, nil)
	case word != "":
		return noCommand(word)
	case c.Bool("help"):
		return s.do(helpCommand, nil)
	}
	if s.Interactive() {
		return s.do(demoCommand, nil)
	}
	return s.Print(overview())
}

var helpCommand = command{
	verb: &verbs.Verb{Name: "help", Group: groupProgram, Usage: "list the commands, or explain one",
		Help: verbs.HelpHelp,
		Args: []verbs.Arg{{Name: "COMMAND", Complete: verbs.CompleteVerbs, Optional: true}}},
	run: func(s *session, c *verbs.Call) error {
		v := lookup(c.Arg(0))
		switch {
		case c.Arg(0) == "":
			return s.Show(verbs.OverviewJSON(allVerbs()), overview())
		case v == nil:
			return noCommand(c.Arg(0))
		}
		return s.Show(v.JSON(), v.Manual(prefix))
	},
}

func noCommand(word string) error {
	var names []string
	for _, v := range allVerbs() {
		names = append(names, v.Name)
	}
	return usage.Errorf("there is no command %s%s; ringside help lists the commands", render.Quoted(word),
		render.DidYouMean(word, names))
}

// overview returns the help of the whole program.
func overview() string {
	return `ringside is Amazon's Dynamo (SOSP 2007) on one machine, made to be watched.

  ringside                          a cluster to play with, on this terminal
  ringside up --detach              or: start one,
  ringside put cart milk            write,
  ringside partition n1,n2 n3,n4,n5  break,
  ringside get cart                 and look

` + verbs.Overview(allVerbs()) + `
Every command takes --cluster NAME, --json, --no-color and --help, before or after its arguments.
With --target riak://HOST:PORT[,HOST:PORT][/TYPE/BUCKET], or RINGSIDE_TARGET, the commands act on a cluster
of Riak: get, put, del, resolve, cart, as, load, keys, where, status, wait, expect, run and exec.
There, --timeout 5s limits each request, and --hook-VERB CMD runs a command for a verb that Riak lacks.
Exit codes: 0 ok, 1 internal error, 2 usage, 3 key not found, 4 siblings where one value was
asked for, 5 quorum not reached, 6 context refused, 7 no such cluster running, 8 an expect or
wait that does not hold, 130 interrupted.
`
}

package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli/bench"
	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/script"
	"ringside/cli/verbs"
	"ringside/localcluster/atomicfile"
	"ringside/testscripts"
)

var runCommand = command{
	verb: &verbs.Verb{
		Name: "run", Group: verbs.GroupScript, Streams: true,
		Args: []verbs.Arg{{Name: "FILE.txtar", Complete: verbs.CompleteFiles, Words: testscripts.Names(),
			Optional: true, Many: true}},
		Usage: "run scripts; exit 8 if one fails",
		Help: `A script is a .txtar in testscript's syntax (github.com/rogpeppe/go-internal/testscript)
whose lines are those of a shell: ringside put cart "milk and eggs" --via n3. Each script has a home of its
own, and ringside up in a script starts a throw-away cluster. A folder stands for its .txtar files. A name that
is not a file is one of the embedded scripts, as in  ringside run figure3 ; --list shows them.
A script that fails while a cluster of its runs leaves the capsule of that cluster: ringside open FILE shows what
happened, and ringside diff tells where two runs part. The capsule is in a new folder for temporary files, or where
--capsule says; of several scripts that fail, --capsule has the first.
With --target riak://HOST:PORT the lines of a script act on a cluster of Riak, and ringside up starts nothing. Each
script has a bucket of its own, so that it finds no keys and changes none of others. At the end run names the buckets,
or deletes their keys with --clean: Riak cannot delete a bucket as such. Before anything runs, run names the lines that
a cluster of Riak cannot do, and exits 2, unless --skip-unsupported leaves them out together with the lines that check
their output.
--json prints {"script","ok","elapsed_ms","failed_at"?,"message"?,"capsule"?} for each script.
--list --json prints {"scripts":[{"name","title"}]}.`,
		Flags: []verbs.Flag{
			{Name: "v", Aliases: []string{"verbose"}, Kind: verbs.Bool,
				Help: "show the log of each script, also if it passed"},
			{Name: "capsule", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
				Help: "where the first script that fails leaves the capsule of its cluster"},
			{Name: skipFlag, Kind: verbs.Bool,
				Help: "with --target: leave out the lines that a cluster of Riak cannot do"},
			{Name: bench.CleanFlag, Kind: verbs.Bool, Help: bench.CleanHelp},
			{Name: "list", Kind: verbs.Bool, Help: "list the embedded scripts with what they show"}},
	},
	run: (*session).runScripts,
	own: "the clusters that its scripts start",
}

func (s *session) runScripts(c *verbs.Call) error {
	switch {
	case c.Bool("list") && len(c.Args) > 0:
		return c.Misusef("--list shows all embedded scripts; leave out %s", render.Quoted(c.Arg(0)))
	case c.Bool("list"):
		return s.listScripts()
	case len(c.Args) == 0:
		return c.Misusef("FILE.txtar is missing; name a file, a folder or one of: %s",
			strings.Join(testscripts.Names(), " "))
	}
	if name := c.String("capsule"); name != "" {
		if err := verbs.CheckWritable(s.Path(name)); err != nil {
			return c.Misusef("--capsule %s cannot be written: %w; nothing was run", render.Quoted(name), err)
		}
	}
	scripts, err := script.Find(s.Dir, c.Args)
	if err != nil {
		return err
	}
	failed := 0
	o := script.Options{Program: scriptProgram, Verbose: c.Bool("v")}
	var own ownBuckets
	if o.Environ, scripts, err = scriptsOnTarget(s, c, scripts, &own); err != nil {
		return err
	}
	err = script.Run(s.ctx, o, scripts, func(r script.Result) error {
		if !r.OK {
			failed++
			r.Message = withPrefix(r.Message)
			keepCapsule(s, &r, c.String("capsule"), failed)
		}
		return s.showResult(r, c.Bool("v"))
	})
	if kept := own.finish(s.ctx, s, c.Verb.Name, c.Bool(bench.CleanFlag)); err == nil {
		err = kept
	}
	if err == nil && failed > 0 {
		msg := fmt.Sprintf("run: %d of %s failed", failed, render.Count(len(scripts), "script"))
		return &exit.Error{Exit: exit.Expectation, Code: "script_failed", Message: msg, Reported: true}
	}
	return err
}

// keepCapsule moves the capsule of a script that failed to a place that stays: to the file of
// --capsule, which is for the first script, or to a new folder. Without a capsule, r then has none.
func keepCapsule(s *session, r *script.Result, file string, failed int) {
	if r.Capsule == "" || file != "" && failed > 1 {
		r.Capsule = ""
		return
	}
	text, err := os.ReadFile(r.Capsule)
	path := s.Path(file)
	if file == "" && err == nil {
		var dir string
		if dir, err = os.MkdirTemp(s.Getenv("TMPDIR"), "ringside-"+r.Name+"-"); err == nil {
			file = filepath.Join(dir, filepath.Base(r.Capsule))
			path = file
		}
	}
	if err == nil {
		err = atomicfile.Replace(path, text)
	}
	if err != nil {
		s.Notef("%s: the capsule of %s was not written: %v\n", program, render.Text(r.Name), err)
		file = ""
	}
	r.Capsule = file
}

// unknownCommand matches testscript's message on a line that begins with an unknown command.
var unknownCommand = regexp.MustCompile(`^unknown command "([^"]+)"`)

// withPrefix returns the message of a script that failed. If the script names a command of ringside
// without the program's name, the message says how to write the command.
func withPrefix(message string) string {
	if m := unknownCommand.FindStringSubmatch(message); m != nil && lookup(m[1]) != nil {
		return fmt.Sprintf("unknown command %q; write: %s %s", m[1], program, m[1])
	}
	return message
}

func (s *session) showResult(r script.Result, verbose bool) error {
	return s.Show(struct {
		Script    string `json:"script"`
		OK        bool   `json:"ok"`
		ElapsedMS int64  `json:"elapsed_ms"`
		FailedAt  string `json:"failed_at,omitempty"`
		Message   string `json:"message,omitempty"`
		Capsule   string `json:"capsule,omitempty"`
	}{r.Script, r.OK, r.Elapsed.Milliseconds(), r.FailedAt, r.Message, r.Capsule}, r.Text(verbose))
}

// listScripts shows the embedded scripts.
func (s *session) listScripts() error {
	type listed struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	list := []listed{}
	var t render.Table
	for _, name := range testscripts.Names() {
		text, _ := testscripts.Read(name)
		list = append(list, listed{name, testscripts.Title(text)})
		t.Row(render.Cell{Text: name}, render.Cell{Text: testscripts.Title(text)})
	}
	return s.Show(map[string]any{"scripts": list}, t.Render(render.Painter{}))
}

// scriptProgram runs one command line of a script.
func scriptProgram(ctx context.Context, args []string, c console.Console, host *script.Host) int {
	return Run(ctx, Env{Args: args, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, Getenv: c.Getenv, Dir: c.Dir,
		Host: host})
}

// Scripts returns the parameters with which go test runs the scripts of a folder. temp is a folder
// for temporary files.
func Scripts(ctx context.Context, folder, temp string) (testscript.Params, error) {
	scripts, err := script.Find(folder, []string{"."})
	if err != nil {
		return testscript.Params{}, err
	}
	return script.Params(ctx, script.Options{Program: scriptProgram}, temp, scripts)
}

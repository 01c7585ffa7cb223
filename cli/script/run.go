package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli/render"
	"ringside/engine/escape"
)

// maxParallel bounds how many scripts run at once, because each has clusters of its own.
const maxParallel = 8

// A Result is the outcome of one script.
type Result struct {
	Script   string // as Script.Shown
	Name     string // the file's name without its extension
	OK       bool
	Elapsed  time.Duration
	FailedAt string // "file:line" of a script that failed
	Message  string // why it failed
	Log      string // of the commands that ran; not safe for a terminal
	// Capsule is the file with the capsule of the cluster that a script that failed had running, ""
	// if it had none. Run deletes the file when it returns.
	Capsule string
}

// Run runs scripts, several at once, and calls show with the result of each in the order of
// scripts. If show fails, Run ends the scripts and returns show's error. If ctx ends, Run ends the
// scripts and returns ctx's error. Run returns after every script has cleaned up.
func Run(ctx context.Context, o Options, scripts []Script, show func(Result) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	folder, err := os.MkdirTemp("", "ringside-run-")
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	defer os.RemoveAll(folder)
	params, err := Params(ctx, o, folder, scripts)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	all := &runner{verbose: o.Verbose, done: make(chan struct{}),
		slots: make(chan struct{}, min(maxParallel, runtime.GOMAXPROCS(0)+1))}
	go func() {
		defer close(all.done)
		testscript.RunT(all, params)
	}()
	<-all.done
	defer endPrograms(ctx)()
	if all.failed {
		return errors.New("run: " + strings.TrimSpace(all.log.String()))
	}
	var unshown error
	for i, sub := range all.subs {
		<-sub.done
		if ctx.Err() != nil {
			continue
		}
		if err := show(sub.result(scripts[i].Shown, params.Files[i])); err != nil {
			unshown = err
			cancel()
		}
	}
	if unshown != nil {
		return unshown
	}
	return ctx.Err()
}

const (
	// endInterval is the time between two attempts to end the programs of interrupted scripts.
	endInterval = 50 * time.Millisecond
	// killAfter is the number of polite attempts before programs are killed.
	killAfter = 10
)

// endPrograms ends the programs that scripts execute once ctx ends, because testscript cannot. The
// caller calls the returned function when all scripts have ended.
func endPrograms(ctx context.Context) func() {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		for tick := 0; ; tick++ { // a script that expects a program to fail runs the next one
			endChildren(tick >= killAfter)
			select {
			case <-over:
				return
			case <-time.After(endInterval):
			}
		}
	})
	return func() {
		stop()
		close(over)
	}
}

// A runner is a testscript.T outside of go test, for one script or for all of them. The goroutine
// that runs it owns its fields until done is closed.
type runner struct {
	name    string
	verbose bool
	log     strings.Builder
	failed  bool
	took    time.Duration
	subs    []*runner
	done    chan struct{}
	slots   chan struct{} // bounds how many scripts run at once
	capsule string        // the file of leaveCapsule
}

// Skip implements testscript.T.
func (t *runner) Skip(args ...any) { t.Log(args...); runtime.Goexit() }

// Fatal implements testscript.T.
func (t *runner) Fatal(args ...any) { t.Log(args...); t.FailNow() }

// Parallel implements testscript.T. Run runs scripts in parallel anyway.
func (t *runner) Parallel() {}

// Log implements testscript.T.
func (t *runner) Log(args ...any) { _, _ = fmt.Fprintln(&t.log, args...) }

// FailNow implements testscript.T.
func (t *runner) FailNow() { t.failed = true; runtime.Goexit() }

// Verbose implements testscript.T.
func (t *runner) Verbose() bool { return t.verbose }

// Run implements testscript.T: it starts a script. A panic in f fails the script after its
// clean-up.
func (t *runner) Run(name string, f func(testscript.T)) {
	sub := &runner{name: name, verbose: t.verbose, done: make(chan struct{})}
	t.subs = append(t.subs, sub)
	go func() {
		defer close(sub.done)
		t.slots <- struct{}{}
		defer func() { <-t.slots }()
		started := time.Now()
		defer func() {
			if r := recover(); r != nil {
				sub.failed = true
				sub.Log("panic:", r)
			}
			sub.took = time.Since(started)
		}()
		f(sub)
	}()
}

// failure matches the line of a log that says where a script failed.
var failure = regexp.MustCompile(`(?m)^FAIL: (.*):(\d+): (.*)$`)

// result returns the outcome of a script that has ended. file is the path under which testscript
// ran it.
func (t *runner) result(shown, file string) Result {
	log := strings.ReplaceAll(strings.TrimSpace(t.log.String()), file, shown)
	r := Result{Script: shown, Name: t.name, OK: !t.failed, Elapsed: t.took, Log: log}
	if !t.failed {
		return r
	}
	r.FailedAt, r.Message, r.Capsule = shown, "see the log", t.capsule
	if m := failure.FindAllStringSubmatch(log, -1); m != nil {
		last := m[len(m)-1]
		r.FailedAt, r.Message = shown+":"+last[2], strings.TrimSpace(last[3]+reason(log, last[3]))
	} else if lines := strings.Split(log, "\n"); len(lines) > 0 {
		r.Message = lines[len(lines)-1]
	}
	return r
}

// bareFailure matches a message that only says that a command failed.
var bareFailure = regexp.MustCompile(`^(exit \d+|unexpected (exec )?command failure)$`)

// reason returns what the command that failed wrote to standard error, if the message does not say
// why it failed.
func reason(log, message string) string {
	if !bareFailure.MatchString(message) {
		return ""
	}
	written := log[strings.LastIndex(log, "\n> ")+1:]
	_, written, found := strings.Cut(written, "[stderr]\n")
	if !found {
		return ""
	}
	written = written[:max(0, strings.LastIndex(written, "FAIL: "))]
	lines := strings.Split(strings.TrimSpace(written), "\n")
	line := lines[len(lines)-1]
	for _, l := range lines { // a synopsis may follow our own line
		if own, ok := strings.CutPrefix(l, programName+": "); ok {
			line = own
		}
	}
	if line == "" {
		return ""
	}
	return ": " + line
}

// Text returns the result as lines for a person, with the log of a script that failed or, if
// verbose, of any script.
func (r Result) Text(verbose bool) string {
	switch {
	case !r.OK:
		text := fmt.Sprintf("FAIL  %s  %s: %s\n%s\n", r.Name, r.FailedAt, render.Text(r.Message), indent(r.Log))
		if r.Capsule != "" {
			text += fmt.Sprintf("      the cluster is in a capsule; look at it with: %s open %s\n", programName,
				render.Typed(r.Capsule))
		}
		return text
	case verbose:
		return r.line() + indent(r.Log) + "\n"
	}
	return r.line()
}

func (r Result) line() string {
	return fmt.Sprintf("ok    %-20s %6.2fs\n", r.Name, r.Elapsed.Seconds())
}

// indent indents a log and escapes it, because a script may print anything.
func indent(log string) string {
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		lines[i] = "      " + escapeLog(l)
	}
	return strings.Join(lines, "\n")
}

// escapeLog is escape.Terminal except that a backslash stays, because most text of a log is
// escaped already.
func escapeLog(line string) string {
	parts := strings.Split(line, `\`)
	for i, p := range parts {
		parts[i] = escape.Terminal([]byte(p))
	}
	return strings.Join(parts, `\`)
}

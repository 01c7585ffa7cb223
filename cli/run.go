package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/usage"
)

// maxScripts bounds how many scripts run at once: each has clusters of its own.
const maxScripts = 8

var runCommand = command{
	verb: &verbs.Verb{
		Name: "run", Group: verbs.GroupScript,
		Args:  []verbs.Arg{{Name: "FILE.txtar", Complete: verbs.CompleteFiles, Many: true}},
		Usage: "run scripts; exit 8 if one fails",
		Help: `A script is a .txtar in testscript's syntax (github.com/rogpeppe/go-internal/testscript)
whose lines are those of a shell: ringside put cart milk --via n3. Each runs in a home of its
own; ringside up inside one starts a throw-away cluster. A folder stands for its .txtar files.`,
		Flags: []verbs.Flag{{Name: "v", Aliases: []string{"verbose"}, Kind: verbs.Bool, Help: "show what passed, too"}},
	},
	run: (*session).runScripts,
	own: "the clusters that its scripts start",
}

func (s *session) runScripts(c *verbs.Call) error {
	files, err := s.scriptFiles(c.Args)
	if err != nil {
		return err
	}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(s.ctx)
	defer cancel()
	all := &scriptRun{verbose: c.Bool("v"), slots: make(chan struct{}, min(maxScripts, runtime.GOMAXPROCS(0)+1)), done: make(chan struct{})}
	go func() {
		defer close(all.done)
		p := Scripts(s.ctx)
		p.Files = files
		testscript.RunT(all, p)
	}()
	<-all.done
	defer s.endPrograms()()
	if all.failed {
		return fmt.Errorf("run: %s", strings.TrimSpace(all.log.String()))
	}
	failed, unshown := 0, error(nil)
	for i, sub := range all.subs {
		<-sub.done
		if s.ctx.Err() != nil {
			continue
		}
		if sub.failed {
			failed++
		}
		if err := s.showScript(c, files[i], sub); err != nil && unshown == nil {
			unshown = err
			cancel() // the reader is gone; the scripts end first and clean up
		}
	}
	switch {
	case unshown != nil:
		return unshown
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case failed > 0:
		msg := fmt.Sprintf("run: %d of %d scripts failed", failed, len(files))
		return &exit.Error{Exit: exit.Expectation, Code: "script_failed", Message: msg, Reported: true}
	}
	return nil
}

// endPrograms sees to it that scripts end when the session is interrupted: testscript
// knows no way to stop the programs that they execute. It returns how to stop watching.
func (s *session) endPrograms() func() {
	over := make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		for tick := 0; ; tick++ { // a script that expects a program to fail goes on to the next
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

// scriptFiles finds the scripts that are named.
func (s *session) scriptFiles(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		path := a
		if s.Dir != "" && !filepath.IsAbs(path) {
			path = filepath.Join(s.Dir, path)
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, usage.Errorf("run: %w", err)
		case !info.IsDir():
			out = append(out, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*.txtar"))
		if err != nil || len(found) == 0 {
			return nil, usage.Errorf("run: the folder %s holds no .txtar", escape.Terminal([]byte(a)))
		}
		slices.Sort(found)
		out = append(out, found...)
	}
	return out, nil
}

const (
	// endInterval parts two attempts to end the programs of scripts that are interrupted.
	endInterval = 50 * time.Millisecond
	// killAfter is after how many of them it is done by force.
	killAfter = 10
)

// failure is the line of a log that says where a script failed.
var failure = regexp.MustCompile(`(?m)^FAIL: (.*):(\d+): (.*)$`)

func (s *session) showScript(c *verbs.Call, file string, t *scriptRun) error {
	log := strings.TrimSpace(t.log.String())
	at, message := "", ""
	if t.failed {
		at, message = file, "see the log"
		if m := failure.FindAllStringSubmatch(log, -1); m != nil {
			last := m[len(m)-1]
			at, message = file+":"+last[2], strings.TrimSpace(last[3]+reason(log, last[3]))
		} else if lines := strings.Split(log, "\n"); len(lines) > 0 {
			message = lines[len(lines)-1]
		}
	}
	if s.json {
		return printJSON(s.Stdout, struct {
			Script    string `json:"script"`
			OK        bool   `json:"ok"`
			ElapsedMS int64  `json:"elapsed_ms"`
			FailedAt  string `json:"failed_at,omitempty"`
			Message   string `json:"message,omitempty"`
		}{file, !t.failed, t.took.Milliseconds(), at, message})
	}
	if t.failed {
		return printText(s.Stdout, fmt.Sprintf("FAIL  %s  %s: %s\n%s\n", t.name, at, escape.Terminal([]byte(message)), indent(log)))
	}
	out := fmt.Sprintf("ok    %-20s %6.2fs\n", t.name, t.took.Seconds())
	if c.Bool("v") {
		out += indent(log) + "\n"
	}
	return printText(s.Stdout, out)
}

// bareFailure is a message that only says that a command failed.
var bareFailure = regexp.MustCompile(`^(exit \d+|unexpected (exec )?command failure)$`)

// reason is what the command that failed said about it, where the message does not.
func reason(log, message string) string {
	if !bareFailure.MatchString(message) {
		return ""
	}
	said := log[strings.LastIndex(log, "\n> ")+1:]
	_, said, found := strings.Cut(said, "[stderr]\n")
	if !found {
		return ""
	}
	said = said[:max(0, strings.LastIndex(said, "FAIL: "))]
	lines := strings.Split(strings.TrimSpace(said), "\n")
	line := lines[len(lines)-1]
	for _, l := range lines { // below our own there may be a synopsis
		if own, ok := strings.CutPrefix(l, program+": "); ok {
			line = own
		}
	}
	if line == "" {
		return ""
	}
	return ": " + line
}

// indent sets a log off from the verdicts. A script's output may be anything, so it is made safe.
func indent(log string) string {
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		lines[i] = "      " + showLog(l)
	}
	return strings.Join(lines, "\n")
}

// showLog is escape.Terminal that leaves backslashes alone: logs hold text that went through it already.
func showLog(line string) string {
	parts := strings.Split(line, `\`)
	for i, p := range parts {
		parts[i] = escape.Terminal([]byte(p))
	}
	return strings.Join(parts, `\`)
}

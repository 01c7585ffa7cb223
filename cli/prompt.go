package cli

import (
	"context"
	"io"
	"slices"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/usage"
	promptline "ringside/tui/command"
)

// promptCommands are the commands of this package that the prompt of the screens runs: their
// output is text, and they act on no running cluster but their own.
var promptCommands = []string{"help", "paper", "ls", "run", "sim", "version"}

// screenWords are the words of the prompt about the screens, for its completion.
var screenWords = []string{promptline.Big, promptline.Clear, promptline.Snapshot}

// promptFrame is the number of columns of a screen that the prompt's output cannot use: its border
// and its indent.
const promptFrame = 6

// runInPrompt runs one line of the prompt of the screens. It returns the text that the command
// printed, and the exit code that the shell would get.
func (s *session) runInPrompt(ctx context.Context, env *verbs.Env, line string) (string, int) {
	words, err := verbs.Split(line)
	if err == nil && len(words) > 0 {
		if slices.Contains(promptCommands, words[0]) {
			return s.runCommand(ctx, *find(words[0]), words[1:])
		}
		if err := elsewhere(env, words, "the pane Events shows events as they happen, / filters them"); err != nil {
			return err.Error() + "\n", exit.Usage
		}
	}
	wide := *env
	wide.Width = max(0, s.Width()-promptFrame)
	out, code := verbs.RunLine(ctx, &wide, line,
		func(err error) error { return withExitCode(err, s.clusterName()) })
	if code == exit.OK && err == nil && len(words) > 0 && words[0] == "down" {
		out += "q leaves the screens\n"
	}
	return out, code
}

// elsewhere returns the usage error of a command that a prompt does not run, nil for another one.
// instead says where one sees events as they happen.
func elsewhere(env *verbs.Env, words []string, instead string) error {
	switch {
	case find(words[0]) != nil && verbs.Lookup(words[0]) == nil:
		return usage.Errorf("%s: commands here act on cluster %s; give this one to ringside in a shell", words[0],
			escape.Terminal([]byte(env.Name)))
	case env.Follows(words):
		return usage.Errorf("events: -f would not end here; %s", instead)
	}
	return nil
}

// runCommand runs a command of this package and returns what it printed, and its exit code.
func (s *session) runCommand(ctx context.Context, cmd command, words []string) (string, int) {
	var out strings.Builder
	own := within(ctx, s, &out, &out)
	own.NoColor = true
	code := own.finish(own.do(cmd, words))
	return out.String(), code
}

// within returns a session for a command of this package on a line of s. The command has no
// standard input, and its own flag --cluster.
func within(ctx context.Context, s *session, out, notes io.Writer) *session {
	own := *s
	own.ctx, own.Stdin, own.Stdout, own.Stderr = ctx, strings.NewReader(""), out, notes
	own.name, own.cluster = "", nil
	return &own
}

// completeInPrompt returns what the last word of a line of the prompt could become.
func (s *session) completeInPrompt(env *verbs.Env, line string) []string {
	words := strings.Fields(line)
	if line == "" || strings.HasSuffix(line, " ") {
		words = append(words, "")
	}
	out := verbs.Complete(s.ctx, env, words)
	for _, name := range slices.Concat(promptCommands, screenWords) {
		if len(words) == 1 && strings.HasPrefix(name, words[0]) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

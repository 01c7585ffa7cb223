package cli

import (
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/verbs"
)

// The prompt of the screens runs commands that print text, and names the place of the others.
func TestPromptAnswersCommandsThatAreNoVerbs(t *testing.T) {
	s := newSession(t.Context(), Env{Getenv: getenv(dataHome(t))})
	env := &verbs.Env{Name: "demo", Extra: globals} // no command here reaches a cluster
	for line, want := range map[string]struct {
		text string
		code int
	}{
		"paper 4.6":          {"hinted handoff", exit.OK},
		"ls":                 {"no clusters", exit.OK},
		"version":            {"ringside ", exit.OK},
		"help paper":         {"paper: ", exit.OK},
		"run no-such-script": {"no-such-script", exit.Usage},
		"up -n 3": {"up: commands here act on cluster demo; give this one to ringside in a shell",
			exit.Usage},
		"events -f":           {"the pane Events shows events as they happen", exit.Usage},
		"events --follow":     {"the pane Events shows events as they happen", exit.Usage},
		"help":                {"partition", exit.OK},
		"demo":                {"give this one to ringside in a shell", exit.Usage},
		"tui":                 {"give this one to ringside in a shell", exit.Usage},
		"papper":              {"there is no command 'papper'", exit.Usage},
		"get 'cart":           {"a quote is not closed", exit.Usage},
		"kill n1 --cluster b": {"commands here act on cluster demo", exit.Usage},
	} {
		out, code := s.runInPrompt(t.Context(), env, line)
		if code != want.code || !strings.Contains(out, want.text) {
			t.Errorf("%s: exit %d, %q", line, code, out)
		}
	}
}

func TestPromptCompletesCommands(t *testing.T) {
	s := newSession(t.Context(), Env{Getenv: getenv(dataHome(t))})
	env := &verbs.Env{Name: "demo", Extra: globals}
	for line, want := range map[string]string{"pa": "partition pause paper", "ru": "run", "he": "heal help", "get --vi": "--via"} {
		if got := strings.Join(s.completeInPrompt(env, line), " "); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}

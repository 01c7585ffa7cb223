package cli

// Cue sheets: which lines they may have, and how they are played as text.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/testscripts"
	promptline "ringside/tui/command"
	"ringside/tui/cues"
)

// readCues reads the cue sheet that the call names, nil if it names none. A name that is not a file
// is that of an embedded sheet.
func readCues(s *session, c *verbs.Call) (*cues.Sheet, error) {
	if !c.Has("cues") {
		return nil, nil
	}
	name := c.String("cues")
	text, err := os.ReadFile(s.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		embedded, ok := testscripts.CueSheet(name)
		if !ok {
			return nil, c.Misusef("there is no file %s, and no cue sheet of that name; there are %s", render.Text(name),
				strings.Join(testscripts.CueSheets(), " "))
		}
		text, err = embedded, nil
	}
	if err != nil {
		return nil, c.Misusef("read the cue sheet: %w", err)
	}
	return cues.Parse(name, string(text), checkCue)
}

// checkCue returns why the prompt cannot run a line, nil if it can.
func checkCue(line string) error {
	words, err := verbs.Split(line)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage.Errorf("the command is missing")
	}
	switch {
	case slices.Contains(promptCommands, words[0]), slices.Contains(screenWords, line):
		return nil
	case words[0] == snapshotCommand.verb.Name:
		_, err := verbs.Parse(snapshotCommand.verb, words[1:], globals...)
		return err
	}
	v := verbs.Lookup(words[0])
	if v == nil {
		return usage.Errorf("the prompt has no command %s%s", render.Quoted(words[0]),
			render.DidYouMean(words[0], append(verbs.Names(), promptCommands...)))
	}
	call, err := verbs.Parse(v, words[1:], globals...)
	if errors.Is(err, verbs.ErrHelp) {
		return nil
	}
	if err == nil && len(call.Nested()) > 0 {
		return checkCue(verbs.Join(call.Nested()))
	}
	return err
}

// narrateCues plays a cue sheet as text. Its error says how many cues failed.
func narrateCues(s *session, cluster verbs.Cluster, sheet *cues.Sheet) error {
	env := s.verbsEnv()
	env.Cluster, env.JSON, env.Color, env.Prefix = cluster, s.JSON, false, ""
	failed, r := 0, &reader{s: s, env: env}
	for i, c := range sheet.Cues {
		out, code := r.run(c.Command)
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		text := out
		if !s.JSON {
			text = note(c.Note, i > 0) + "$ " + program + " " + c.Command + "\n" + out
		}
		if code != exit.OK {
			failed++
			if !s.JSON {
				text += fmt.Sprintf("exit %d\n", code)
			}
		}
		if err := s.Print(text); err != nil {
			return err
		}
	}
	if !s.JSON {
		if err := s.Print(note(sheet.End, true)); err != nil {
			return err
		}
	}
	if failed == 0 {
		return nil
	}
	return &exit.Error{Exit: exit.Expectation, Code: "cue_failed", Reported: s.JSON,
		Message: fmt.Sprintf("demo: %d of %s failed", failed, render.Count(len(sheet.Cues), "cue"))}
}

// screenWords are the lines that are about the screens, and mean nothing without them.
var screenWords = []string{"big", "clear"}

// A reader plays the lines of a cue sheet without screens.
type reader struct {
	s      *session
	env    *verbs.Env
	client string // whose commands the lines are, "" for no client
}

// run runs a line as the prompt of the screens does.
func (r *reader) run(line string) (out string, code int) {
	switch {
	case slices.Contains(screenWords, line):
		return "", exit.OK
	case line == "as -":
		r.client = ""
		return "", exit.OK
	}
	line = promptline.For(r.client, line, globals)
	out, code = runCue(r.s, r.env, line)
	if c := promptline.Parse(line, globals); c.Introduces() && code == exit.OK {
		r.client = c.Client
	}
	return out, code
}

// runCue runs a line, which may be a snapshot.
func runCue(s *session, env *verbs.Env, line string) (out string, code int) {
	words, err := verbs.Split(line)
	if err != nil || len(words) == 0 || words[0] != snapshotCommand.verb.Name {
		return s.runInPrompt(s.ctx, env, line)
	}
	var text strings.Builder
	own := *s
	own.Stdout, own.Stderr = &text, &text
	code = own.finish(snapshotOf(&own, env.Cluster, words[1:]))
	return text.String(), code
}

// note returns a speaker's note as a line, after an empty one if it is not the first.
func note(text string, later bool) string {
	if text == "" {
		return ""
	}
	text = "# " + render.Text(strings.TrimSpace(text)) + "\n"
	if later {
		text = "\n" + text
	}
	return text
}

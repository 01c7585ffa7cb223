package cli

// Cue sheets: which lines they may have, and how they are played as text.

import (
	"context"
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
	"ringside/tui/snapshot"
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
			return nil, c.Misusef("%s is neither a file nor a cue sheet of ringside; the cue sheets are %s", render.Typed(name),
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
	if word, args, ok := promptline.Screen(line); ok {
		return checkScreenWord(word, args)
	}
	words, err := verbs.Split(line)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage.Errorf("the command is missing")
	}
	if slices.Contains(promptCommands, words[0]) {
		return nil
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

// checkScreenWord returns why a word about the screens cannot be a cue, nil if it can.
func checkScreenWord(word string, args []string) error {
	switch word {
	case promptline.Quit, promptline.Help:
		return usage.Errorf("%s is for the keyboard and cannot be a cue", word)
	case promptline.Snapshot:
		name, err := promptline.SnapshotFile(args)
		if err == nil && name != "" {
			err = snapshot.Check(name)
		}
		return err
	}
	return nil
}

// narrateCues plays a cue sheet as text. Its error says how many cues failed.
func narrateCues(s *session, cluster verbs.Cluster, sheet *cues.Sheet) error {
	env := s.verbsEnv()
	env.Cluster, env.JSON, env.Color, env.Prefix = cluster, s.JSON, false, ""
	failed, r := 0, &reader{s: s, env: env}
	for i, c := range sheet.Cues {
		out, code := r.run(s.ctx, c.Command)
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		text := out
		if !s.JSON {
			text = note(c.Note, i > 0) + "$ " + program + " " + render.Typed(c.Command) + "\n" + out
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
	return cuesFailed(failed, sheet, s.JSON)
}

// cuesFailed is the error of cues that failed. reported says that the output tells of them.
func cuesFailed(n int, sheet *cues.Sheet, reported bool) error {
	return &exit.Error{Exit: exit.Expectation, Code: "cue_failed", Reported: reported,
		Message: fmt.Sprintf("demo: %d of %s failed", n, render.Count(len(sheet.Cues), "cue"))}
}

// A reader plays the lines of a cue sheet without screens.
type reader struct {
	s      *session
	env    *verbs.Env
	client string // whose commands the lines are, "" for no client
	again  bool   // the lines ran before, so what they saved is there
}

// run runs a line as the prompt of the screens does. Words that mean nothing without screens do
// nothing.
func (r *reader) run(ctx context.Context, line string) (out string, code int) {
	if word, args, ok := promptline.Screen(line); ok {
		switch {
		case word == promptline.NoClient:
			r.client = ""
		case word == promptline.Snapshot && !r.again:
			return r.save(args)
		}
		return "", exit.OK
	}
	line = promptline.For(r.client, promptline.Bare(line), globals)
	out, code = r.s.runInPrompt(ctx, r.env, line)
	if c := promptline.Parse(line, globals); c.Introduces() && code == exit.OK {
		r.client = c.Client
	}
	return out, code
}

// save saves a picture of the screen that the cluster would have. args are those of the word
// snapshot.
func (r *reader) save(args []string) (out string, code int) {
	var text strings.Builder
	own := *r.s
	own.Stdout, own.Stderr = &text, &text
	code = own.finish(snapshotOf(&own, r.env.Cluster, args))
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

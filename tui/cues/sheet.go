package cues

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"ringside/engine/escape"
	"ringside/engine/usage"
	promptline "ringside/tui/command"
)

// A Cue is one command of a sheet.
type Cue struct {
	Line    int    // in the file, from 1
	Note    string // what the speaker says before the command; "" for nothing
	Command string
}

// A Sheet is a file of cues.
type Sheet struct {
	Name string
	Cues []Cue
	End  string // the note after the last cue
}

// Limits of a sheet. A talk is far shorter.
const (
	maxCues = 500
	maxLine = 8 << 10 // bytes; a line of the prompt holds as many
)

// Parse reads a sheet. check returns why a command cannot be run, nil if it can. The errors are
// usage errors that name the file and the line.
func Parse(name, text string, check func(command string) error) (*Sheet, error) {
	s := &Sheet{Name: name}
	wrong := func(line int, format string, args ...any) error {
		return usage.Errorf("%s:%d: "+format, append([]any{escape.Terminal([]byte(name)), line}, args...)...)
	}
	var note []string
	lines := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if !utf8.ValidString(line) {
			return nil, wrong(n, "the line is not UTF-8")
		}
		if i := strings.IndexFunc(line, unprintable); i >= 0 {
			r, _ := utf8.DecodeRuneInString(line[i:])
			return nil, wrong(n, "the line has the character %U, which cannot be shown; take it out", r)
		}
		said, isNote := strings.CutPrefix(line, "#")
		switch {
		case isNote:
			note = append(note, strings.TrimSpace(said))
			continue
		case line == "":
			continue
		case len(s.Cues) == maxCues:
			return nil, wrong(n, "a cue sheet has at most %d cues", maxCues)
		}
		command := promptline.Bare(line)
		if err := check(command); err != nil {
			return nil, wrong(n, "%w", err)
		}
		s.Cues = append(s.Cues, Cue{Line: n, Note: strings.TrimSpace(strings.Join(note, " ")), Command: command})
		note = nil
	}
	if err := lines.Err(); err != nil {
		return nil, wrong(n+1, "the line is longer than %d bytes", maxLine)
	}
	if len(s.Cues) == 0 {
		return nil, usage.Errorf("%s has no cues; write one command a line", escape.Terminal([]byte(name)))
	}
	s.End = strings.TrimSpace(strings.Join(note, " "))
	return s, nil
}

// unprintable reports whether a terminal could take a rune for anything but text or a space.
func unprintable(r rune) bool { return !unicode.IsGraphic(r) && r != '\t' }

// Position returns how many cues a speaker has given, as 3/9.
func (s *Sheet) Position(given int) string { return fmt.Sprintf("%d/%d", given, len(s.Cues)) }

package prompt

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
)

// maxLine is how many characters a line holds. A longer line is pasted by mistake, and is cut.
const maxLine = 8 << 10

// An editor edits one line with the usual keys of a shell.
//
// It is not bubbles/textinput, which could edit the line as well. That package imports
// atotto/clipboard, whose init function searches PATH for clipboard programs each time any command
// of ringside starts. Its view is a string with escape sequences, which a canvas does not take.
// History and completion of words would be ours in either case.
type editor struct {
	runes []rune
	at    int // the cursor, an index into runes
}

func (l *editor) String() string { return string(l.runes) }

func (l *editor) empty() bool { return len(l.runes) == 0 }

// set replaces the line, by as much of s as fits into maxLine, and puts the cursor at its end.
func (l *editor) set(s string) {
	l.runes, l.at = nil, 0
	l.insert([]rune(s))
}

// insert puts text before the cursor, as much as fits into maxLine.
func (l *editor) insert(r []rune) {
	in := []rune(canvas.Printable(r))
	in = in[:min(len(in), max(maxLine-len(l.runes), 0))]
	l.runes = slices.Insert(l.runes, l.at, in...)
	l.at += len(in)
}

// edit handles a key.
func (l *editor) edit(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyRunes, tea.KeySpace:
		if k.Alt {
			l.editAlt(string(k.Runes))
			return
		}
		l.insert(k.Runes)
	case tea.KeyBackspace:
		if k.Alt {
			l.deleteFrom(l.wordBefore())
			return
		}
		l.deleteFrom(max(l.at-1, 0))
	case tea.KeyDelete, tea.KeyCtrlD:
		if l.at < len(l.runes) {
			l.runes = slices.Delete(l.runes, l.at, l.at+1)
		}
	case tea.KeyLeft, tea.KeyCtrlB:
		l.at = max(l.at-1, 0)
	case tea.KeyRight, tea.KeyCtrlF:
		l.at = min(l.at+1, len(l.runes))
	case tea.KeyHome, tea.KeyCtrlA:
		l.at = 0
	case tea.KeyEnd, tea.KeyCtrlE:
		l.at = len(l.runes)
	case tea.KeyCtrlK:
		l.runes = l.runes[:l.at]
	case tea.KeyCtrlW:
		l.deleteFrom(l.wordBefore())
	case tea.KeyCtrlLeft:
		l.at = l.wordBefore()
	case tea.KeyCtrlRight:
		l.at = l.wordAfter()
	}
}

// editAlt handles a letter typed with the Alt key.
func (l *editor) editAlt(letter string) {
	switch letter {
	case "b":
		l.at = l.wordBefore()
	case "f":
		l.at = l.wordAfter()
	case "d":
		l.runes = slices.Delete(l.runes, l.at, l.wordAfter())
	}
}

// deleteFrom deletes the text from a place before the cursor up to the cursor.
func (l *editor) deleteFrom(from int) {
	l.runes = slices.Delete(l.runes, from, l.at)
	l.at = from
}

// wordBefore returns where the word before the cursor begins.
func (l *editor) wordBefore() int {
	i := l.at
	for i > 0 && l.runes[i-1] == ' ' {
		i--
	}
	for i > 0 && l.runes[i-1] != ' ' {
		i--
	}
	return i
}

// wordAfter returns where the word after the cursor ends.
func (l *editor) wordAfter() int {
	i := l.at
	for i < len(l.runes) && l.runes[i] == ' ' {
		i++
	}
	for i < len(l.runes) && l.runes[i] != ' ' {
		i++
	}
	return i
}

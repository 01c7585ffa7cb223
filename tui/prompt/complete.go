package prompt

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// CompleteMsg carries the words that the last word of a line could become.
type CompleteMsg struct {
	line  string
	words []string
}

// Complete asks what the last word of the line could become, if the cursor is at the end. The
// answer comes as a CompleteMsg, because it may need the cluster.
func (m *Model) Complete() tea.Cmd {
	if m.complete == nil || m.line.at != len(m.line.runes) {
		return nil
	}
	m.line.set(strings.TrimLeft(m.line.String(), ": ")) // Submit ignores them as well
	line, complete := m.line.String(), m.complete
	return func() tea.Msg { return CompleteMsg{line, complete(line)} }
}

// Completed completes the last word as far as all candidates agree, unless the line has changed.
func (m *Model) Completed(c CompleteMsg) {
	if m.line.String() != c.line || len(c.words) == 0 {
		return
	}
	m.candidates = nil
	stem := c.line[:strings.LastIndexByte(c.line, ' ')+1]
	common := commonPrefix(c.words)
	switch last := c.line[len(stem):]; {
	case len(c.words) == 1:
		m.line.set(stem + c.words[0] + " ")
	case strings.HasPrefix(common, last):
		m.line.set(stem + common)
		m.candidates = c.words
	default:
		m.candidates = c.words
	}
}

// commonPrefix returns the longest prefix of all words that is valid UTF-8.
func commonPrefix(words []string) string {
	p := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, p) {
			p = p[:len(p)-1]
		}
	}
	return strings.ToValidUTF8(p, "")
}

package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// Bounds of the prompt.
const (
	maxHistory = 500  // lines
	maxOutput  = 2000 // lines of one command; what is longer belongs in a shell
)

// usageExit is the exit code of a line that could not be parsed.
const usageExit = 2

// promptState is the prompt: the line, what ran before, what came of it.
type promptState struct {
	line       lineEditor
	history    []string
	back       int    // how far back in history the line is; 0 is the new line
	draft      string // the new line while an old one is looked at
	last       string // the last command that ran
	candidates []string
	suggested  int               // how many of the suggested first steps were taken
	pasted     []string          // lines of a paste that wait for the one in the prompt to run
	contexts   map[string]string // name → key whose context a command of ours saved there

	running string // the command that runs
	cancel  context.CancelFunc
	output  []string // of the last command; its first line is the command
	code    int
	top     int  // first line of output in sight
	more    bool // output was cut
	// expanded gives output of several lines the room of the log
	expanded bool
}

// execMsg is what came of a command.
type execMsg struct {
	line, out string
	code      int
}

// completeMsg is what the last word of line could become.
type completeMsg struct {
	line  string
	words []string
}

// editPrompt takes a key that is bound to nothing else.
func (m *model) editPrompt(k tea.KeyMsg) {
	m.prompt.candidates = nil
	if k.Paste {
		k.Runes = m.prompt.paste(k.Runes)
	}
	m.prompt.line.edit(k)
	m.mark(promptPane)
}

// paste takes the first line of a pasted text; the others wait, and each needs
// an Enter of its own, so that pasting runs nothing.
func (p *promptState) paste(r []rune) []rune {
	lines := strings.FieldsFunc(string(r), func(r rune) bool { return r == '\n' || r == '\r' })
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) < 2 {
		return r
	}
	p.pasted = append(p.pasted, lines[1:min(len(lines), maxHistory)]...)
	return []rune(lines[0])
}

// nextPasted puts the next line of a paste into the prompt.
func (p *promptState) nextPasted() {
	p.line.set("")
	if len(p.pasted) > 0 {
		p.line.set(p.pasted[0])
		p.pasted = p.pasted[1:]
	}
}

// clearLine drops the line, and what was pasted with it.
func (m *model) clearLine() tea.Cmd {
	p := &m.prompt
	p.line.set("")
	p.pasted, p.candidates, p.back = nil, nil, 0
	m.mark(promptPane)
	return nil
}

// ask puts a line into the prompt for the user to finish.
func (m *model) ask(line string) tea.Cmd {
	m.prompt.line.set(line)
	m.prompt.back, m.prompt.candidates = 0, nil
	m.focusOn(promptPane)
	m.mark(promptPane)
	return nil
}

// submit runs the line.
func (m *model) submit() tea.Cmd {
	line := strings.TrimSpace(m.prompt.line.String())
	line = strings.TrimSpace(strings.TrimPrefix(line, "ringside "))
	if m.prompt.running != "" {
		m.mark(promptPane) // the line stays until the command ends
		return nil
	}
	m.prompt.nextPasted()
	if line == "" {
		return nil
	}
	m.prompt.back, m.prompt.candidates = 0, nil
	switch line {
	case "q", "quit", "exit":
		return m.quit()
	case "?", "help":
		return m.toggleHelp()
	case "clear":
		m.prompt.output, m.prompt.expanded = nil, false
		m.redraw()
		return nil
	}
	return m.execute(line)
}

// execute runs a command beside the screen, one at a time.
func (m *model) execute(line string) tea.Cmd {
	p := &m.prompt
	m.mark(promptPane)
	if p.running != "" {
		m.say("still running: " + p.running + " (esc interrupts it)")
		return nil
	}
	if len(p.history) == 0 || p.history[len(p.history)-1] != line {
		p.history = append(p.history[max(0, len(p.history)-maxHistory+1):], line)
	}
	if i := m.step(); i < len(m.o.Suggest) && verb(line) == verb(m.o.Suggest[i]) {
		p.suggested = i + 1
	}
	if m.o.Exec == nil {
		m.say("no commands here")
		return nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	p.running, p.cancel, p.last = line, cancel, line
	exec := m.o.Exec
	return func() tea.Msg {
		out, code := exec(ctx, line)
		return execMsg{line, out, code}
	}
}

// verb is the first word of a line: a suggestion counts as taken once its verb ran.
func verb(line string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return first
}

// cancelExec interrupts the running command and says whether there was one.
func (m *model) cancelExec() bool {
	if m.prompt.running == "" {
		return false
	}
	m.prompt.cancel()
	return true
}

// executed shows what came of a command.
func (m *model) executed(e execMsg) tea.Cmd {
	p := &m.prompt
	p.cancel()
	p.running, p.code, p.top = "", e.code, 0
	out := strings.TrimRight(strings.ReplaceAll(ansi.Strip(e.out), "\t", "    "), "\n")
	p.output = []string{e.line}
	if out != "" {
		p.output = append(p.output, strings.Split(out, "\n")...)
	}
	if p.more = len(p.output) > maxOutput; p.more {
		p.output = p.output[:maxOutput]
	}
	p.expanded = len(p.output) > 2
	m.redraw()
	key := keyOf(e.line)
	if e.code == usageExit || key == "" {
		return m.wantSnap(true)
	}
	m.noteContext(e.line, key)
	chosen := m.choose([]byte(key))
	return tea.Batch(chosen, m.wantSnap(true))
}

// say shows a word of the screen's own in the output area.
func (m *model) say(text string) {
	m.prompt.output, m.prompt.code, m.prompt.top, m.prompt.expanded = []string{"", text}, 0, 0, false
	m.redraw()
}

// recall walks through the history.
func (m *model) recall(by int) tea.Cmd {
	p := &m.prompt
	back := max(0, min(p.back-by, len(p.history)))
	if back == p.back {
		return nil
	}
	if p.back == 0 {
		p.draft = p.line.String()
	}
	p.back = back
	if back == 0 {
		p.line.set(p.draft)
	} else {
		p.line.set(p.history[len(p.history)-back])
	}
	m.mark(promptPane)
	return nil
}

// tabInPrompt completes the last word; on an empty line it leaves for the next pane.
func (m *model) tabInPrompt() tea.Cmd {
	p := &m.prompt
	if p.line.empty() {
		return m.cycle(+1)
	}
	if m.o.Complete == nil || p.line.at != len(p.line.runes) {
		return nil
	}
	line, complete := p.line.String(), m.o.Complete
	return func() tea.Msg { return completeMsg{line, complete(line)} } // it may ask the cluster
}

// completed takes what the last word could become, if the line is still the same.
func (m *model) completed(c completeMsg) {
	p := &m.prompt
	if p.line.String() != c.line || len(c.words) == 0 {
		return
	}
	p.candidates = nil
	m.mark(promptPane)
	stem := c.line[:strings.LastIndexByte(c.line, ' ')+1]
	common := commonPrefix(c.words)
	switch last := c.line[len(stem):]; {
	case len(c.words) == 1:
		p.line.set(stem + c.words[0] + " ")
	case strings.HasPrefix(common, last):
		p.line.set(stem + common)
		p.candidates = c.words
	default:
		p.candidates = c.words
	}
}

func commonPrefix(words []string) string {
	p := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, p) {
			p = p[:len(p)-1]
		}
	}
	return strings.ToValidUTF8(p, "")
}

// acceptHint takes the suggestion, or moves the cursor on.
func (m *model) acceptHint() tea.Cmd {
	if m.prompt.line.empty() {
		m.prompt.line.set(m.suggestion())
	} else {
		m.prompt.line.edit(tea.KeyMsg{Type: tea.KeyRight})
	}
	m.mark(promptPane)
	return nil
}

// scrollOutput moves through output that is longer than its place.
func (m *model) scrollOutput(by int) {
	p := &m.prompt
	rows := max(m.places[promptPane].h-3, 1)
	p.top = max(0, min(p.top+by, len(p.output)-rows))
	m.mark(promptPane)
}

// drawPrompt draws the prompt and, below it, what the last command said.
func (m *model) drawPrompt(c *canvas) {
	p := &m.prompt
	focused := m.focus == promptPane
	in := newCanvas(c.th, c.w-4, c.h-2)
	rows := in.h - 1
	note := ""
	if len(p.output) > rows && p.expanded {
		note = fmt.Sprintf("%d–%d of %d · PgUp PgDn · ctrl+o zoom", p.top+1, min(p.top+rows, len(p.output)), len(p.output))
		if p.more {
			note += " (cut)"
		}
	}
	if len(p.pasted) > 0 {
		note = plural(len(p.pasted), "more pasted line") + " · ⏎ one by one · ctrl+u drops them"
	}
	c.box("Prompt", note, focused)
	m.drawLine(in, focused)
	switch {
	case p.running != "":
		in.put(0, 1, warn, "running: "+p.running+m.th.more+"  (esc interrupts)")
	case len(p.candidates) > 0:
		in.put(2, 1, accent, strings.Join(p.candidates, "  "))
	default:
		m.drawOutput(in, rows)
	}
	c.paste(2, 1, in)
}

// drawLine draws the line that is typed, scrolled so that the cursor is in sight.
func (m *model) drawLine(c *canvas, focused bool) {
	p := &m.prompt
	x := c.put(0, 0, accent|bold, "ringside"+m.th.next+" ")
	if p.line.empty() {
		if focused {
			m.drawCursor(c, x, " ")
		}
		if s := m.suggestion(); s != "" {
			x = c.put(x+2, 0, dim, "try ")
			x = c.put(x, 0, dim|bold, s)
			c.put(x+2, 0, dim, map[bool]string{true: "(→ takes it)", false: "(: types)"}[focused])
		}
		return
	}
	from := 0
	for c.width(string(p.line.runes[from:p.line.at]))+1 > c.w-x {
		from++
	}
	if from > 0 {
		c.put(x-1, 0, dim, "…")
	}
	x = c.put(x, 0, plain, string(p.line.runes[from:p.line.at]))
	under := " "
	if p.line.at < len(p.line.runes) {
		under = string(p.line.runes[p.line.at : p.line.at+1])
	}
	if focused {
		x = m.drawCursor(c, x, under)
	} else {
		x = c.put(x, 0, plain, under)
	}
	if p.line.at < len(p.line.runes) {
		c.put(x, 0, plain, string(p.line.runes[p.line.at+1:]))
	}
}

// drawCursor draws the cursor over a character; without reverse video, before it.
func (m *model) drawCursor(c *canvas, x int, under string) int {
	if m.th.plain() {
		x = c.put(x, 0, plain, "_")
		if under == " " {
			return x
		}
		return c.put(x, 0, plain, under)
	}
	return c.put(x, 0, reverse, under)
}

// drawOutput draws the rows of the last command's output that are in sight.
func (m *model) drawOutput(c *canvas, rows int) {
	p := &m.prompt
	if len(p.output) == 0 {
		return
	}
	sign, st := m.th.yes, good
	if p.code != 0 {
		sign, st = m.th.no, bad
	}
	lines := p.output[min(p.top, len(p.output)):]
	if rows == 1 && p.top == 0 && len(lines) > 1 { // no room to repeat the command
		lines = lines[1:]
	}
	for i, l := range lines[:min(rows, len(lines))] {
		y := i + 1
		if p.output[0] == "" { // the screen's own word
			if l != "" {
				c.put(2, min(y, 1), plain, l)
			}
			continue
		}
		first := p.top == 0 && i == 0
		x := 2
		if first {
			x = c.put(0, y, st|bold, sign+" ")
			if p.code != 0 {
				x = c.put(x, y, st, "exit "+strconv.Itoa(p.code)+"  ")
			}
		}
		style := plain
		if first && rows > 1 {
			style = dim
		}
		c.put(x, y, style, l)
	}
}

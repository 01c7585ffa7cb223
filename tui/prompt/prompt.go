package prompt

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

const (
	maxHistory = 500 // lines
	maxPasted  = 500 // lines of a paste; more belong into a script
	maxQueue   = 20  // commands; they were typed while one ran
)

// Exec runs a line: a verb with its arguments, as in the shell but without "ringside". It returns
// text that is safe to show, and the exit code that the shell would get.
type Exec func(ctx context.Context, line string) (out string, code int)

// Complete returns whole words that the last word of a line could become. It may ask the cluster.
type Complete func(line string) []string

// A Model is the prompt.
type Model struct {
	ctx      context.Context // ends every command
	exec     Exec            // nil if no commands can be run
	complete Complete        // nil if nothing can be completed

	client     string // whose commands the lines are, "" for no client
	line       editor
	filledIn   string   // the line that a key filled in, "" if the user typed it
	history    []string // oldest first
	back       int      // how far back in history the line is; 0 is the new line
	draft      string   // the new line while an old one is shown
	candidates []string // what the last word could become
	pasted     []string // lines of a paste; each comes into the line after the one before was entered

	running string // the command that runs, "" if none does
	cancel  context.CancelFunc
	queue   []string
	dropped []string // commands of the queue that an interrupt dropped
	last    string   // the latest command that was started
	output  output
}

// DoneMsg reports that a command ended.
type DoneMsg struct {
	Line, Out string
	Code      int
}

// New returns a prompt whose commands end with ctx.
func New(ctx context.Context, exec Exec, complete Complete) *Model {
	return &Model{ctx: ctx, exec: exec, complete: complete}
}

// Be makes the lines from now on those of a client, "" for no client. The prompt shows the name.
func (m *Model) Be(client string) { m.client = client }

// Client returns the client whose commands the lines are, "" for no client.
func (m *Model) Client() string { return m.client }

// Line returns the line that is typed.
func (m *Model) Line() string { return m.line.String() }

// Empty reports whether nothing is typed.
func (m *Model) Empty() bool { return m.line.empty() }

// SetLine replaces the line that is typed.
func (m *Model) SetLine(line string) {
	m.line.set(line)
	m.back, m.candidates, m.filledIn = 0, nil, ""
}

// FillIn replaces the line by one for the user to finish.
func (m *Model) FillIn(line string) {
	m.SetLine(line)
	m.filledIn = line
}

// DropFillIn clears a line that was filled in and not edited.
func (m *Model) DropFillIn() {
	if m.filledIn != "" && m.Line() == m.filledIn {
		m.SetLine("")
	}
}

// Clear drops the line, and what was pasted with it.
func (m *Model) Clear() {
	m.SetLine("")
	m.pasted = nil
}

// Edit handles a key of the line. Of a pasted text with several lines only the first one comes into
// the line, so that pasting runs nothing.
func (m *Model) Edit(k tea.KeyMsg) {
	m.candidates = nil
	if k.Paste {
		lines := strings.FieldsFunc(string(k.Runes), func(r rune) bool { return r == '\n' || r == '\r' })
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
		if len(lines) > 1 {
			k.Runes = []rune(lines[0])
			m.pasted = append(m.pasted, lines[1:min(len(lines), maxPasted)]...)
		}
	}
	m.line.edit(k)
}

// Accept takes a suggestion if the line is empty. In a line it moves the cursor to the right.
func (m *Model) Accept(suggestion string) {
	if m.line.empty() {
		m.line.set(suggestion)
	} else {
		m.line.edit(tea.KeyMsg{Type: tea.KeyRight})
	}
}

// Recall shows a line of the history: by lines later, or earlier if by is negative.
func (m *Model) Recall(by int) {
	back := max(0, min(m.back-by, len(m.history)))
	if back == m.back {
		return
	}
	if m.back == 0 {
		m.draft = m.line.String()
	}
	if m.back = back; back == 0 {
		m.line.set(m.draft)
	} else {
		m.line.set(m.history[len(m.history)-back])
	}
}

// Submit takes the line out of the prompt and returns it. The next pasted line takes the line's
// place.
func (m *Model) Submit() string {
	line := strings.TrimSpace(m.line.String())
	m.SetLine("")
	if len(m.pasted) > 0 {
		m.line.set(m.pasted[0])
		m.pasted = m.pasted[1:]
	}
	return line
}

// Run runs a command beside the screens, or queues it while another one runs.
func (m *Model) Run(line string) tea.Cmd {
	if len(m.history) == 0 || m.history[len(m.history)-1] != line {
		m.history = append(m.history[max(0, len(m.history)-maxHistory+1):], line)
	}
	switch {
	case m.exec == nil:
		m.Say("no commands here")
		return nil
	case m.running == "":
		return m.start(line)
	case len(m.queue) < maxQueue:
		m.queue = append(m.queue, line)
	default:
		m.line.set(line) // it is not lost
	}
	return nil
}

func (m *Model) start(line string) tea.Cmd {
	m.last = line
	m.output.settle()
	return m.Do(line, m.exec)
}

// Do runs exec beside the screens, like a command that is called label. No other command may run.
func (m *Model) Do(label string, exec Exec) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.running, m.cancel = label, cancel
	return func() tea.Msg {
		out, code := exec(ctx, label)
		return DoneMsg{label, out, code}
	}
}

// Running reports whether a command runs.
func (m *Model) Running() bool { return m.running != "" }

// StandFor says which command tells the same as the screen in sight, until something else is said.
// The command then counts as the latest one. same returns the command, which changes with the
// screen, or "" if there is none.
func (m *Model) StandFor(same func() string) {
	if m.exec != nil {
		m.Say("")
		m.output.same = same
	}
}

// Last returns the latest command: that of the screen in sight if the prompt names it, or the one
// that was started last. It returns "" if there was none.
func (m *Model) Last() string {
	if m.output.same != nil {
		if line := m.output.same(); line != "" {
			return line
		}
	}
	return m.last
}

// Interrupt ends the running command, drops the queue, and reports whether a command was running.
func (m *Model) Interrupt() bool {
	if m.running == "" {
		return false
	}
	m.dropped, m.queue = append(m.dropped, m.queue...), nil
	m.cancel()
	return true
}

// Done shows the output of a command that ended, and starts the next command of the queue. A
// failure drops the queue, because its commands were typed in the hope of a success.
func (m *Model) Done(d DoneMsg) tea.Cmd {
	m.cancel()
	m.running = ""
	if d.Code != 0 {
		m.dropped, m.queue = append(m.dropped, m.queue...), nil
	}
	if len(m.dropped) > 0 {
		if d.Out != "" && !strings.HasSuffix(d.Out, "\n") {
			d.Out += "\n"
		}
		d.Out += "dropped: " + strings.Join(m.dropped, "  ·  ") + "\n"
		m.dropped = nil
	}
	m.output.add(d)
	if len(m.queue) == 0 {
		return nil
	}
	next := m.queue[0]
	m.queue = m.queue[1:]
	return m.start(next)
}

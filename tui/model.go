package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/exit"
	"ringside/tui/command"
	"ringside/tui/feed"
	"ringside/tui/help"
	"ringside/tui/keycard"
	"ringside/tui/keymap"
	"ringside/tui/log"
	"ringside/tui/nodes"
	"ringside/tui/page"
	"ringside/tui/prompt"
	"ringside/tui/refresh"
	"ringside/tui/ring"
	"ringside/tui/state"
	"ringside/tui/suggest"
	"ringside/tui/theme"
)

// secondMsg comes every second, because times and rates on the screen move on.
type secondMsg struct{}

// A terminal has the functions by which the model reaches the terminal beyond its frames.
type terminal struct {
	copy    func(string)   // puts text on the clipboard
	resized func(w, h int) // tells the recording of the size
	outputs func() int     // counts what was written to the recording; nil: there is none
}

// unattached returns a terminal without a clipboard and without a recording.
func unattached() terminal { return terminal{copy: func(string) {}, resized: func(int, int) {}} }

// A model is the whole screen. Update and View run in one goroutine.
type model struct {
	o       Options
	state   *state.State
	refresh *refresh.Model
	suggest *suggest.Model

	ring   *ring.Model
	nodes  *nodes.Model
	card   *keycard.Model
	log    *log.Model
	prompt *prompt.Model
	help   help.Model
	keys   keymap.Map // of all screens
	book
	past
	motion
	stage
	terminal

	screen
	focus, before paneID // before had the focus before the prompt
	mouse         bool   // the screen gets the mouse's events
}

func newModel(ctx context.Context, o Options, th *theme.Theme, f *feed.Feed) *model {
	recording, _ := o.Cluster.(Playback)
	s := state.New(recording, []byte(o.Key))
	m := &model{
		o: o, state: s, refresh: refresh.New(ctx, f, o.Cluster, s), suggest: suggest.New(s, o.Suggest, o.Flags),
		ring: ring.New(s), nodes: nodes.New(s), card: keycard.New(s), log: log.New(s),
		prompt:   prompt.New(ctx, o.Exec, o.Complete),
		terminal: unattached(),
		screen:   screen{th: th}, focus: promptPane, before: nodesPane,
	}
	m.desk = page.Desk{
		Ctx: ctx, State: s, Source: o.Cluster, Run: m.run, Ask: m.ask, Say: m.prompt.Say,
		ChooseKey: m.choose, Show: m.show, Copy: func(text string) { m.copy(text) },
	}
	m.past.ctx, m.past.state = ctx, s
	m.past.cluster, _ = o.Cluster.(Rewinder)
	m.pages = newPages(m.desk, o.Lessons)
	m.stage, m.screen.big[page.Ring] = newStage(m), o.Big
	if o.Welcome != "" {
		m.prompt.Say(o.Welcome)
	}
	if m.pages[o.Start] != nil {
		m.shown, m.before = o.Start, pagePane
	}
	m.keys = m.liveKeys()
	if recording != nil {
		m.keys = m.recordingKeys()
	}
	if recording != nil || o.Cues != nil {
		m.focus = nodesPane
	}
	return m
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.refresh.Await(m.state.Clock()), everySecond(), cueEvery(m.o.Every)}
	if p := m.current(); p != nil {
		cmds = append(cmds, p.Shown())
	}
	return tea.Batch(cmds...)
}

func everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.stale = true
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.resized(m.w, m.h)
	case secondMsg:
		cmds := []tea.Cmd{everySecond(), m.refresh.Follow()}
		if !m.motion.runs {
			cmds = append(cmds, m.motion.next(m.state.Playback))
		}
		return m, tea.Batch(cmds...)
	case dueCueMsg:
		return m, giveCue(m)
	case movedMsg:
		return m, m.motion.next(m.state.Playback)
	case rewoundMsg:
		return m, rewound(m, msg)
	case savedMsg:
		m.prompt.Say(msg.said())
	case replayedMsg:
		if msg.done.Code == exit.OK {
			speakAs(m, msg.client)
		}
		return m, m.done(msg.done)
	case prompt.DoneMsg:
		return m, m.done(msg)
	case prompt.CompleteMsg:
		m.prompt.Completed(msg)
	case tea.MouseMsg:
		m.point(msg)
	case tea.KeyMsg:
		return m, m.key(msg)
	default:
		c, cmd := m.refresh.Update(msg)
		cmds := []tea.Cmd{cmd, m.changed(c)}
		own := m.book.update(msg)
		m.stale = c.Drawn || own != nil
		return m, tea.Batch(append(cmds, own)...)
	}
	return m, nil
}

// changed reacts to events that were applied to the state.
func (m *model) changed(c refresh.Change) tea.Cmd {
	if c.Reset || c.Healed {
		m.suggest.Forget()
	}
	if c.Reset {
		leavePast(m)
	}
	if p := m.current(); p != nil && c.Drawn {
		return p.Changed()
	}
	return nil
}

// key handles one key.
func (m *model) key(k tea.KeyMsg) tea.Cmd {
	if isBurst(k) && !typing(m) {
		return eachKey(k, m.key)
	}
	if m.help.Open() && k.Type != tea.KeyCtrlC {
		m.help.Key(k)
		return nil
	}
	if m.list.Open() && k.Type != tea.KeyCtrlC {
		return m.stage.key(k)
	}
	if m.log.Editing() && k.Type != tea.KeyCtrlC {
		m.log.EditFilter(k)
		return nil
	}
	if cmd, ok := m.press(k); ok {
		return cmd
	}
	switch {
	case m.focus == promptPane:
		m.prompt.Edit(k)
		return nil
	case k.Type == tea.KeyEsc:
		m.escape()
		return nil
	}
	if text := elsewhere(m, k); text != "" && !k.Paste {
		m.prompt.Say(text)
	} else if k.Type == tea.KeyRunes { // typing goes to the prompt
		m.focusOn(promptPane)
		m.prompt.Edit(k)
	}
	return nil
}

// typing reports whether runes are text for the prompt or for the filter of the log.
func typing(m *model) bool { return m.focus == promptPane || m.log.Editing() }

// isBurst reports whether a message has several keys that came at once and were not pasted.
func isBurst(k tea.KeyMsg) bool { return len(k.Runes) > 1 && !k.Paste && !k.Alt }

// eachKey calls do with each key of a burst.
func eachKey(burst tea.KeyMsg, do func(tea.KeyMsg) tea.Cmd) tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range burst.Runes {
		cmds = append(cmds, do(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return tea.Batch(cmds...)
}

// press does what a key is bound to, and reports whether it is bound to anything. Text is text,
// even if it spells the name of a key.
func (m *model) press(k tea.KeyMsg) (tea.Cmd, bool) {
	inPrompt := m.focus == promptPane
	if len(k.Runes) > 1 {
		return nil, false
	}
	do, ok := append(m.ownKeys(), m.keys...).Find(k, inPrompt)
	if !ok {
		return nil, false
	}
	return do(), true
}

// run runs a line beside the screen.
func (m *model) run(line string) tea.Cmd {
	m.suggest.Started(line)
	return m.prompt.Run(line)
}

// done handles the end of a command. The key that the command was about becomes the shown one.
func (m *model) done(d prompt.DoneMsg) tea.Cmd {
	next := m.prompt.Done(d)
	c := command.Parse(d.Line, m.o.Flags)
	if c.Introduces() && d.Code == exit.OK {
		speakAs(m, c.Client)
	}
	if key := c.Key(); key != "" && d.Code != exit.Usage {
		m.suggest.Finished(c)
		next = tea.Batch(next, m.choose([]byte(key)))
	}
	if p := m.current(); p != nil { // a command may be a step of a lesson
		next = tea.Batch(next, p.Changed())
	}
	return tea.Batch(next, m.refresh.Want(true))
}

// choose shows a key from now on.
func (m *model) choose(key []byte) tea.Cmd {
	if !m.state.Choose(key) {
		return nil
	}
	return m.refresh.Snapshot()
}

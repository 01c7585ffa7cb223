package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/render"
	"ringside/engine/view"
	"ringside/tui/choice"
	"ringside/tui/cues"
	"ringside/tui/keymap"
	"ringside/tui/page"
	"ringside/tui/prompt"
	"ringside/tui/suggest"
)

// A stage holds what a speaker uses: lists of commands to choose from, and marked nodes.
type stage struct {
	desk      page.Desk
	list      choice.Model
	throwAway bool                      // the cluster ends with the screens
	leaving   bool                      // the latest list asks whether to leave
	quit      func() tea.Cmd            // ends the screens
	enter     func(line string) tea.Cmd // runs a line as if it was typed
	save      func(name string) tea.Cmd // saves what is in sight; "" for a name of its own
	big       func() tea.Cmd            // changes to large letters, or back

	cues   *cues.Model // nil: no cue sheet
	prompt *prompt.Model
	afresh func(ctx context.Context, lines []string) (client, out string, code int)

	unseen int // how often the next cue has waited for the latest one to be drawn
	drawn  int // terminal.outputs when the latest cue was given
}

// newStage returns the stage of a model.
func newStage(m *model) stage {
	return stage{
		desk: m.desk, throwAway: m.o.ThrowAway, quit: m.quit, cues: cues.New(m.o.Cues), afresh: m.o.Afresh,
		enter: func(line string) tea.Cmd { return enter(m, line) }, prompt: m.prompt,
		save: func(name string) tea.Cmd { return save(m, name) },
		big:  silent(func() { m.screen.big[m.shown] = !m.screen.big[m.shown] }),
	}
}

// keys returns the keys of the stage.
func (s *stage) keys() keymap.Map {
	panes := keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
	help := keymap.Spot{Where: keymap.Panes, Place: keymap.Help}
	out := keymap.Map{
		keymap.New(panes, s.offerSplits, "p", "split", "p"),
		keymap.New(panes, func() tea.Cmd { return s.desk.Run("heal") }, "h", "heal", "h"),
		keymap.New(panes, func() tea.Cmd { return s.askOnNodes("kill") }, "K", "kill", "K"),
		keymap.New(help, s.askPause, "P", "pause or resume the node", "P"),
		keymap.New(help, silent(s.mark), "M", "mark the node for p, K and P", "M"),
	}
	for i := range out {
		out[i].Changes = true
	}
	out = append(out,
		keymap.New(help, func() tea.Cmd { return s.save("") }, "S", "save the screen as a picture", "S"),
		keymap.New(help, s.big, "B", "large letters: the verdict on the key, for a hall", "B"))
	return append(s.cueKeys(), out...)
}

// cueKeys returns the keys of the cue sheet, none without one.
func (s *stage) cueKeys() keymap.Map {
	if s.cues == nil {
		return nil
	}
	panes := keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
	anywhere := keymap.Spot{Where: keymap.Anywhere, Place: keymap.Help}
	out := keymap.Map{
		keymap.New(panes, s.nextCue, "n", "next cue", "n"),
		keymap.New(panes, s.lastCue, "N", "back", "N"),
		keymap.New(anywhere, s.nextCue, "alt+n", "the next cue, also from the prompt", "alt+n"),
		keymap.New(anywhere, s.lastCue, "alt+N", "a cue back, also from the prompt", "alt+N"),
	}
	for i := range out {
		out[i].Changes = true
	}
	return out
}

// nextCue runs the next line of the cue sheet.
func (s *stage) nextCue() tea.Cmd {
	c, ok := s.cues.Next()
	if !ok {
		s.desk.Say("the cue sheet ends here; N goes back")
		return nil
	}
	return s.enter(c.Command)
}

// dueCueMsg says that it is time for the next cue of a sheet that plays by itself.
type dueCueMsg struct{}

// cueEvery returns a command that says when the next cue is due, nil if cues wait for a key.
func cueEvery(pause time.Duration) tea.Cmd {
	if pause <= 0 {
		return nil
	}
	return tea.Tick(pause, func(time.Time) tea.Msg { return dueCueMsg{} })
}

const (
	// cuePause is the time between two looks at a command that takes longer than a cue has.
	cuePause = 200 * time.Millisecond
	// framePause is the time between two looks whether the latest cue was drawn, and mostUnseen is how
	// often that is looked at. A cue that changes nothing on the screen is never drawn.
	framePause, mostUnseen = 20 * time.Millisecond, 100
)

// giveCue gives the next cue of a sheet that plays by itself, and leaves after the last one. A
// command that still runs is waited for, and so is a frame that shows the latest cue on the
// recording.
func giveCue(m *model) tea.Cmd {
	outputs := 0
	if m.terminal.outputs != nil {
		outputs = m.terminal.outputs()
	}
	switch {
	case m.prompt.Running():
		return cueEvery(cuePause)
	case m.terminal.outputs != nil && outputs == m.drawn && m.unseen < mostUnseen:
		m.unseen++
		return cueEvery(framePause)
	case m.cues.Over():
		return m.quit()
	}
	m.unseen, m.drawn = 0, outputs
	return tea.Batch(m.nextCue(), cueEvery(m.o.Every))
}

// lastCue takes the latest cue back: the cues before it are played again in a fresh cluster.
func (s *stage) lastCue() tea.Cmd {
	switch {
	case s.prompt.Running(): // the prompt says how to interrupt it
		return nil
	case s.afresh == nil:
		s.desk.Say("this cluster cannot be started afresh, so there is no way back")
		return nil
	}
	lines, ok := s.cues.Back()
	if !ok {
		s.desk.Say("this is the beginning of the cue sheet")
		return nil
	}
	label := fmt.Sprintf("back: a fresh cluster, and %s again", render.Count(len(lines), "cue"))
	var client string
	replay := s.prompt.Do(label, func(ctx context.Context, _ string) (out string, code int) {
		client, out, code = s.afresh(ctx, lines)
		return out, code
	})
	return func() tea.Msg {
		done, _ := replay().(prompt.DoneMsg)
		return replayedMsg{client, done}
	}
}

// replayedMsg says that the cues before the latest one were played in a fresh cluster.
type replayedMsg struct {
	client string // whose commands further lines are, "" for no client
	done   prompt.DoneMsg
}

// offerSplits shows splits to choose from.
func (s *stage) offerSplits() tea.Cmd {
	var options []choice.Option
	for _, o := range suggest.Splits(s.desk.State) {
		options = append(options, choice.Option{Line: o.Line, Note: o.Note})
	}
	if len(options) == 0 {
		s.desk.Say("a split needs two nodes")
		return nil
	}
	s.leaving = false
	s.list.Offer("Split the network", "p", options...)
	return nil
}

// key handles a key while a list is open.
func (s *stage) key(k tea.KeyMsg) tea.Cmd {
	switch verdict, o := s.list.Key(k); {
	case verdict == choice.Run && o.Do != nil:
		return o.Do()
	case verdict == choice.Run && o.Line != "":
		s.desk.State.ClearMarks()
		return s.desk.Run(o.Line)
	case verdict == choice.Edit:
		return s.desk.Ask(o.Line)
	case verdict == choice.Copy:
		s.clip(o.Line)
	}
	return nil
}

// clip offers a line as the shell takes it to the terminal's clipboard, and says so.
func (s *stage) clip(line string) {
	line = "ringside " + line
	s.desk.Copy(line)
	s.desk.Say("copied: " + line)
}

// askOnNodes asks for a verb about the marked nodes, or about the selected one if none is marked.
func (s *stage) askOnNodes(verb string) tea.Cmd {
	nodes := s.desk.State.Marked()
	if n := s.desk.State.SelectedNode(); n != nil && len(nodes) == 0 {
		nodes = []string{n.Name}
	}
	return s.desk.Ask(verb + " " + strings.Join(nodes, " "))
}

// maxMarked bounds the marked nodes that one line names.
const maxMarked = 10

// mark marks the selected node, or takes its mark away, and says which nodes are marked.
func (s *stage) mark() {
	s.desk.State.ToggleMark()
	text := "no node is marked"
	if marked := s.desk.State.Marked(); len(marked) > 0 {
		text = "marked for p, K and P: " + render.FewNodes(marked, maxMarked)
	}
	s.desk.Say(text)
}

// askPause asks to pause the marked or selected nodes. It asks to resume them if the selected node
// is paused.
func (s *stage) askPause() tea.Cmd {
	if n := s.desk.State.SelectedNode(); n != nil && n.Status == view.Paused {
		return s.askOnNodes("resume")
	}
	return s.askOnNodes("pause")
}

// leave ends the screens. It asks first if the cluster ends with them.
func (s *stage) leave() tea.Cmd {
	if !s.throwAway {
		return s.quit()
	}
	s.leaving = true
	s.list.Offer("This cluster and its data end with the screen", "q",
		choice.Option{Note: "leave, and end the cluster", Do: s.quit}, choice.Option{Note: "stay"})
	return nil
}

package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/feed"
	"ringside/tui/futures"
	"ringside/tui/keymap"
	"ringside/tui/prompt"
	"ringside/tui/theme"
)

// A Fork is the other future of a recorded run. Both recordings are moved in step by either of
// them: Options.Cluster is the run as it is.
type Fork struct {
	futures.Facts
	Changed  Playback        // the run with the change
	Exec     prompt.Exec     // runs a line in the changed run
	Complete prompt.Complete // completes a line there
	Part     func()          // stops both at the first difference
}

// A duo is the screens of two futures of a run. Each future is a model with half of the screen, or
// one of them has all of it. Both get the same keys, so that they show the same screen, key, node
// and request. The keys that move time move both at once.
type duo struct {
	terminal
	th    *theme.Theme
	fork  *Fork
	sides [2]*model
	facts *futures.Model
	keys  keymap.Map // those that are about both futures
	front int        // the side whose choices both follow, and that has the screen if one has it
	alone bool       // one side has the whole screen, also where there is room for both
	w, h  int
}

// A sided is a message to one of the two models.
type sided struct {
	side int
	msg  tea.Msg
}

func newDuo(ctx context.Context, o Options, th *theme.Theme, feeds [2]*feed.Feed) *duo {
	d := &duo{th: th, fork: o.Fork, facts: futures.New(o.Fork.Facts)}
	other := o
	other.Cluster, other.Exec, other.Complete = o.Fork.Changed, o.Fork.Exec, o.Fork.Complete
	d.sides = [2]*model{newModel(ctx, o, th, feeds[0]), newModel(ctx, other, th, feeds[1])}
	d.terminal = unattached()
	d.keys = d.ownKeys()
	for _, m := range d.sides {
		m.keys = d.keys.Over(m.keys)
		m.stage.save = func(string) tea.Cmd { return nil } // one picture has both
	}
	d.sides[0].stage.save = func(name string) tea.Cmd { return saveRows(d.sides[0], name, d.picture()) }
	return d
}

// attach makes the duo use a terminal. The models have parts of the screen, so the duo reports the
// size of the whole, and one of the models copies to the clipboard.
func (d *duo) attach(t terminal) {
	d.terminal = t
	d.sides[0].copy = t.copy
}

// ownKeys returns the keys that are about both futures.
func (d *duo) ownKeys() keymap.Map {
	line := keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
	front := func() *model { return d.sides[d.front] }
	own := keymap.Map{
		keymap.New(line, d.part, "d", "where they part", "d"),
		keymap.New(line, silent(d.facts.Toggle), "D", "what differs", "D"),
		keymap.New(line, silent(d.turn), "f", "one, both", "f"),
		keymap.New(keymap.Spot{Where: keymap.Panes, Place: keymap.Help}, func() tea.Cmd { return front().toggleMouse() },
			"", "", "m"),
	}
	return append(own, timeKeys(d.sides[0].state.Playback, d.sides[0].log.Shows, d.moved)...)
}

// part goes to the first difference.
func (d *duo) part() tea.Cmd {
	d.fork.Part()
	return d.moved()
}

// moved asks for the replicas of both futures, after their time was moved.
func (d *duo) moved() tea.Cmd {
	var cmds []tea.Cmd
	for i, m := range d.sides {
		m.stale = true
		cmds = append(cmds, toSide(i, m.refresh.Want(true)))
	}
	return tea.Batch(cmds...)
}

// turn shows one future alone, then the other one, then both if there is room for both.
func (d *duo) turn() {
	switch {
	case !d.roomForBoth():
		d.front = 1 - d.front
	case !d.alone:
		d.alone, d.front = true, 0
	case d.front == 0:
		d.front = 1
	default:
		d.alone, d.front = false, 0
	}
}

// Init implements tea.Model.
func (d *duo) Init() tea.Cmd {
	return tea.Batch(toSide(0, d.sides[0].Init()), toSide(1, d.sides[1].Init()))
}

// Update implements tea.Model.
func (d *duo) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		d.w, d.h = msg.Width, msg.Height
		d.resized(d.w, d.h)
	case sided:
		cmd = d.update(msg.side, msg.msg)
		if _, ok := msg.msg.(savedMsg); ok { // the picture of one model has both
			d.update(1-msg.side, msg.msg)
		}
	case tea.KeyMsg:
		cmd = d.key(msg)
	case tea.MouseMsg:
		d.point(msg)
	default:
		return d, nil
	}
	cmd = tea.Batch(cmd, d.agree())
	d.place()
	return d, cmd
}

// update hands a message to one of the models.
func (d *duo) update(side int, msg tea.Msg) tea.Cmd {
	_, cmd := d.sides[side].Update(msg)
	return toSide(side, cmd)
}

// toSide returns a command whose messages go to one of the models.
func toSide(side int, cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		switch msg := cmd().(type) {
		case nil, tea.QuitMsg:
			return msg
		case tea.BatchMsg:
			out := make(tea.BatchMsg, len(msg))
			for i, c := range msg {
				out[i] = toSide(side, c)
			}
			return out
		default:
			return sided{side, msg}
		}
	}
}

// key handles one key. Both models get it, unless it is about both futures.
func (d *duo) key(k tea.KeyMsg) tea.Cmd {
	front := d.sides[d.front]
	text := typing(front)
	switch {
	case isBurst(k) && !text:
		return eachKey(k, d.key)
	case d.facts.Open() && k.Type != tea.KeyCtrlC:
		d.facts.Key(k)
		return nil
	case !text && !front.help.Open():
		if do, ok := d.keys.Find(k, false); ok {
			return do()
		}
	}
	var cmds []tea.Cmd
	for i, m := range d.sides {
		if k.Type == tea.KeyEsc {
			m.prompt.Hush()
		}
		cmds = append(cmds, d.update(i, k))
	}
	return tea.Batch(cmds...)
}

// agree makes the other future show what the front one shows: the screen, the key and the request.
// If the other future does not have the request, it shows that.
func (d *duo) agree() tea.Cmd {
	front, other := d.sides[d.front], d.sides[1-d.front]
	var cmds []tea.Cmd
	if other.shown != front.shown {
		cmds = append(cmds, other.show(front.shown))
	}
	cmds = append(cmds, other.choose(front.state.Key()))
	if r := front.state.Request(); r != nil && front.state.RequestChosen() {
		other.state.ChooseRequest(r.ID)
	} else if !front.state.RequestChosen() {
		other.state.ChooseRequest(0)
	}
	return toSide(1-d.front, tea.Batch(cmds...))
}

// point handles the mouse: what it does in one future, it does in both.
func (d *duo) point(e tea.MouseMsg) {
	e.Y -= futures.Rows
	if left := d.sides[0].w; d.both() && e.X >= left {
		e.X -= left
	}
	for _, m := range d.sides {
		m.Update(e)
	}
}

// progress returns what the title says of time. A future that ends before the other one waits.
func (d *duo) progress() Progress {
	p := d.sides[0].state.Playback.Progress()
	if p.Over == "" {
		return p
	}
	q := d.sides[1].state.Playback.Progress()
	if q.Over != "" { // each half says how its future ended
		q.Over, q.Failed = "both have ended", p.Failed || q.Failed
	}
	return q
}

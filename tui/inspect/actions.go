package inspect

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/command"
	"ringside/tui/keymap"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// maxEdited bounds the bytes of a value that a key puts into the prompt.
const maxEdited = 200

// Keys implements page.Page. A recording cannot be changed, so it has none of the keys that change
// the cluster.
func (m *Model) Keys() keymap.Map {
	line := keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
	more := keymap.Spot{Where: keymap.Panes, Place: keymap.Help}
	out := keymap.Map{
		keymap.New(line, m.onKey("why", "--key"), "y", "why", "y"),
		keymap.New(more, m.json, "J", "replicas as JSON", "J"),
	}
	if m.desk.State.Playback != nil {
		return out
	}
	return append(keymap.Map{
		keymap.New(line, m.askUnion, "u", "union", "u"),
		keymap.New(line, m.askPick, "o", "keep only it", "o"),
		keymap.New(line, m.askEdit, "e", "edit", "e"),
		keymap.New(line, m.onKey("get"), "g", "get, read repair", "g"),
		keymap.New(line, m.sync, "A", "anti-entropy", "A"),
		keymap.New(more, m.wait, "H", "wait for hints", "H"),
	}, out...)
}

// drawActs draws the keys of the screen, so that a reader sees what can be done.
func (m *Model) drawActs(c *canvas.Canvas) {
	c.Box("Act", "", false)
	rows := m.Keys().Rows(keymap.Panes)
	half := (c.W - 4) / 2
	for i, r := range rows {
		x, y := 2+i%2*half, 1+i/2
		if y >= c.H-1 {
			return
		}
		x = c.Put(x, y, theme.Accent|theme.Bold, r[0]) + 1
		c.PutMax(x, y, 2+(i%2+1)*half, theme.Plain, r[1])
	}
}

// onKey returns an action that runs a verb on the shown key.
func (m *Model) onKey(verb string, flags ...string) func() tea.Cmd {
	return func() tea.Cmd {
		if len(m.desk.State.Key()) == 0 {
			return nil
		}
		return m.desk.Run(command.On(verb, string(m.desk.State.Key()), flags...))
	}
}

func (m *Model) json() tea.Cmd { return m.onKey("inspect", "--json")() }

func (m *Model) wait() tea.Cmd { return m.desk.Run("wait hints=0") }

// sync compares the homes of the key's range now.
func (m *Model) sync() tea.Cmd {
	v, key := m.desk.State.View, m.desk.State.Key()
	if v.Ring == nil || len(key) == 0 {
		return nil
	}
	return m.desk.Run("sync " + event.RangeName(v.Ring.Index(ring.Of(key))))
}

// ask puts a line about the shown key into the prompt. The user confirms it, because it writes.
func (m *Model) ask(flags ...string) tea.Cmd {
	key := m.desk.State.Key()
	if escape.Terminal(key) != string(key) {
		m.desk.Say("this key has characters that the prompt cannot show; use resolve in a shell")
		return nil
	}
	return m.desk.Ask(command.On("resolve", string(key), flags...))
}

// askUnion proposes to merge all siblings.
func (m *Model) askUnion() tea.Cmd {
	x, ok := m.see()
	if !ok || x.Siblings() < 2 {
		m.desk.Say("union: the key has no siblings to merge")
		return nil
	}
	_, flag := (&frame{sight: x, m: m}).union()
	if flag == "" { // the command says why the values do not merge, if they do not
		flag = "--union"
	}
	return m.ask(flag)
}

// chosen returns the selected version if a get can return it.
func (m *Model) chosen(x *sight) (*version, bool) {
	i := x.selected(m)
	if i < 0 || !x.versions[i].head || x.versions[i].Deleted {
		m.desk.Say("select a version that a get returns: " + x.labels(x.Heads.Live()))
		return nil, false
	}
	return &x.versions[i], true
}

// askPick proposes to keep the selected sibling. The number of  --pick  is that of a get's reply.
// While homes differ, a get may return fewer siblings, and the number would mean another one. The
// value then says which one is meant.
func (m *Model) askPick() tea.Cmd {
	x, ok := m.see()
	if !ok {
		return nil
	}
	v, ok := m.chosen(x)
	if !ok {
		return nil
	}
	if x.Agreed(x.state.View) {
		for i, live := range x.Heads.Live() {
			if live.Dot == v.Dot {
				return m.ask("--pick", fmt.Sprint(i+1))
			}
		}
	}
	return m.askValue(v.Version)
}

// askEdit proposes to replace all siblings by a value, which the user edits.
func (m *Model) askEdit() tea.Cmd {
	x, ok := m.see()
	if !ok {
		return nil
	}
	if v, ok := m.chosen(x); ok {
		return m.askValue(v.Version)
	}
	return nil
}

func (m *Model) askValue(v vclock.Version) tea.Cmd {
	if !whole(v) || len(v.Value) > maxEdited || escape.Terminal(v.Value) != string(v.Value) {
		m.desk.Say("this value is too long for the prompt, or cannot be shown; write it with resolve --with - in a shell")
		return nil
	}
	return m.ask("--with", command.Quote(string(v.Value)))
}

// Open implements page.Page. It reads through the selected replica, or compares versions with the
// selected one from now on.
func (m *Model) Open() tea.Cmd {
	x, ok := m.see()
	if !ok {
		return nil
	}
	if m.pane() == replicasPane {
		if n := m.via(x); n != "" {
			return m.onKey("get", "--via", n)()
		}
		return nil
	}
	if i := x.selected(m); i >= 0 {
		m.mark = x.versions[i].Dot
		m.desk.Say("versions are compared with " + x.versions[i].label() + " now; select another one")
	}
	return nil
}

// via returns the node of the selected replica, "" if it does not run or nothing can be run.
func (m *Model) via(x *sight) string {
	rows := x.replicaRows()
	i := min(m.replica, len(rows)-1)
	if i < 0 || m.desk.State.Playback != nil {
		return ""
	}
	if n := x.state.View.Node(rows[i].node); n == nil || n.Status != view.Up {
		return ""
	}
	return rows[i].node
}

// OpenDoes implements page.Page.
func (m *Model) OpenDoes() string {
	x, ok := m.see()
	if !ok {
		return ""
	}
	if m.pane() != replicasPane {
		return "compare with it"
	}
	if n := m.via(x); n != "" {
		return "get via " + state.Name(n)
	}
	return ""
}

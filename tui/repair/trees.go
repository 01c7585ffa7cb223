package repair

import (
	"fmt"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// The parts of a tree in its picture.
const (
	equalPart   = "·" // the two trees are equal here
	unknownPart = "?" // the round does not tell
)

const (
	mapCells  = 32 // columns of the picture of a level
	hashWidth = 8  // digits of a hash in sight
)

// descend shows one more level of the trees. After the last one it begins at the roots again.
func (m *Model) descend() {
	r, ok := m.chosen()
	if !ok || len(r.Path) == 0 {
		return
	}
	if m.levels == 0 {
		m.levels = 1
	} else {
		m.levels = (m.levels + 1) % (len(r.Path) + 1)
	}
}

// ascend shows one level less.
func (m *Model) ascend() {
	r, ok := m.chosen()
	switch {
	case !ok || len(r.Path) == 0:
	case m.levels == 0:
		m.levels = max(len(r.Path)-1, 1)
	default:
		m.levels = max(m.levels-1, 1)
	}
}

// drawTrees draws how the trees of the selected round differ, from the roots down to the first
// bucket that differs.
func (m *Model) drawTrees(c *canvas.Canvas, focused bool) {
	r, ok := m.chosen()
	if !ok {
		c.Box("Merkle trees", "", focused)
		c.Put(2, 1, theme.Dim, "no two homes compared their trees since this screen began; A compares all homes now")
		return
	}
	left, right := state.Name(r.Left), state.Name(r.Right)
	c.Box(fmt.Sprintf("Merkle trees of %s: %s %s %s", m.rangeOf(r.SyncRound), left, c.Theme.Merkle, right),
		fmt.Sprintf("%s compared", render.Count(r.Hashes, "hash")), focused)
	levels := m.levels
	if levels == 0 || levels > len(r.Path) {
		levels = len(r.Path)
	}
	var rows []panes.Row
	for i, h := range r.Path[:levels] {
		rows = append(rows, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) { m.drawLevel(c, y, &r, h) }})
	}
	says := m.outcome(c, &r, levels)
	head := 0
	if len(r.Path) > 0 {
		head = 1
		in := canvas.New(c.Theme, c.W-4, 1)
		in.Put(0, 0, theme.Dim, "level")
		in.Put(treeColumn, 0, theme.Dim, "the tree, left to right")
		in.PutMax(hashColumn, 0, hashColumn+hashWidth, theme.Node(m.desk.State.Index(r.Left))|theme.Bold, left)
		in.Put(hashColumn+hashWidth+3, 0, theme.Node(m.desk.State.Index(r.Right))|theme.Bold, right)
		c.Paste(2, 1, in)
	}
	at := 0 // with all levels in sight, the roots are
	if levels < len(r.Path) {
		at = levels - 1
	}
	low := min(len(says), max(c.H-3-head, 0))
	panes.List(c, panes.Space{Head: head, Foot: low}, rows, at)
	for i, row := range says[:low] {
		in := canvas.New(c.Theme, c.W-4, 1)
		row.Draw(in, 0)
		c.Paste(2, c.H-1-low+i, in)
	}
}

// Columns of a level: its picture, and the first of its two hashes.
const (
	treeColumn = 6
	hashColumn = treeColumn + mapCells + 2
)

// drawLevel draws one level: which part of the range still differs, the two hashes, and what that
// says.
func (m *Model) drawLevel(c *canvas.Canvas, y int, r *roundRow, h event.SyncHash) {
	c.PutRight(3, y, theme.Plain|theme.Bold, fmt.Sprint(h.Level))
	for x, part := range treeMap(r.SyncRound, h) {
		st, sign := theme.Dim, part
		if part == "" {
			st, sign = theme.Warn|theme.Bold, c.Theme.Spark[len(c.Theme.Spark)-1]
		}
		c.Put(treeColumn+x, y, st, sign)
	}
	c.Put(hashColumn, y, theme.Plain, fmt.Sprintf("%016x", h.Left)[:hashWidth])
	c.PutMax(hashColumn+hashWidth+1, y, hashColumn+hashWidth+2, theme.Warn|theme.Bold, differs(c.Theme))
	c.Put(hashColumn+hashWidth+3, y, theme.Plain, fmt.Sprintf("%016x", h.Right)[:hashWidth])
	short, long := levelSays(h)
	x := hashColumn + 2*hashWidth + 5
	if x+len(long) > c.W {
		long = short
	}
	c.PutMax(x, y, c.W, theme.Dim, long)
}

// differs returns the sign between two hashes, in one column.
func differs(th *theme.Theme) string {
	if th.ASCII {
		return "#"
	}
	return "≠"
}

// treeMap returns the cells of a level's picture: "" for the part that differs, else what is known
// of it. The path of a round leads to the first bucket that differs, so all before it is equal.
// Only if it is the only such bucket is the rest known to be equal.
func treeMap(r event.SyncRound, h event.SyncHash) []string {
	out := make([]string, mapCells)
	nodes := 1 << max(0, min(h.Level, maxLevel))
	node := max(0, min(h.Node, nodes-1))
	first := node * mapCells / nodes
	last := max(((node+1)*mapCells-1)/nodes, first)
	for i := range out {
		switch {
		case i < first || i > last && r.Buckets == 1:
			out[i] = equalPart
		case i > last:
			out[i] = unknownPart
		}
	}
	return out
}

// maxLevel is more than any tree has. A forged recording may say otherwise.
const maxLevel = 24

// levelSays says what a level adds, in a few words and in more.
func levelSays(h event.SyncHash) (short, long string) {
	switch {
	case h.Level <= 0:
		return "roots differ", "the roots differ, so the trees do"
	case h.Node%2 == 1:
		return "left is equal", "left half equal: not looked into; go right"
	}
	return "left differs", "the left half differs; go left"
}

// A sentence is a text in one style.
type sentence struct {
	st   theme.Style
	text string
}

// outcome returns rows that say what a round found and did, once all of its path is in sight.
func (m *Model) outcome(c *canvas.Canvas, r *roundRow, levels int) (out []panes.Row) {
	for _, s := range m.sentences(c.Theme, r, levels) {
		out = append(out, panes.Wrapped(canvas.New(c.Theme, c.W-4, 0), 0, s.st, "", s.text)...)
	}
	return out[:min(len(out), maxOutcome)]
}

// maxOutcome bounds the rows about what a round found.
const maxOutcome = 3

func (m *Model) sentences(th *theme.Theme, r *roundRow, levels int) []sentence {
	cost := fmt.Sprintf("%s of messages, a full copy takes %s", render.Bytes(r.Bytes), render.Bytes(r.FullCopy))
	switch {
	case levels < len(r.Path):
		return []sentence{{theme.Dim, "⏎ goes a level down, backspace up, a shows all levels"}}
	case r.Err != "":
		return []sentence{{theme.Warn, th.No + " ended early: " + render.Text(r.Err)}}
	case r.running:
		return []sentence{{theme.Accent, th.Next + " comparing now"}}
	case r.Buckets == 0 && r.Count == 0:
		return []sentence{{theme.Good, fmt.Sprintf("%s the roots are equal, so both hold the same of %s: %s", th.Yes,
			render.Count(r.Keys, "key"), cost)}}
	}
	keys := fmt.Sprintf("%s, %s: ", render.Differ(r.Buckets, "bucket"), render.Differ(r.Count, "key"))
	for i, k := range r.Differing {
		if i > 0 {
			keys += "  "
		}
		keys += render.Key(k)
	}
	if more := r.Count - len(r.Differing); more > 0 && len(r.Differing) > 0 {
		keys += fmt.Sprintf("  and %d more", more)
	}
	sent := fmt.Sprintf("%d sent to %s, %d taken from it; ", r.Sent, state.Name(r.Right), r.Received)
	if r.Sent+r.Received == 0 {
		sent = "nothing was sent; "
	}
	return []sentence{{theme.Warn, keys}, {theme.Plain, sent + cost}}
}

package theme

import "ringside/engine/view"

// Glyphs are the signs of the screens. There is one set in Unicode and one in ASCII.
type Glyphs struct {
	Up, Down, Paused, Suspect string // states of a node
	Cut, Slow, Loss           string // states of a link
	Key, Hint, Concurrent     string
	Mend, Merkle              string // read repair, and anti-entropy; Hint stands for handoff
	Yes, No                   string
	Mark                      string // a node chosen for the next split, kill or pause
	Message                   string // that is under way, in the slow motion of a recording
	Next                      string // leads on to something, or marks the selected row
	More                      string
	Spark                     []string // bars of a sparkline, lowest first
	Border                    Border
}

// A Border is the lines and corners of a box.
type Border struct{ H, V, TL, TR, BL, BR string }

var unicodeGlyphs = Glyphs{
	Up: "◉", Down: "⊘", Paused: "⊖", Suspect: "?", Cut: "✂", Slow: "~", Loss: "%",
	Key: "◆", Hint: "⚑", Concurrent: "‖", Mend: "↻", Merkle: "⇄",
	Yes: "✓", No: "✗", Mark: "+", Message: "⣿", Next: "▸", More: "…",
	Spark:  []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Border: Border{H: "─", V: "│", TL: "╭", TR: "╮", BL: "╰", BR: "╯"},
}

var asciiGlyphs = Glyphs{
	Up: "o", Down: "X", Paused: "=", Suspect: "?", Cut: "x", Slow: "~", Loss: "%",
	Key: "*", Hint: "H", Concurrent: "||", Mend: "R", Merkle: "M",
	Yes: "ok", No: "!", Mark: "+", Message: "@", Next: ">", More: "...",
	Spark:  []string{"_", ".", "-", "=", "+", "*", "%", "#"},
	Border: Border{H: "-", V: "|", TL: "+", TR: "+", BL: "+", BR: "+"},
}

// ASCII maps signs to their ASCII spelling. A canvas shows any other sign as "?".
var ASCII = map[string]string{
	"⣿": "@",
	"◉": "o", "⊘": "X", "⊖": "=", "✂": "x", "◆": "*", "⚑": "H", "‖": "||", "✓": "ok", "✗": "!", "▸": ">",
	"…": "...",
	"─": "-", "│": "|", "┬": "+", "├": "+", "└": "+", "┘": "+", "┐": "+", "┤": "+", "┴": "+",
	"┼": "+", "◦": ".", "◌": "*", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
	"↻": "R",
	"§": "s.", "·": ".", "→": "Right", "←": "<", "↑": "Up", "↓": "Dn", "↹": "Tab", "⏎": "Enter", "–": "-", "—": "-",
	"µ": "u", "≠": "!=", "≥": ">=", "≤": "<=", "≈": "~",
	"⇧": "Shift+", "▲": "^", "▼": "v", "●": "o", "⇄": "<>", "“": `"`, "”": `"`, "’": "'", "×": "x",
}

// Node returns the sign of a node's state. suspected says that a node of the same side believes
// that this node failed.
func (g *Glyphs) Node(s view.Status, suspected bool) string {
	switch {
	case s == view.Down:
		return g.Down
	case s == view.Paused:
		return g.Paused
	case suspected:
		return g.Suspect
	}
	return g.Up
}

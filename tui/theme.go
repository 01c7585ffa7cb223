package tui

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A style is a colour and attributes, small enough to sit in every cell.
type style uint16

// Colours by meaning. No meaning is carried by colour alone.
const (
	plain style = iota
	dim
	accent
	good
	warn
	bad
	hint
	concurrent
	node0 // the first of nodeColours
)

// Attributes, to be or-ed to a colour.
const (
	bold    style = 1 << 8
	reverse style = 1 << 9

	colourMask = bold - 1
	styleCount = 1 << 10
)

// nodeColours is how many nodes differ by colour (Okabe and Ito's palette,
// which colour-blind people can tell apart); labels tell all of them apart.
const nodeColours = 7

// palette holds the colours for a dark and for a light background.
var palette = [node0 + nodeColours]struct{ dark, light string }{
	plain:      {"", ""},
	dim:        {"#7C8594", "#6B7280"},
	accent:     {"#8BE9FD", "#005F87"},
	good:       {"#2FC99A", "#00785A"},
	warn:       {"#F0E442", "#7A6C00"},
	bad:        {"#FF7A33", "#B84A00"},
	hint:       {"#DE9BC4", "#9C4F7E"},
	concurrent: {"#F2A900", "#9A6700"},
	node0:      {"#56B4E9", "#1F78B4"},
	node0 + 1:  {"#E69F00", "#A66F00"},
	node0 + 2:  {"#00B888", "#00785A"},
	node0 + 3:  {"#CC79A7", "#A3487B"},
	node0 + 4:  {"#F0E442", "#7A6C00"},
	node0 + 5:  {"#5A8FFF", "#0072B2"},
	node0 + 6:  {"#F0733A", "#B84A00"},
}

// nodeStyle is the colour of the i-th node.
func nodeStyle(i int) style {
	if i < 0 {
		return plain
	}
	return node0 + style(i%nodeColours)
}

// glyphs are the signs of the screen, in one set for terminals that can show
// them and one in ASCII.
type glyphs struct {
	up, down, paused, suspect, cut, slow, loss, key, hint, concurrent string
	yes, no, next, cursor, more                                       string
	spark                                                             []string
	h, v, tl, tr, bl, br                                              string
}

var unicodeGlyphs = glyphs{
	up: "◉", down: "⊘", paused: "⊖", suspect: "?", cut: "✂", slow: "~", loss: "%", key: "◆", hint: "⚑", concurrent: "‖",
	yes: "✓", no: "✗", next: "▸", cursor: "▸", more: "…",
	spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	h:     "─", v: "│", tl: "╭", tr: "╮", bl: "╰", br: "╯",
}

var asciiGlyphs = glyphs{
	up: "o", down: "X", paused: "=", suspect: "?", cut: "x", slow: "~", loss: "%", key: "*", hint: "H", concurrent: "||",
	yes: "ok", no: "!", next: ">", cursor: ">", more: "...",
	spark: []string{"_", ".", "-", "=", "+", "*", "%", "#"},
	h:     "-", v: "|", tl: "+", tr: "+", bl: "+", br: "+",
}

// asciiOf says how the canvas writes a sign in ASCII; other signs become '?'.
var asciiOf = map[string]string{
	"◉": "o", "⊘": "X", "⊖": "=", "✂": "x", "◆": "*", "⚑": "H", "‖": "||", "✓": "ok", "✗": "!", "▸": ">", "…": "...",
	"─": "-", "│": "|", "┬": "+", "├": "+", "└": "+", "┘": "+", "┐": "+", "┴": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
	"§": "s.", "·": ".", "→": "Right", "←": "<", "↑": "Up", "↓": "Dn", "↹": "Tab", "⏎": "Enter", "–": "-", "—": "-", "µ": "u", "≠": "!=", "≥": ">=", "≤": "<=",
	"⇧": "Shift+", "▲": "^", "▼": "v", "●": "o", "⇄": "<>", "“": `"`, "”": `"`, "’": "'", "×": "x",
}

// A theme turns styles into escape sequences and picks the signs.
type theme struct {
	glyphs
	ascii    bool
	renderer *lipgloss.Renderer
	dark     bool
	cache    [styleCount]*sequence
}

// A sequence is what comes before and after a run of one style.
type sequence struct{ before, after string }

// newTheme makes the theme for a terminal that out leads to, which is asked for its
// background here, once, before Bubble Tea reads from it.
func newTheme(out io.Writer, ascii, noColor bool) *theme {
	t := &theme{glyphs: unicodeGlyphs, ascii: ascii, renderer: lipgloss.NewRenderer(out)}
	t.dark = t.renderer.HasDarkBackground()
	if ascii {
		t.glyphs = asciiGlyphs
	}
	if noColor {
		t.renderer.SetColorProfile(termenv.Ascii)
	}
	return t
}

// plain says whether the terminal shows neither colours nor attributes.
func (t *theme) plain() bool { return t.renderer.ColorProfile() == termenv.Ascii }

// sequence returns the escapes around text of style s. They are computed once.
func (t *theme) sequence(s style) *sequence {
	if q := t.cache[s]; q != nil {
		return q
	}
	st := t.renderer.NewStyle().Bold(s&bold != 0).Reverse(s&reverse != 0)
	c := palette[s&colourMask]
	colour := c.light
	if t.dark {
		colour = c.dark
	}
	if colour != "" {
		st = st.Foreground(lipgloss.Color(colour))
	}
	before, after, _ := strings.Cut(st.Render("x"), "x")
	t.cache[s] = &sequence{before, after}
	return t.cache[s]
}

// sparkline draws counts as a row of bars; top is a full one.
func (t *theme) sparkline(counts []int, top int) string {
	top = max(top, 1)
	var b strings.Builder
	for _, c := range counts {
		b.WriteString(t.spark[(c*(len(t.spark)-1)+top-1)/top])
	}
	return b.String()
}

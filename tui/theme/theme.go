package theme

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A Theme holds the colours and the signs of one terminal.
type Theme struct {
	Glyphs
	ASCII    bool // only ASCII signs are drawn
	renderer *lipgloss.Renderer
	dark     bool // the terminal's background
	cache    [styleCount]*Sequence
}

// A Sequence is the escape sequences before and after a run of one style.
type Sequence struct{ Before, After string }

// New returns the theme for the terminal that out writes to, with a dark background. New does not
// ask the terminal, because some terminals never answer.
func New(out io.Writer, ascii, noColor bool) *Theme {
	t := &Theme{Glyphs: unicodeGlyphs, ASCII: ascii, renderer: lipgloss.NewRenderer(out)}
	t.dark = true
	t.renderer.SetHasDarkBackground(true) // so that no style asks
	if ascii {
		t.Glyphs = asciiGlyphs
	}
	if noColor {
		t.SetProfile(termenv.Ascii)
	}
	return t
}

// SetLight chooses colours for a light background.
func (t *Theme) SetLight() {
	t.dark = false
	t.renderer.SetHasDarkBackground(false)
	clear(t.cache[:])
}

// SetProfile sets the colours that the terminal can show, whatever its environment says.
func (t *Theme) SetProfile(p termenv.Profile) { t.renderer.SetColorProfile(p) }

// Monochrome reports whether the terminal shows neither colours nor attributes.
func (t *Theme) Monochrome() bool { return t.renderer.ColorProfile() == termenv.Ascii }

// Sequence returns the escape sequences around text of style s. Each is computed once.
func (t *Theme) Sequence(s Style) *Sequence {
	if q := t.cache[s]; q != nil {
		return q
	}
	st := t.renderer.NewStyle().Bold(s&Bold != 0).Reverse(s&Reverse != 0)
	c := palette[s&colourMask]
	colour := c.light
	if t.dark {
		colour = c.dark
	}
	if colour != "" {
		st = st.Foreground(lipgloss.Color(colour))
	}
	before, after, _ := strings.Cut(st.Render("x"), "x")
	t.cache[s] = &Sequence{before, after}
	return t.cache[s]
}

// Sparkline returns counts as a row of bars. top is the count of a full bar.
func (t *Theme) Sparkline(counts []int, top int) string {
	top = max(top, 1)
	var b strings.Builder
	for _, c := range counts {
		b.WriteString(t.Spark[(c*(len(t.Spark)-1)+top-1)/top])
	}
	return b.String()
}

package snapshot

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The size of a cell in pixels. Both are even, so that the centre of a cell is at a pixel.
const (
	cellWidth  = 10
	cellHeight = 20
	fontSize   = 16
	baseline   = 15 // below the upper edge of a cell
	margin     = 12
)

// The colours of a terminal with a dark background, on which the colours of the screens are seen
// best.
const (
	background = "#12161d"
	foreground = "#d8dee6"
)

// A drawing gathers the parts of a picture. Shapes of one colour are one path, which keeps the file
// small.
type drawing struct {
	areas, strokes map[string]*strings.Builder // by colour
	under, text    strings.Builder
}

// SVG returns a picture of rows of a terminal. title says what the picture shows, for readers who
// do not see it.
func SVG(title string, rows []string) []byte {
	d := &drawing{areas: map[string]*strings.Builder{}, strokes: map[string]*strings.Builder{}}
	columns := 0
	for y, row := range rows {
		cells := cellsOf(row)
		columns = max(columns, len(cells))
		d.row(cells, y)
	}
	w, h := columns*cellWidth+2*margin, len(rows)*cellHeight+2*margin
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`role="img">`, w, h)
	fmt.Fprintf(&out, "\n<title>%s</title>\n", escape(title))
	fmt.Fprintf(&out, `<rect width="%d" height="%d" rx="8" fill="%s"/>`+"\n", w, h, background)
	out.WriteString(d.under.String())
	for _, c := range slices.Sorted(maps.Keys(d.areas)) {
		fmt.Fprintf(&out, `<path fill="%s" d="%s"/>`+"\n", c, d.areas[c])
	}
	for _, c := range slices.Sorted(maps.Keys(d.strokes)) {
		fmt.Fprintf(&out, `<path fill="none" stroke="%s" stroke-width="1.5" d="%s"/>`+"\n", c, d.strokes[c])
	}
	fmt.Fprintf(&out, `<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="%d" fill="%s">`+
		"\n%s</g>\n</svg>\n", fontSize, foreground, d.text.String())
	return []byte(out.String())
}

// Text returns rows of a terminal without colours.
func Text(rows []string) []byte {
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.TrimRight(ansi.Strip(row), " ") + "\n")
	}
	return []byte(out.String())
}

// row draws the cells of a row.
func (d *drawing) row(cells []cell, row int) {
	y := float64(margin + row*cellHeight)
	for i := 0; i < len(cells); {
		c, x := cells[i], float64(margin+i*cellWidth)
		if c.reverse {
			fmt.Fprintf(&d.under, `<rect x="%g" y="%g" width="%d" height="%d" fill="%s"/>`+"\n", x, y, cellWidth, cellHeight,
				orUsual(c.colour))
		}
		i++
		r := []rune(c.text + "\x00")[0]
		path, stroke := shape(r, x, y)
		switch {
		case path != "" && stroke:
			add(d.strokes, c.ink(), path)
		case path != "":
			add(d.areas, c.ink(), path)
		case c.text == "" || c.text == " ":
		case r > '~':
			d.write(c, x+cellWidth/2, y, `text-anchor="middle"`)
		default:
			for ; !c.reverse && i < len(cells) && cells[i].look == c.look && plain(cells[i].text); i++ {
				c.text += cells[i].text
			}
			d.write(c, x, y, fmt.Sprintf(`textLength="%d"`, len(c.text)*cellWidth))
		}
	}
}

// plain reports whether text is one character of ASCII, and no blank. Words have a place each,
// because programs differ in how wide they draw blanks.
func plain(text string) bool { return len(text) == 1 && text[0] > ' ' && text[0] <= '~' }

// ink returns the colour in which the cell's character is drawn.
func (l look) ink() string {
	if l.reverse {
		return background
	}
	return orUsual(l.colour)
}

func orUsual(colour string) string {
	if colour == "" {
		return foreground
	}
	return colour
}

func add(to map[string]*strings.Builder, colour, path string) {
	if to[colour] == nil {
		to[colour] = &strings.Builder{}
	}
	to[colour].WriteString(path)
}

// write writes text at x in the row whose upper edge is at y.
func (d *drawing) write(c cell, x, y float64, more string) {
	fmt.Fprintf(&d.text, `<text x="%g" y="%g" %s`, x, y+baseline, more)
	if c.ink() != foreground {
		fmt.Fprintf(&d.text, ` fill="%s"`, c.ink())
	}
	if c.bold {
		d.text.WriteString(` font-weight="bold"`)
	}
	fmt.Fprintf(&d.text, ">%s</text>\n", escape(c.text))
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a strings.Builder takes all
	return out.String()
}

package render

import (
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// terminalWidth measures text as a terminal does that is not set up for East Asia.
var terminalWidth = &runewidth.Condition{}

// Width returns how many columns of a terminal text takes.
func Width(text string) int { return terminalWidth.StringWidth(text) }

// A Cell is one field of a Table. Its text must be safe for a terminal.
type Cell struct {
	Text  string
	Tone  Tone
	Right bool // flush right, as numbers are
}

// Number returns the Cell of a number.
func Number(n int) Cell { return Flush(strconv.Itoa(n)) }

// Flush returns a Cell whose text is flush right.
func Flush(text string) Cell { return Cell{Text: text, Right: true} }

// Toned returns a Cell with a tone.
func Toned(t Tone, text string) Cell { return Cell{Text: text, Tone: t} }

// NodeCell returns the Cell of a node's name.
func NodeCell(name string) Cell { return Toned(Bold, Node(name)) }

// A Table is rows of cells whose columns line up. Rows may differ in length.
type Table struct {
	Indent string
	rows   [][]Cell
}

// Row adds a row.
func (t *Table) Row(cells ...Cell) { t.rows = append(t.rows, cells) }

// Head adds a row of dim titles. A title that ends in ">" is written flush right, without the ">".
func (t *Table) Head(titles ...string) {
	row := make([]Cell, len(titles))
	for i, s := range titles {
		text, right := strings.CutSuffix(s, ">")
		row[i] = Cell{text, Dim, right}
	}
	t.Row(row...)
}

// Len returns the number of rows, including the one that Head added.
func (t *Table) Len() int { return len(t.rows) }

// Render returns the table as lines, with two spaces between columns and none at a line's end.
func (t *Table) Render(p Painter) string {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(c.Text))
		}
	}
	var out strings.Builder
	for _, row := range t.rows {
		out.WriteString(t.line(row, widths, p))
		out.WriteByte('\n')
	}
	return out.String()
}

// line lays one row out. Spaces are written only once text follows them.
func (t *Table) line(row []Cell, widths []int, p Painter) string {
	var line strings.Builder
	line.WriteString(t.Indent)
	spaces := 0
	for i, c := range row {
		pad := widths[i] - Width(c.Text)
		if c.Right {
			spaces += pad
			pad = 0
		}
		if c.Text != "" {
			line.WriteString(strings.Repeat(" ", spaces) + p.Paint(c.Tone, c.Text))
			spaces = 0
		}
		spaces += pad + 2
	}
	return strings.TrimRight(line.String(), " ")
}

// Wrap breaks text at spaces into lines of at most width columns. A longer word has its own line.
// With a width below 1 the text is one line.
func Wrap(text string, width int) []string {
	if width < 1 {
		return []string{text}
	}
	return WrapWords(strings.Fields(text), width, Width)
}

// WrapWords joins words with spaces to lines of at most width columns. A longer word has its own
// line. columns returns how many columns a word takes. Without words there is one empty line.
func WrapWords(words []string, width int, columns func(word string) int) []string {
	var out []string
	line, used := "", 0
	for i, word := range words {
		n := columns(word)
		switch {
		case i == 0:
			line, used = word, n
		case used+1+n <= width:
			line, used = line+" "+word, used+1+n
		default:
			out = append(out, line)
			line, used = word, n
		}
	}
	return append(out, line)
}

// RowsOf adds a row whose last cell is a text that is wrapped to at most width columns. Further
// lines of the text are rows whose other cells are empty. With a width below minWrapped the text is
// one line.
func (t *Table) RowsOf(lead []Cell, text string, width int) {
	if width < minWrapped {
		width = 0
	}
	for _, line := range Wrap(text, width) {
		t.Row(append(lead[:len(lead):len(lead)], Cell{Text: line})...)
		lead = make([]Cell, len(lead))
	}
}

// minWrapped is the least number of columns in which wrapped text is easier to read than a line
// that the terminal breaks.
const minWrapped = 30

package snapshot

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A look is how a cell is drawn.
type look struct {
	colour        string // #rrggbb; "" for the usual one
	bold, reverse bool
}

// A cell is one column of a row. The second column of a wide character has no text.
type cell struct {
	text string
	look
}

// cellsOf returns the cells of a row, whose escape sequences set colours, bold and reverse. Other
// sequences are left out.
func cellsOf(row string) []cell {
	var out []cell
	var now look
	state := byte(0)
	for len(row) > 0 {
		seq, width, n, next := ansi.DecodeSequence(row, state, nil)
		state, row = next, row[n:]
		switch {
		case width > 0:
			out = append(out, cell{seq, now})
			for range width - 1 {
				out = append(out, cell{"", now})
			}
		case strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m"):
			now = now.after(strings.Split(seq[2:len(seq)-1], ";"))
		}
	}
	return out
}

// after returns the look after a sequence with the given parameters.
func (l look) after(params []string) look {
	for i := 0; i < len(params); i++ {
		switch params[i] {
		case "", "0":
			l = look{}
		case "1":
			l.bold = true
		case "7":
			l.reverse = true
		case "38":
			if i+4 < len(params) && params[i+1] == "2" {
				l.colour = "#" + hex(params[i+2]) + hex(params[i+3]) + hex(params[i+4])
				i += 4
			}
		}
	}
	return l
}

// hex returns a part of a colour, from 0 to 255, as two digits.
func hex(decimal string) string {
	n, err := strconv.ParseUint(decimal, 10, 8)
	if err != nil {
		return "00"
	}
	s := strconv.FormatUint(n, 16)
	return strings.Repeat("0", 2-len(s)) + s
}

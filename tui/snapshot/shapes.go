package snapshot

import "fmt"

// shape returns the outline of a character that is drawn as a shape, in a cell whose upper left
// corner is at x, y. stroke says that the outline is a line, and not an area. It returns "" for
// other characters.
func shape(r rune, x, y float64) (path string, stroke bool) {
	switch {
	case r >= 0x2800 && r < 0x2900:
		return dots(int(r-0x2800), x, y), false
	case r >= '▁' && r <= '█':
		h := cellHeight * float64(r-'▁'+1) / 8
		return box(x, y+cellHeight-h, cellWidth, h), false
	}
	arms, ok := lines[r]
	if !ok {
		return "", false
	}
	cx, cy := x+cellWidth/2, y+cellHeight/2
	for _, a := range arms {
		switch a {
		case 'u':
			path += fmt.Sprintf("M%g %gV%g", cx, cy, y)
		case 'd':
			path += fmt.Sprintf("M%g %gV%g", cx, cy, y+cellHeight)
		case 'l':
			path += fmt.Sprintf("M%g %gH%g", cx, cy, x)
		case 'r':
			path += fmt.Sprintf("M%g %gH%g", cx, cy, x+cellWidth)
		}
	}
	return path, true
}

// lines are the characters of boxes by the arms from their centre: up, down, left, right.
var lines = map[rune]string{
	'─': "lr", '│': "ud", '╭': "dr", '╮': "dl", '╰': "ur", '╯': "ul", '┌': "dr", '┐': "dl", '└': "ur", '┘': "ul",
	'├': "udr", '┤': "udl", '┬': "dlr", '┴': "ulr", '┼': "udlr",
}

// dotSize is the width and height of a dot of braille.
const dotSize = 3

// dots returns the dots of a braille character. Its bits count down the left column, then down the
// right one; the last two bits are the lowest row.
func dots(bits int, x, y float64) (path string) {
	for i := range 8 {
		if bits&(1<<i) == 0 {
			continue
		}
		column, row := i/3, i%3
		if i >= 6 {
			column, row = i-6, 3
		}
		path += box(x+(0.25+0.5*float64(column))*cellWidth-dotSize/2.0, y+(0.125+0.25*float64(row))*cellHeight-dotSize/2.0,
			dotSize, dotSize)
	}
	return path
}

func box(x, y, w, h float64) string { return fmt.Sprintf("M%g %gh%gv%gh%gz", x, y, w, h, -w) }

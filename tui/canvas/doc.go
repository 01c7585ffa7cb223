// Package canvas draws text with styles on a grid of cells.
//
// A Canvas accepts printable text only, so that nothing in a key, a value or an error of another
// node can reach the terminal as an escape sequence. Panes draw on canvases; Lines returns the rows
// with the escape sequences of the theme. Dots are a picture of braille dots, eight to a cell.
//
// Start reading with Canvas.Put.
package canvas

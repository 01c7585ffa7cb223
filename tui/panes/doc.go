// Package panes has what screens with several panes share: which pane has the focus, the names of
// the panes where only one is in sight, and lists of rows that are longer than a pane.
//
// A Focus belongs to one screen. Functions keep nothing. Start reading with Focus and List.
package panes

// Package assume keeps a terminal from being asked for its background colour by
// programs that draw no screens.
//
// Bubble Tea v1 asks in an init function, so every command of a binary that imports it would
// write an escape sequence to the terminal and wait up to five seconds for the answer. Lip Gloss does not
// ask once it was told, and Go initialises packages in the order of their import paths as
// far as their imports allow: hence this module of one file, whose path comes before
// github.com/charmbracelet/bubbletea. Screens ask for themselves when they begin.
package assume

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }

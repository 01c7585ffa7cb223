// Package help draws the help: all keys, and the signs and notations of the screens.
//
// The keys come from the table of keys (package keymap), and the signs from the theme. A Model
// remembers whether the help is open, and how far it is scrolled. It belongs to the goroutine of
// Bubble Tea's Update and View.
package help

// Package keymap is the table of keys: which key does what, and where.
//
// The key line, the help and the handling of keys all read the same Map, so that they cannot
// disagree. Package tui fills the Map (tui/keys.go). A Map does not change after that.
package keymap

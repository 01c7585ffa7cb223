// Package tui shows a cluster, or a recording of one, on a terminal.
//
// The screen is made of panes. Each pane is a package with its own state and its own drawing: ring,
// nodes, keycard, log, prompt, help and header. They share state.State, the cluster as the screens
// know it, and draw on a canvas.Canvas with the colours and signs of a theme.Theme. Package refresh
// keeps the state up to date from a feed.Feed; package suggest proposes commands. The Model in this
// package composes them: it routes messages and keys, and lays the panes out.
//
// Goroutines: feed.Feed.Run reads the cluster. Commands of Bubble Tea run verbs and ask for
// snapshots. Everything else, all state of the panes included, belongs to the goroutine that calls
// Update and View.
//
// A pane is drawn again after every message that may change it, but its rows reach the terminal
// only if they differ. An idle screen writes nothing.
//
// To begin reading: model.go routes messages, keys.go is the table of keys, layout.go places the
// panes. A new screen is a package like log, with a place in layout.go and its keys in keys.go.
package tui

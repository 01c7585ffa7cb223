// Package tui shows a cluster, or a recording of one, on a terminal.
//
// The screen is made of panes. Each pane is a package with its own state and its own drawing: ring,
// nodes, keycard, log, prompt, help and header. They share state.State, the cluster as the screens
// know it, and draw on a canvas.Canvas with the colours and signs of a theme.Theme. Package refresh
// keeps the state up to date from a feed.Feed; package suggest proposes commands. The Model in this
// package composes them: it routes messages and keys, and lays the panes out.
//
// What a speaker uses is in the stage (stage.go): lists of commands to choose from (package
// choice), cue sheets (package cues), snapshots (package snapshot) and large letters (package
// letters). Package plain is a mode of lines in place of the screens.
//
// Goroutines: feed.Feed.Run reads the cluster. Commands of Bubble Tea run verbs and ask for
// snapshots. Everything else, all state of the panes included, belongs to the goroutine that calls
// Update and View.
//
// A pane is drawn again after every message that may change it, but its rows reach the terminal
// only if they differ. An idle screen writes nothing.
//
// The screens beside the ring are pages (package page): each is a package of its own that draws all
// rows between the title and the prompt. A new one is a package with a page.Page, and one line in
// newPages.
//
// Two futures of a simulated run are two models side by side that get the same keys (duo.go).
//
// To begin reading: model.go routes messages, keys.go is the table of keys of all screens,
// layout.go places the panes.
package tui

// Package tui shows a cluster on a terminal: a renderer of view.Cluster.
//
// A reader goroutine (feed.go) buffers the cluster's events; the model takes
// what has gathered at most thirty times a second, reduces it into the View,
// and draws again only the panes whose content changed. Each pane is one file.
// Panes draw on a canvas of cells that accepts printable text only, so nothing
// a key, a value or a remote error holds can reach the terminal as an escape.
package tui

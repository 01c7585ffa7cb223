// Package state holds what all panes of the screens read: the view of the cluster, the chosen key,
// the selected node and the cluster's time.
//
// State is the only part of the screens that applies events to the view. Panes read it and do not
// change it; the model of package tui changes it when messages and keys arrive. All of this happens
// in the goroutine of Bubble Tea's Update and View, so State has no lock.
//
// Start reading with State.Apply.
package state

// Package playback defines a recording whose time the user of the screens controls.
//
// The screens show a Playback like a live cluster. Its own clock replaces the clock of the process,
// its keys replace those that change a cluster, and the title line shows its Progress. Package cli
// implements the interface for runs of the simulator.
package playback

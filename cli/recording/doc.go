// Package recording shows the past of a cluster: events that were recorded from a real cluster or
// from a simulated run. Time in a recording can be stopped, moved and run at another speed.
//
// Read decodes the lines that the command events writes with --json. New makes a Recording of
// events. A Recording is a verbs.Cluster and a tui.Playback, so verbs and screens show a recording
// as they show a cluster. Begin reading at Recording.
package recording

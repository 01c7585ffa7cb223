// Package log draws the events pane: the cluster's log, newest event at the top.
//
// The pane shows either the story, which is what happened to the cluster, or every message. A split
// makes every node suspect half of the cluster, so the beliefs of one node about several others
// share a row if they are close in time. A Model remembers the filter and the selected event. It
// belongs to the goroutine of Bubble Tea's Update and View. Start reading with Model.rows.
package log

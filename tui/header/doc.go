// Package header draws the title line: the cluster, its quorum, its faults and its load.
//
// The line is a list of segments with ranks. Where the line is too short, the segments of the
// highest rank are shortened first. The package keeps no state. Start reading with Draw.
package header

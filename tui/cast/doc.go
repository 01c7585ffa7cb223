// Package cast writes what a terminal shows as an asciicast (version 2), the format of asciinema: a
// line with the size and the start, and a line for each output with its time. A Recorder may be
// used by several goroutines.
package cast

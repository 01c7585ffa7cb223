// Package render writes what a cluster holds and does as text: names, clocks, versions, durations,
// counts, tables and events. The command line and the terminal screens share it, so that both use
// the same words and the same escaping.
//
// Every function is pure and returns text that is safe for a terminal: keys, values, node names
// and messages of other nodes go through package escape here. A caller may therefore print the
// result, and must not escape it again.
//
// An event has three forms, for three places:
//   - Describe returns a word, a tone and a text without the node's name, for a log with columns.
//   - Sentence returns a whole sentence, for the story of one request.
//   - Detail returns the event's fields in a fixed order, for a list of events.
//
// A Tone says what a piece of text means. A Painter maps tones to the sixteen colours of a
// terminal; the screens map them to colours of their own. A meaning never depends on colour alone.
//
// Start reading with event.go.
package render

// Package prompt is the command line at the bottom of the screens: the line that is typed, its
// history and completion, the command that runs, and the results of the commands before it.
//
// Commands run one at a time in goroutines of Bubble Tea, which report with a DoneMsg. A command
// that is entered while another runs waits in a queue, which a failure drops. The latest result is
// in sight; PgUp scrolls back to earlier ones. All state of a Model belongs to the goroutine of
// Bubble Tea's Update and View.
//
// Start reading with Model.Submit and Model.Run.
package prompt

// Package console is the surroundings of one command line: its streams, its environment and its
// working folder, and how it prints. Commands use a Console and nothing else of the process, so
// that tests and scripts can run them side by side.
//
// Data goes to Stdout, as text or, with JSON, as one object a line. Messages go to Stderr.
package console

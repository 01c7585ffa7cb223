// Package background keeps Bubble Tea from asking the terminal for its background colour when the
// program starts.
//
// Bubble Tea v1 asks in an init function. Every command of a program that imports Bubble Tea would
// write an escape sequence to the terminal and wait up to five seconds for the answer. That
// includes commands that draw no screen.
//
// The library termenv writes the sequence. While the environment variable CI is set, termenv takes
// standard output for something other than a terminal. So this package sets CI in its init
// function, and Restore sets CI back. Go initialises packages in the order of their import paths,
// as far as their imports allow. This package imports only syscall, and its path sorts before
// "time". It is therefore initialised before os, and so before Bubble Tea, because both need time.
//
// Package tui calls Restore in its init function, which runs after Bubble Tea's and before main. No
// function of this module and no child process sees the changed variable.
//
// A test of package cli runs the program on a pseudo-terminal. It checks that no command asks, and
// that the screens have colours.
package background

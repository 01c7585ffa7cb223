// Package background keeps Bubble Tea from asking the terminal for its background colour when the
// program starts.
//
// Bubble Tea v1 asks in an init function. Every command of a program that imports Bubble Tea, also
// one that draws no screen, would write an escape sequence to the terminal and wait up to five
// seconds for the answer.
//
// termenv, which does the asking, takes standard output for no terminal while the environment
// variable CI is set. So this package sets CI in its own init function, and Restore sets CI back.
// Go initialises packages in the order of their import paths, as far as their imports allow. This
// package imports only syscall, and its path sorts before "time". It is therefore initialised
// before os, and so before Bubble Tea, both of which need time.
//
// Package tui calls Restore in its init function, which runs after Bubble Tea's and before main.
// No code of this module and no child process sees the changed variable. When a screen begins, it
// asks the terminal itself (theme.New).
//
// A test of package cli runs the program on a pseudo-terminal and checks both.
package background

import "syscall"

// variable makes termenv take standard output for no terminal.
const variable = "CI"

// The variable as the program found it.
var (
	value string
	isSet bool
)

func init() {
	if value, isSet = syscall.Getenv(variable); value == "" {
		_ = syscall.Setenv(variable, "true") // on failure the terminal is asked, which is harmless
	}
}

// Restore gives the environment variable the value that it had when the program started.
func Restore() {
	if !isSet {
		_ = syscall.Unsetenv(variable)
		return
	}
	_ = syscall.Setenv(variable, value)
}

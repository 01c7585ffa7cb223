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

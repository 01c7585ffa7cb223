// Package exit says how a command ends: with an exit code for the shell, and with a code and a
// message for a program. The exit codes and the codes are a contract with scripts.
package exit

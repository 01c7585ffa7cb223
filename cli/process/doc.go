// Package process has the processes beside this one: the command that up runs, and the parent that
// up may end with.
//
// Run starts a command, passes signals on to it and returns its exit code. Parent.Await returns
// when another process has ended.
package process

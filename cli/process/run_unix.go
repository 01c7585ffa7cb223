//go:build unix

package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// passedOn are the signals that Run passes on.
var passedOn = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2,
}

// fromTerminal reports whether a terminal sends the signal to all processes in its foreground, and
// this process is one of them. The command is in the same group, and must not get a Ctrl-C twice:
// many programs take the second one as the wish to end at once.
func fromTerminal(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT {
		return false
	}
	group, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// ask asks a process to end.
func ask(p *os.Process) { _ = p.Signal(syscall.SIGTERM) } // it may have ended

// codeOf returns the exit code of a process as a shell has it.
func codeOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		const bySignal = 128
		return bySignal + int(ws.Signal())
	}
	return state.ExitCode()
}

package process

import "os"

// passedOn are the signals that Run passes on. A Ctrl-C of the console reaches all its processes.
var passedOn = []os.Signal{os.Interrupt}

// fromTerminal reports that each signal comes from the console.
func fromTerminal(os.Signal) bool { return true }

// ask ends a process: Windows has no signal that asks for the end.
func ask(p *os.Process) { _ = p.Kill() } // it may have ended

// codeOf returns the exit code of a process.
func codeOf(state *os.ProcessState) int { return state.ExitCode() }

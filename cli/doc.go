// Package cli is the command line. urfave/cli finds the command, package verbs parses its words,
// and the command runs.
//
// Most commands are verbs of package verbs, which act on one cluster and which the prompt of the
// screens shares. This package has the others: they start, list and delete clusters (up.go, ls.go,
// rm.go, demo.go), show the screens (tui.go), or are about the program (program.go). Commands with
// more code have packages of their own: paper, script (run) and simulate (sim).
//
// Run runs one command line. It uses of the process only what its Env has, so that scripts and
// tests run command lines side by side. Main is Run for the process, with its signals. A session
// is one command line that runs; app.go has the list of commands, and cluster.go connects to the
// cluster.
//
// To add a verb: write it in package verbs, and add it to the registry in verbs/verb.go. To add a
// command of another kind: write it here, and add it to listCommands. The contract test of JSON
// and exit codes then asks for a recording of the command.
package cli

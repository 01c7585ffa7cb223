// Package cli is the command line. urfave/cli finds the command, package verbs parses its words,
// and the command runs.
//
// Most commands are verbs of package verbs, which act on one cluster and which the prompt of the
// screens shares. This package has the others: they start, list and delete clusters (up.go, ls.go,
// rm.go, demo.go), show the screens (tui.go), or are about the program (program.go). Commands with
// more code have packages of their own: paper, script (run) and simulate (sim). up.go has up,
// running.go what ends a cluster and the command that runs in it, and serve.go starts the HTTP API
// (packages web and metrics).
//
// Run runs one command line. Run uses nothing of the process except its Env, so scripts and tests
// can run command lines side by side. Main calls Run with the arguments, streams and signals of the
// process. A session holds the state of one command line. app.go has the list of commands, and
// cluster.go connects to the cluster. session.finish (cli.go) prints the error of a command, which
// exit.As turns into an exit code and a message.
//
// CONTRIBUTING.md says how to add a verb or another command.
package cli

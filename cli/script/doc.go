// Package script runs .txtar scripts with testscript: in a shell with ringside run, and under go
// test. Both use Params, so that a script behaves the same in both.
//
// Each script has a fresh home for its clusters. The command ringside of a script runs in this
// process; exec ringside starts a process of its own. When a script ends, for whatever reason, its
// clusters are taken down: those that a Host keeps, and those of processes that the script left.
//
// Lines of ringside have the double quotes of a shell, which testscript does not know; quote.go
// translates them. Find looks for scripts in files, in folders and among those that the program
// has embedded.
//
// The package does not know the commands. Its caller passes a Program that runs one command line.
package script

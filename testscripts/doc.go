// Package testscripts holds scenarios as scripts: each is a .txtar file whose first line names the
// sections of the paper that it shows. go test runs all of them here, and ringside run NAME runs
// one anywhere, because the program has them embedded.
//
// A new scenario is a new file. It waits for conditions and never sleeps.
package testscripts

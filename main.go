// Ringside is Amazon's Dynamo on one machine, made to be watched: a store of
// replicated keys whose failures, conflicts and repairs anyone can provoke and see.
package main

import (
	"os"

	"ringside/cli"
)

func main() { os.Exit(cli.Main(os.Args)) }

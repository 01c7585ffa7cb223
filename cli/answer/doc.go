// Package answer puts what a command prints with --json, its messages and its exit code into one
// JSON object. The command exec prints an Answer for each line, and the HTTP API replies with one.
//
// The package knows the verbs of package verbs, and runs them by Run. Its callers run other
// commands themselves, and pass New what these printed.
package answer

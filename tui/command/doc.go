// Package command reads lines of the prompt with the registry of package verbs, and writes lines
// that the registry reads.
//
// The screens must know what a line is about before or after it runs: the key that it reads or
// writes, the context that it saves. A Command answers that for every verb of the registry, so the
// screens have no list of verbs of their own. The package keeps no state.
package command

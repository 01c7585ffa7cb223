//go:build mutants

package mutant

var on Name

// Set switches one bug on and all others off. No node may be running.
func Set(n Name) { on = n }

// Is reports whether a bug is switched on.
func Is(n Name) bool { return n == on }

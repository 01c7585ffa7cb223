// Package buildinfo says which program this is. All values come from what the Go toolchain
// records in a binary, so a build needs no flags of its own.
package buildinfo

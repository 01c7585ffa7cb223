// Package mergefuzz looks for faults in a merge function: what an application does with the
// siblings of a key (§4.4). Search plays random histories of clients on the sides of partitions,
// and checks the laws of the merge on the values that arise. A history that breaks a law shrinks to
// a few steps.
//
// A Merge is any function of JSON values. Command runs a program as a Merge, and Run is the command
// fuzz-merge. Begin reading at Search, then play in history.go.
package mergefuzz

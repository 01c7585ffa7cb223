// Package shrink makes failing runs smaller. It leaves out clients, keys, nodes, faults and
// operations, and simplifies the rest, as long as the same property fails. The result is a plan of
// a few lines, which Report writes as a script with remarks about what happened.
//
// Every candidate is played, so shrinking depends on the independence of random decisions that
// package rng provides. Begin reading at Search.
package shrink

// Package usage marks errors that are due to what a caller asked for: a name that is not valid, a
// node that does not exist, flags that exclude each other. Such an error says what to do instead,
// and nothing was changed. Every other error is a fault of the system.
package usage

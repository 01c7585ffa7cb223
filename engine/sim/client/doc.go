/*
Package client is the clients of a simulated cluster. Clients get, put and delete a few keys through
the nodes that the plan names. Each client has a memory of contexts of its own, and presents an old
context at times.

# Main types

	Clients       the clients of a plan, at work
	Operation     one operation and its outcome as its client saw it
	Observer      what a checker is told of operations (package check implements it)
	Observation   the record of an operation that a finished run keeps

A client begins an operation when its time has come and the previous operation has ended. An
operation ends with a reply or after Timeout. All of this belongs to the goroutine of the World.
Begin reading in client.go.
*/
package client

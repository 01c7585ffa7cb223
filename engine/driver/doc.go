/*
Package driver carries out the outputs of an engine.Node in the order that the contract of package
engine demands. The package is pure. Localcluster drives real nodes with it, and the simulator
drives simulated nodes with it, so the simulator tests the code that the program ships.

# Terms

	turn      the steps between two calls of EndTurn; they share one batch
	batch     writes that the store takes as a whole or not at all
	effects   the events, messages and replies of steps
	run       the life of a node from its start to its crash

# Use

	d := driver.New(store, options)
	node, out, err := engine.New(config, d.Reader(), now)
	d.Start(node, out)
	act := d.EndTurn(now)                  // and after each group of calls of Step

The owner carries out an Action in this order. If Began is set, the owner first makes durable what
it keeps of the run outside the store. Then the Effects leave: Events, Messages, Replies. Then the
owner applies Batch with Apply of the store, and calls Durable when the batch is on stable storage.
If Apply fails, the owner calls Crash and starts the node again on the reopened store.

# Invariants

Without an object buffer nothing of a turn leaves before the turn's batch is durable, and no step is
taken meanwhile (Busy). With an object buffer (§6.1) events leave at once. An Output that is Durable
waits until all writes before it and in it are on disk. At most one batch is being written. The
store always holds a prefix of the order of the node's writes.

Nothing of a run leaves before the first batch of the run is durable. That batch holds the node's
incarnation. So an owner that trusts a doubtful disk when Began is set does not trust the disk too
early.

A Driver belongs to one goroutine. Begin reading in driver.go.
*/
package driver

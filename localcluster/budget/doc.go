// Package budget bounds the memory of all queues of one process, however many queues there are.
//
// A Budget has three pools, so that no pool waits for itself. In holds the inputs that wait for a
// node's loop. The loop never waits for a pool, so In always drains. Therefore the readers of
// connections always make progress, and Out, which holds the frames that wait to be written, drains
// also. Work holds the clients' requests that a node works on, which end by their time-outs.
//
// In each pool a queue has an Account, which may grow to a part of the free bytes. So a queue that
// stands still stops growing while there is room for others, and no account reaches the last bytes.
// The idea is from Choudhury and Hahne, "Dynamic queue length thresholds in a shared memory ATM
// switch" (1996). With a accounts the part is 1/(2√a). A node that stands still stops all √a links
// to it, and these leave more than half of the pool to the others. An empty account may take one
// frame of any size that fits into half of the free bytes.
//
// Each pool keeps a reserve for refusals: a request that is read only to be refused, a short reply.
package budget

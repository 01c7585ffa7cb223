// Package ringsidetest runs an application's own tests against a Dynamo-style store with real
// failures. A test starts a cluster in memory, in milliseconds, gives the application a client,
// breaks the network, lets it heal, and checks what became of the data.
//
//	func TestCartSurvivesPartition(t *testing.T) {
//		c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 5})
//		shop.Add(c.Client(), "cart", "tea")
//		left, right := c.Split("cart")
//		shop.Add(left, "cart", "milk")
//		shop.Add(right, "cart", "eggs")
//		c.Heal()
//		c.WaitConverged()
//		c.Siblings("cart", 2)
//		shop.Show(left, "cart") // must show all three
//		c.NothingLost()
//	}
//
// The cluster is the one of the command ringside: nodes with loopback TCP between them, sloppy
// quorums, hinted handoff, vector clocks and anti-entropy. Only the disks are in memory.
//
// Start returns a Cluster. Its Client reads and writes bytes. Of wraps a Client for values of one
// type, with a Codec that says how siblings merge; CheckMerge checks the laws of that merge. Faults
// are Partition, Kill, Pause, Slow, Loss, Skew and others. Wait and WaitConverged wait for a
// condition, with a bound, so that a test needs no sleep. NoSiblings, Siblings and NothingLost are
// assertions.
//
// When a test has failed, its log has the latest requests drawn message by message, and the name of
// its capsule: ringside open FILE shows the run on the screens, forwards and backwards, and
// ringside diff A B tells where two runs part. The variable RINGSIDE_ARTIFACTS, or go test
// -artifacts, chooses a folder for capsules that a CI job keeps.
//
// The module testdata/shop is an application with such tests.
package ringsidetest

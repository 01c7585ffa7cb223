/*
Package quorum decides which nodes a get or a put asks, and when their answers are enough (§4.5 and
§4.6 of the Dynamo paper).

A Write belongs to one put, a Read to one get. Both know the key's preference list, and which nodes
were asked. The coordinator sends the messages, and tells the Write or the Read what came of them.
The package knows neither the node nor its messages.

With a sloppy quorum "all read and write operations are performed on the first N healthy nodes from
the preference list". A node that takes the place of a home is a fallback. A strict quorum has homes
only.

Invariants:

  - A node is asked once, except that a Read may ask homes again.
  - A node counts once toward W or R, however often it answers.
  - Every node of Plan.Assigned gets one replica, and every home is in Plan.Assigned or
    Plan.Missing.

A Write and a Read belong to the goroutine that steps the node. They have no lock. Begin reading
with Write.Plan and Read.Enough.
*/
package quorum

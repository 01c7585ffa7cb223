/*
Package admission is the controller that makes background work yield to clients' requests (§6.5 of
the Dynamo paper): "background tasks were integrated with an admission control mechanism. Each of
the background tasks uses this controller to reserve runtime slices of the resource", "a feedback
mechanism based on the monitored performance of the foreground tasks is employed to change the
number of slices". The paper's example is how close the 99th percentile of database reads, over the
last 60 seconds, is to 50 ms.

A Controller grants bytes a second to background work, and adjusts the slice, which is the granted
part of the full rate. It measures how long replicas take to answer clients' requests. That time
includes the disks and the queues of both nodes. The package knows neither the node nor its tasks.

Deviation: after a second in which no client waited, the slice is whole again and the last minute is
forgotten. Otherwise a rush would delay the delivery of hints for a minute in which no client gains
by the delay.

Invariants:

  - MinSlice <= Slice <= 1. Background work never starves, because replicas must converge.
  - The budget never exceeds Part(burst). It may be negative: the last task may have taken more
    bytes than were left.

A Controller belongs to the goroutine that steps its node. It has no lock.
*/
package admission

// Package tombstone decides when a tombstone may be collected (§4.4, beyond the paper). It knows no
// node: the node sends the questions and answers, reads the store and supplies the time.
//
// A delete leaves a tombstone, which supersedes whatever version it descends from. The tombstone
// may go once no ancestor is left anywhere: on no disk, in no memory and in no message. The first
// home of the key asks all members twice, one grace apart:
//
//   - To the first question a member agrees if it holds nothing of the key but the tombstone. From
//     then on it watches the key. The watch ends if the member stores anything else of the key, if
//     the membership changes, or if the member restarts or stands still for long.
//   - To the second question a member agrees if its watch has not ended.
//
// A message that was under way at the first question arrives within the grace. It is then
// superseded by the tombstone, or ends a watch. So if all members agree twice, no ancestor is left
// and none can come back, and the node asks all members to drop the tombstone.
//
// Batches is the side that asks, Watches the side that answers. Both belong to one goroutine. Begin
// reading with Batch.
package tombstone

/*
Package view reduces the events of a cluster to the state that people and scripts see. It is the
only reducer of events: screens, status and the assertions of scripts read a Cluster and nothing
else.

Cluster is the state, and Apply changes it by one event. Node, Key and Request are its parts.
Applying the events of a snapshot and then those of the stream gives the same state as applying the
whole stream, except for the logs, the sums of Healing, and Key.Past: a snapshot does not have what
happened before.

Invariants: a Cluster is bounded, however many events it sees, and any event may be applied, also
one of a forged recording. A Cluster belongs to one goroutine. Begin reading at Cluster and Apply.
*/
package view

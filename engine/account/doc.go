/*
Package account accounts for what became of each write of a cluster, and explains why a key looks as
it does. It reads the events of the cluster and nothing else, so a live cluster, a simulation and a
recording get the same answers.

An Account takes the events of a complete stream with Apply: those that the cluster remembers, then a
snapshot with the replicas of the keys in question, then what happened since. It then answers
questions. Writes says what became of writes, and Count counts their fates. Why explains a key, and
WhyRequest explains one request. Verdict has the facts about the end of a request, for all who put them
into words.

Invariants: an Account never takes a sample for the whole. Known says from which moment on the stream
was complete, and what happened before is unknown. A write is identified by its key and its dot,
because the numbers of requests begin anew with each run of a cluster. Texts are safe for a terminal.
An Account is as large as the events that it was given, so its caller bounds them. It belongs to one
goroutine.

Begin reading at Account.Apply, then Account.Writes.
*/
package account

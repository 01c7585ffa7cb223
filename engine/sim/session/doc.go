/*
Package session turns the events of a live cluster into a plan of the simulator, so that a session
with real nodes can be played again, and branched (package fork).

Export reads all events from the first one on. The plan has the settings of the cluster, the
requests of clients with the nodes that coordinated them and with their contexts, the faults, and
the changes of the membership, each at its time. Notes list what the script language cannot say. A
session whose beginning is not recorded is refused, because nodes would hold versions that no
request of the plan writes.

A request does not tell its context. requests.go finds it: the past of a new version is the context,
joined with what the coordinator knew to be superseded, and a context comes from the reply to an
earlier request (§4.4).

Begin reading in session.go.
*/
package session

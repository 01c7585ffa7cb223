/*
Package event defines the events of a cluster: what its nodes and its driver report. Screens,
status, traces and the assertions of scripts read nothing else (see package view), so a live
cluster, a simulation and a recording look alike.

Event is one value for all kinds, because a node emits events on its hottest paths: an event costs
no allocation of its own. Each Kind documents the fields that its events set, and the section of the
paper that it shows. Check holds an event to that.

Invariants: events never change what a node does. An event is immutable once it was emitted, and its
slices may be shared by all readers. The encoding in JSON (json.go) is part of the command line's
contract: fields may be added, none may go.

All functions are pure. Begin reading at Kind and Event.
*/
package event

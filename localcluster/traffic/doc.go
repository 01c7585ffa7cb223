// Package traffic counts the bytes of messages between nodes, and between clients and nodes, by
// what they are sent for. The names of the mechanisms are those of the simulator's measures, but
// hints and acknowledgements have names of their own: an acknowledgement does not say what it is
// for.
package traffic

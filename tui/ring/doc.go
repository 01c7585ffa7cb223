// Package ring draws the ring pane: the key space, and the network inside of it.
//
// The outer ring is the key space. It begins at the top and runs clockwise; its arcs have the
// colours and labels of their owners. The inner mesh is the network: one sign for each node and the
// links between them. A node owns many arcs, so it has no single place on the outer ring.
//
// A digit in this pane is always a node. Ranks for the shown key are written 1st, 2nd, 3rd.
//
// Drawing is the most expensive of all panes, so the model draws the ring again only when Signature
// changes. Start reading with Model.Draw.
package ring

// Package nodes draws the table of the cluster's nodes, and moves the selection in it.
//
// Columns give way where the table is narrow, and the headings become part of the border where it
// is short. The selection itself is part of state.State, because the ring and some keys read it.
// Start reading with Model.Draw.
package nodes

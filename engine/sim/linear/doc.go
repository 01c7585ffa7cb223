// Package linear asks porcupine whether the history of a simulated run is linearizable: whether it
// could have come from one copy of each key. Many histories of a Dynamo are not, since the paper
// gave linearizability up for availability (§1, §2.1, "eventually consistent").
//
// Each key is judged as a register. A get that returns siblings is right if the register's value is
// among them. A history is illegal if a read is stale, or if it no longer shows a write that an
// earlier read had shown.
//
// Check judges a history. Scenarios lists committed seeds, each with its reason. Begin reading at
// Check.
package linear

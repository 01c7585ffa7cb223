// Package keyrange names key ranges across changes of the ring. A ring.Range belongs to one ring.
// An ID says which part of the key space a message, a tree or a transfer is about, and finds the
// range on another ring if that ring has the same one.
package keyrange

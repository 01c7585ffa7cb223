/*
Package escape makes untrusted bytes safe for a terminal and for lines of JSON. Keys, values, node
names and the errors of other nodes may have control characters, escape sequences, bidirectional
marks and invalid UTF-8. A program that writes any of them to a terminal passes it through this
package.

Invariants: the results have printable runes only, and Terminal never returns the same text for two
inputs. Typed may: it is for text that the reader typed and not for data. All functions are pure.
*/
package escape

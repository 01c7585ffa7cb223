/*
Package escape makes untrusted bytes safe for a terminal and for lines of JSON. Keys, values, node
names and the errors of other nodes may have control characters, escape sequences, bidirectional
marks and invalid UTF-8. A program that writes any of them to a terminal passes it through this
package.

Invariant: the results have printable runes only, and Terminal never returns the same text for two
inputs. All functions are pure.
*/
package escape

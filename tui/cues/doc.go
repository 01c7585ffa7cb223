/*
Package cues reads cue sheets, and shows where a speaker stands in one.

A cue sheet is a text with one command of the prompt a line. Lines that begin with # are notes to
the cue after them. Empty lines mean nothing.

	# Two shoppers share a cart.
	put cart milk --save @cart
	# The network splits between them.
	partition n1,n2 n3,n4,n5

A Sheet does not change after Parse. A Model remembers the position, and belongs to the goroutine of
Bubble Tea's Update and View.
*/
package cues

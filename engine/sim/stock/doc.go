/*
Package stock plays simulated clusters whose nodes hold many keys from the beginning. It measures
what it costs to compare, move and scan them, and what that costs clients.

	Keys       the keys and their versions
	Compare    two nodes compare what they hold (§4.7)
	Move       a node joins or leaves (§4.9, §6.2)
	Contend    background work and clients compete for the disks (§6.5)
	ArchiveOf  what a copy of a partition would scan (§6.2), without playing anything

The clusters are those of package kernel, so messages have their real sizes and times are virtual.
No checker judges them: package sim does that for the same code. Equal arguments give equal results.

Begin reading at Compare.
*/
package stock

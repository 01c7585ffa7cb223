/*
Package vclock has the versions of objects of §4.4: vector clocks, dots and siblings.

A Version has its own Dot, which is the one event that made it, and its Past, which is the context
that its writer had seen. The vector clock of the paper is the past with the dot added. With dot and
past apart, a coordinator can accept puts of two clients with the same old context without losing
the first put (dotted version vectors, Preguiça et al. 2010). Siblings are the versions of one key
that no other version supersedes.

Clocks, versions and siblings are immutable, so any goroutine may share them. Merge, of clocks and
of siblings, is commutative, associative and idempotent. Begin reading at Dot, Version and Siblings.
*/
package vclock

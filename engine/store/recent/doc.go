/*
Package recent keeps the values that a store has read or written recently, in a fixed part of memory.
A value in a Cache costs a put less than a search in the tables of a database (§5: the local
persistence engine).

A Cache takes its memory from its caller, so that the memory can lie outside of the heap of Go. The
garbage collector then neither scans the values nor counts them. A Cache may forget any value at any
time. It never returns a value other than the last one that was put under the key.

The memory is a sequence of chunks. New entries go to the end of the current chunk. When all chunks
are full, the oldest one makes room: entries that were used since it last made room stay, and the
others are forgotten.

A Cache belongs to one goroutine at a time. Begin reading at Cache.
*/
package recent

/*
Package level is the store.Store on disk, over goleveldb. It is one of the local persistence engines
of §5, which can be exchanged. goleveldb is no longer maintained, so no other package uses it.

Open opens the database in a folder and returns a Store and a Report. It distinguishes what a killed
process leaves behind (tail.go) from damage. Damage makes the report say Recovered until the caller
calls Store.Trust (doubt.go).

Files differ from those of goleveldb in three ways. A journal whose batches are flushed is filled
with zeros ahead of its end (journal.go). Tables are written in turns, with rests (table.go). Only
the owner of the folder may use the files (disk.go).

A Store keeps the values that were read or written recently in memory (values.go). Scans always read
the database.

One goroutine may read a Store while another one applies a batch. Begin reading at Open.
*/
package level

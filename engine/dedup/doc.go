/*
Package dedup recognizes messages that a network delivers twice.

A repeated message is harmless where its receiver merges what it is sent. A put that another node
forwards is different: coordinating it twice would write two versions. The receiver therefore keeps
a Window for each sender.

A Window belongs to the goroutine that steps its node. It has no lock.
*/
package dedup

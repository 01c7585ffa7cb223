/*
Package record encodes and decodes all that a node keeps in its store: the keys and the values of
each space (§4.3, §4.4, §4.6, §4.8.1). No other package builds or takes apart a stored key, or
encodes or decodes a stored value.

	space        key                                  value
	store.Data   position (16 bytes), key             Record
	store.Hints  home's name, zero byte, data key     Record
	store.Own    data key                             Own
	store.Meta   "self"                               Self
	             "history"                            Membership with Changes
	             "range/", start, end (16 bytes each) Membership with Pending or Lost
	             "floor", part of the ring (2 bytes)  Own

Merkle trees are not stored. A node builds them from the records when it starts.

A position is the MD5 of its key, so the records of a key range are neighbours in the store.

Each value has a format byte, a checksum and a protobuf message. A Decode function returns an error
that wraps store.ErrCorrupt for a value that no Encode function of the same kind wrote. The bytes
are those that earlier versions of the program wrote. A changed encoding needs a format byte of its
own, and the package must read both.

Files: key.go has the keys, value.go the values, header.go the format byte and the checksum.

All functions are pure. A Decoder belongs to one goroutine. Begin reading at DataKey and Encode.
*/
package record

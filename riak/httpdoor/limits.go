package httpdoor

import (
	"time"

	"ringside/engine/wire"
)

const (
	// maxConns bounds the connections of one node, and so its requests at a time.
	maxConns = 256
	// maxHeader bounds the bytes of a request's header, which may hold a vclock and metadata of the
	// largest size.
	maxHeader = 256 << 10
	// maxBody bounds the body of a request: a value, or properties.
	maxBody = wire.MaxValue
	// smallBody is the size up to which a body needs no slot. maxConns of them take 16 MiB.
	smallBody = 64 << 10
	// bigBodies bounds the larger bodies that are in memory at once.
	bigBodies = 32
	// longList is the size from which a list is sent before it is complete.
	longList = 256 << 10
	// headerTime bounds how long a client may take to send the header of a request.
	headerTime = 10 * time.Second
	// bodyTime bounds how long a client may take to send the body of a request.
	bodyTime = 30 * time.Second
	// writeTime bounds how long a client may take to read an answer, or a part of a stream.
	writeTime = 30 * time.Second
	// idleTime is how long a connection without a request is kept.
	idleTime = 2 * time.Minute
	// maxTimeout bounds the timeout that a request asks for.
	maxTimeout = time.Hour
	// maxWalked bounds the objects that one walk along links reads, and maxWalkedBytes their values.
	maxWalked      = 256
	maxWalkedBytes = 8 << 20
	// walkExpiry is how long a client may keep what a walk found, as in Riak.
	walkExpiry = 10 * time.Minute
)

package httpdoor

import (
	"time"

	"ringside/engine/wire"
)

const (
	// maxConns bounds the connections of one node. Further ones wait until one ends.
	maxConns = 1024
	// maxRequests bounds the requests that one node serves at a time, and so the answers that are in
	// memory until their clients have read them. An answer has at most wire.MaxRecord bytes of values.
	maxRequests = 128
	// maxHeader bounds the bytes of a request's header, which may hold a vclock and metadata of the
	// largest size.
	maxHeader = 192 << 10
	// maxBody bounds the body of a request: a value, or properties.
	maxBody = wire.MaxValue
	// longList is the size from which a list is sent before it is complete.
	longList = 256 << 10
	// headerTime bounds how long a client may take to send the header of a request.
	headerTime = 10 * time.Second
	// bodyTime bounds how long a client may take to send the body of a request.
	bodyTime = 30 * time.Second
	// writeTime bounds how long a client may take to read an answer, or a part of a stream.
	writeTime = 30 * time.Second
	// idleTime is how long a connection without a request is kept.
	idleTime = time.Minute
	// maxTimeout bounds the timeout that a request asks for.
	maxTimeout = time.Hour
	// maxWalked bounds the objects that one walk along links reads, and maxWalkedBytes their values.
	maxWalked      = 256
	maxWalkedBytes = 8 << 20
	// walkExpiry is how long a client may keep what a walk found, as in Riak.
	walkExpiry = 10 * time.Minute
)

package pbdoor

import (
	"time"

	"ringside/riak/rpb"
)

const (
	// maxConns bounds the connections of one node. A client that opens more is closed at once.
	maxConns = 1024
	// smallFrame is the size up to which a frame needs no slot. maxConns of them take 64 MiB.
	smallFrame = 64 << 10
	// bigFrames bounds the larger frames that are in memory at once, in each direction, so that
	// they take 16 * rpb.MaxRequest when they arrive.
	bigFrames = 16
	// maxFrame bounds the frame of a request.
	maxFrame = rpb.MaxRequest
	// bodyTime bounds how long a frame takes from its first byte to its last one.
	bodyTime = 30 * time.Second
	// writeTime is how long a client may take to read a reply; it is cut off by twice that.
	writeTime = 30 * time.Second
	// keptBuffer is the largest buffer that a connection keeps for its next frame.
	keptBuffer = 16 << 10
	// acceptPause is how long a listener waits when the system has no connection to give.
	acceptPause = 50 * time.Millisecond
)

package link

import (
	"time"

	"ringside/localcluster/transport"
)

// A writing says which goroutine writes to a connection.
type writing int

const (
	noWriter     writing = iota
	loopWrites           // the node's loop, in push
	writerWrites         // the connection's own goroutine
)

// push writes the messages that wait, as far as that needs no waiting, and leaves the rest to the
// writer of the connection. The caller is the node's loop and holds Network.mu for reading.
func (k *link) push() {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.sending
	switch {
	case !k.waits():
		return
	case c == nil || c.over || c.writing != noWriter || c.rest != nil || c.told != k.cuts || len(k.late) > 0:
		k.flush()
		return
	}
	frames := k.out.Take()
	c.writing = loopWrites
	c.used.Store(true)
	k.mu.Unlock()
	n := c.direct.Write(frames)
	k.mu.Lock()
	c.writing = noWriter
	switch {
	case n == len(frames):
		k.out.Reuse(frames)
	case c.over: // the end of a frame is lost
		_ = c.conn.Close()
		k.out.Reuse(frames)
	default:
		c.rest, c.restOf = frames[n:], frames
	}
	if c.rest != nil || k.sending != c {
		notify(c.wake)
	}
}

// endWriter discards what the writer of a connection leaves.
func (k *link) endWriter(c *connection) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.over = true
	k.out.Reuse(c.restOf)
	c.rest, c.restOf = nil, nil
}

// taken is what a writer has to do.
type taken struct {
	frames  []byte        // to be written now
	whole   []byte        // the frames that frames is the end of
	cuts    uint64        // how often the link was cut before it got the frames
	tell    bool          // the peer does not know of cuts
	due     time.Duration // when the next delayed message leaves; 0 if there is none
	retired bool          // the connection no longer carries the messages of the link
}

// take returns the frames that may be written to c now.
func (k *link) take(c *connection) taken {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case c.writing == loopWrites: // which wakes the writer if there is more to do
		return taken{}
	case c.rest != nil:
		t := taken{frames: c.rest, whole: c.restOf}
		c.rest, c.restOf, c.writing = nil, nil, writerWrites
		return t
	case k.spare == c:
		c.writing = noWriter
		return taken{}
	case k.sending != c:
		c.writing = noWriter
		return taken{retired: true}
	}
	t := taken{cuts: k.cuts}
	if len(k.late) > 0 {
		now, i := k.e.net.o.Now(), 0
		for ; i < len(k.late) && k.late[i].due <= now; i++ {
			k.out.Add(k.late[i].payload)
			k.lateSize -= transport.FrameSize(k.late[i].payload)
			k.late[i].payload = nil
		}
		if k.late = k.late[i:]; len(k.late) > 0 {
			t.due = k.late[0].due
		} else {
			k.late = nil
		}
	}
	c.writing = noWriter
	if t.frames = k.out.Take(); len(t.frames) > 0 {
		t.whole, t.tell = t.frames, c.told != k.cuts
		c.writing, c.told = writerWrites, k.cuts
		c.used.Store(true)
	}
	return t
}

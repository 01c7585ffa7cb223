package transport

import (
	"context"
	"net"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
)

// refuseTime bounds how long a node waits for the rest of a request that the node reads only to
// refuse it: other requests wait for the same memory.
const refuseTime = time.Second

// ClientShare is the divisor of the memory and of the inbox that clients may fill. The rest is for
// peers, whose messages end requests instead of beginning them.
const ClientShare = 2

// A Reader reads the frames of a connection. It takes the memory of a frame from a pool of the
// budget when the frame's header arrives, and gives it back before the next frame.
type Reader struct {
	conn    net.Conn
	frames  *wire.FrameReader
	pool    *budget.Pool
	account *budget.Account
	end     <-chan struct{} // closed when the connection's owner ends
	refuses bool            // a frame without memory is read to be refused; false: it is waited for
	refused bool            // the last frame
	taken   int             // bytes of the last frame that the Reader has to give back
}

// NewReader returns a reader of frames of at most limit bytes. If there is no memory for a frame,
// the Reader waits, until end is closed.
func NewReader(conn net.Conn, limit int, pool *budget.Pool, end <-chan struct{}) *Reader {
	r := &Reader{conn: conn, frames: takeFrameReader(conn, limit), pool: pool, account: pool.Open(), end: end}
	r.frames.Admit = r.admit
	return r
}

// NewRequestReader returns a reader of clients' requests. If there is no memory for a request, the
// Reader takes it from the reserve and marks the request as Refused.
func NewRequestReader(conn net.Conn, pool *budget.Pool, end <-chan struct{}) *Reader {
	r := NewReader(conn, MaxRequest, pool, end)
	r.refuses = true
	return r
}

// Next gives back the memory of the last frame and reads the next one. The frame is valid until the
// next call.
func (r *Reader) Next() ([]byte, error) {
	r.GiveBack()
	if r.refused {
		r.refused = false
		_ = r.conn.SetReadDeadline(time.Time{})
	}
	return r.frames.Next()
}

// Refused reports whether the last frame was read only to be refused.
func (r *Reader) Refused() bool { return r.refused }

// GiveBack gives back the memory of the last frame. The caller needs the frame no longer.
func (r *Reader) GiveBack() {
	r.account.Give(r.taken)
	r.taken = 0
}

// Detach hands the memory of the last frame to the caller, who gives size bytes back to the
// account.
func (r *Reader) Detach() (account *budget.Account, size int) {
	size, r.taken = r.taken, 0
	return r.account, size
}

// Close ends the Reader, but not the connection. The last frame is no longer valid.
func (r *Reader) Close() {
	r.GiveBack()
	r.account.Close()
	freeFrameReader(r.frames)
	r.frames = nil
}

// admit takes the memory for a frame of size bytes.
func (r *Reader) admit(size int) error {
	take := func() bool { return r.account.Take(size, 1) }
	if r.refuses {
		if r.account.Take(size, ClientShare) {
			r.taken = size
			return nil
		}
		r.refused = true
		_ = r.conn.SetReadDeadline(time.Now().Add(refuseTime))
		take = func() bool { return r.account.TakeReserved(size) }
	}
	if take() {
		r.taken = size
		return nil
	}
	for {
		freed := r.pool.Freed() // before take, so that no release is missed
		if take() {
			r.taken = size
			return nil
		}
		select {
		case <-freed:
		case <-r.end:
			return context.Canceled
		}
	}
}

package transport

import (
	"net"
	"syscall"
)

// A Direct writes to a connection without waiting: it writes what the system takes at once. The
// goroutine that has something to send then need not wake another one, which costs more than the
// write. A Direct is for one goroutine at a time.
type Direct struct {
	raw  syscall.RawConn // nil if the connection has no file descriptor
	left []byte
	n    int
	try  func(fd uintptr) bool
}

// NewDirect returns the Direct of a connection.
func NewDirect(conn net.Conn) *Direct {
	d := &Direct{}
	if c, ok := conn.(syscall.Conn); ok {
		d.raw, _ = c.SyscallConn()
	}
	d.try = func(fd uintptr) bool {
		d.n = writeOnce(fd, d.left)
		return true // do not wait until more can be written
	}
	return d
}

// Write writes the front of b and returns its length, which is 0 if the connection is full or
// broken. The caller leaves the rest to a goroutine that can wait, and that meets the error.
func (d *Direct) Write(b []byte) int {
	if d.raw == nil {
		return 0
	}
	d.left, d.n = b, 0
	err := d.raw.Write(d.try)
	d.left = nil
	if err != nil {
		return 0
	}
	return d.n
}

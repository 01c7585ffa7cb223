package target

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/riak/rpb"
)

const (
	// greetTime bounds how long the first connection to a host waits for the answer to a ping.
	greetTime = time.Second
	// nudgeTime bounds how long a host that did not answer the ping has for the answer to nudge.
	nudgeTime = 500 * time.Millisecond
	// greetParts divides the time limit of a request. The ping has at most one part of it, and nudge
	// another one.
	greetParts = 4
	// maxBanner bounds the bytes of a foreign answer that an error shows.
	maxBanner = 40
)

// nudge ends a request of HTTP, whatever bytes it begins with. A server of HTTP answers that the
// request is bad. For protocol buffers it is the length of a frame that never comes.
const nudge = "\r\n\r\n"

// A NotRiak error says that a host's port does not speak Riak's protocol buffers. Nothing but pings
// and requests to read were sent.
type NotRiak struct {
	Host string
	Said string // the beginning of the answer; "" if the port closed the connection without one
}

func (e *NotRiak) Error() string {
	what := "this port closes connections without an answer, and does not speak Riak's protocol buffers"
	switch {
	case strings.HasPrefix(e.Said, httpBegin):
		what = "this is an HTTP port, which does not speak Riak's protocol buffers"
	case e.Said != "":
		what = fmt.Sprintf("this port does not speak Riak's protocol buffers, and its answer begins with '%s'",
			escape.TerminalShort([]byte(e.Said), maxBanner))
	}
	return e.Host + ": " + what
}

// httpBegin begins each answer of a server of HTTP.
const httpBegin = "HTTP/"

// pingSize is the size of the answer to a ping: a length of 4 bytes, and a code.
const pingSize = 5

// greet pings a new connection to a host that has not answered yet. It returns *NotRiak if the port
// speaks another protocol. silent means that the host may be slow, and that the connection is of no
// use.
func greet(ctx context.Context, c *conn, addr string, deadline time.Time) (silent bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // ends a read
	defer stop()
	limit := min(greetTime, time.Until(deadline)/greetParts)
	if err := c.send(time.Now().Add(limit), rpb.CodePingReq, nil); err != nil {
		return false, err
	}
	first, failed := c.in.Peek(pingSize)
	nudged := len(first) == 0 && isTimeout(failed) && ctx.Err() == nil
	if nudged {
		if err := c.SetDeadline(time.Now().Add(min(nudgeTime, limit))); err != nil {
			return false, err
		}
		if _, err := io.WriteString(c, nudge); err != nil {
			return false, err
		}
		first, failed = c.in.Peek(pingSize)
	}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case len(first) == 0 && isTimeout(failed):
		return true, nil
	case isPong(first):
		if nudged { // what follows nudge would not be a request
			return true, nil
		}
		_, _, err := c.receive(deadline)
		return false, err
	}
	said, _ := c.in.Peek(min(c.in.Buffered(), maxBanner))
	return false, &NotRiak{Host: addr, Said: string(said)}
}

// isPong reports whether an answer to a ping begins as one of Riak, which may be an Error.
func isPong(first []byte) bool {
	if len(first) < pingSize {
		return false
	}
	size, code := binary.BigEndian.Uint32(first), rpb.Code(first[pingSize-1])
	return code == rpb.CodePingResp && size == 1 || code == rpb.CodeError && size > 0 && size <= rpb.MaxReply
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

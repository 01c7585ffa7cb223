package pbdoor

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire"
	"ringside/riak/rpb"
)

const patience = 20 * time.Second

func frame(t *testing.T, code rpb.Code, m proto.Message) []byte {
	t.Helper()
	b, err := rpb.AppendFrame(nil, code, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp4", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// next reads a frame. It returns io.EOF if the server has closed.
func next(conn net.Conn) (rpb.Code, []byte, error) {
	code, body, err := rpb.ReadFrame(conn, rpb.MaxReply)
	var reset *net.OpError
	if errors.As(err, &reset) && !reset.Timeout() {
		err = io.EOF
	}
	return code, body, err
}

// A request during a list gets an Error, and the server closes.
func TestRequestDuringAStream(t *testing.T) {
	f := newFake(t)
	goOn, asked := make(chan struct{}), make(chan struct{}, 8)
	f.list = func(ctx context.Context, r wire.ListRequest) wire.ListReply {
		select {
		case asked <- struct{}{}:
		default:
		}
		if len(r.After) > 0 {
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		}
		return wire.ListReply{Keys: []wire.ListedKey{{Key: []byte("riak:default/b/k")}}, After: []byte("x"), More: true}
	}
	s := serveFake(t, f)
	conn := dial(t, s)
	_, _ = conn.Write(frame(t, rpb.CodeListKeysReq, &rpb.ListKeysReq{Bucket: []byte("b")}))
	if code, _, err := next(conn); err != nil || code != rpb.CodeListKeysResp {
		t.Fatal(code, err)
	}
	<-asked
	<-asked // the second page is under way
	_, _ = conn.Write(frame(t, rpb.CodePingReq, nil))
	var codes []rpb.Code
	var last []byte
	for {
		close1(goOn)
		code, body, err := next(conn)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		codes, last = append(codes, code), body
	}
	var e rpb.Error
	if n := len(codes); n == 0 || codes[n-1] != rpb.CodeError || rpb.DecodeBody(last, &e) != nil ||
		string(e.Errmsg) != errIntruded.Error() {
		t.Errorf("codes %v, then %q", codes, last)
	}
}

// close1 closes c if it is open.
func close1(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// After a list the connection goes on.
func TestRequestAfterAStream(t *testing.T) {
	conn := dial(t, serveFake(t, newFake(t)))
	for range 3 {
		_, _ = conn.Write(frame(t, rpb.CodeListKeysReq, &rpb.ListKeysReq{Bucket: []byte("b")}))
		if code, body, err := next(conn); err != nil || code != rpb.CodeListKeysResp || len(body) == 0 {
			t.Fatal(code, body, err)
		}
		_, _ = conn.Write(frame(t, rpb.CodePingReq, nil))
		if code, _, err := next(conn); err != nil || code != rpb.CodePingResp {
			t.Fatal(code, err)
		}
	}
}

// A frame that is too large gets an Error, and the server closes without reading it.
func TestFrameTooLarge(t *testing.T) {
	s := serveFake(t, newFake(t))
	in := append(binary.BigEndian.AppendUint32(nil, maxFrame+1), byte(rpb.CodePutReq))
	c := &tape{in: bytes.NewReader(append(in, make([]byte, 1<<20)...))}
	newConnection(s, c).serve()
	code, _, err := rpb.ReadFrame(&c.out, rpb.MaxReply)
	if err != nil || code != rpb.CodeError || c.in.Len() < 1<<19 {
		t.Errorf("code %d, %v, %d bytes were not read", code, err, c.in.Len())
	}
	if codes := play(t, s, binary.BigEndian.AppendUint32(nil, 0)); len(codes) != 0 {
		t.Errorf("an empty frame has the replies %v", codes)
	}
}

// The connection after the last one that there is room for is closed at once. A connection that
// ends makes room.
func TestTooManyConnections(t *testing.T) {
	s := serveFake(t, newFake(t))
	s.mu.Lock()
	held := make([]net.Conn, maxConns)
	for i := range held {
		held[i] = &tape{in: bytes.NewReader(nil)}
		s.conns[held[i]] = true
	}
	s.mu.Unlock()
	if _, _, err := next(dial(t, s)); err != io.EOF {
		t.Errorf("one connection too many: %v", err)
	}
	s.leave(held[0])
	conn := dial(t, s)
	_, _ = conn.Write(frame(t, rpb.CodePingReq, nil))
	if code, _, err := next(conn); err != nil || code != rpb.CodePingResp {
		t.Errorf("after one has ended: %d, %v", code, err)
	}
}

// Large frames wait for a slot, and small ones do not.
func TestLargeFramesWait(t *testing.T) {
	s := serveFake(t, newFake(t))
	for range bigFrames {
		s.in <- struct{}{}
	}
	large, small := dial(t, s), dial(t, s)
	put := frame(t, rpb.CodePutReq, &rpb.PutReq{Bucket: []byte("b"), Key: []byte("k"),
		Content: &rpb.Content{Value: make([]byte, 2*smallFrame)}})
	_, _ = large.Write(put)
	_, _ = small.Write(frame(t, rpb.CodePingReq, nil))
	if code, _, err := next(small); err != nil || code != rpb.CodePingResp {
		t.Fatal(code, err)
	}
	_ = large.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, _, err := next(large); err == nil {
		t.Error("a large frame has an answer while no slot is free")
	}
	<-s.in
	_ = large.SetReadDeadline(time.Now().Add(patience))
	if code, _, err := next(large); err != nil || code != rpb.CodePutResp {
		t.Error(code, err)
	}
}

// Close ends connections that wait, and returns.
func TestCloseEndsConnections(t *testing.T) {
	s := serveFake(t, newFake(t))
	conn := dial(t, s)
	_, _ = conn.Write(frame(t, rpb.CodePingReq, nil))
	if _, _, err := next(conn); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if _, _, err := next(conn); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
}

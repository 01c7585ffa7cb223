package pbdoor

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// A fakeCluster answers at once: a get finds nothing, a put is acknowledged. list answers lists.
type fakeCluster struct {
	set  settings.Cluster
	list func(ctx context.Context, r wire.ListRequest) wire.ListReply
}

func newFake(t testing.TB) *fakeCluster {
	t.Helper()
	set, err := settings.New("fake", settings.Cluster{Nodes: settings.NodeNames(3)})
	if err != nil {
		t.Fatal(err)
	}
	return &fakeCluster{set: set,
		list: func(context.Context, wire.ListRequest) wire.ListReply { return wire.ListReply{} }}
}

func (f *fakeCluster) Settings() settings.Cluster { return f.set }

func (f *fakeCluster) Do(ctx context.Context, _ string, req wire.ClientRequest) (wire.ClientReply, error) {
	switch r := req.(type) {
	case wire.GetRequest:
		return wire.GetReply{Replied: []string{"n1", "n2"}}, ctx.Err()
	case wire.PutRequest:
		return wire.PutReply{Siblings: 1, Acks: []string{"n1", "n2"}}, ctx.Err()
	case wire.ListRequest:
		return f.list(ctx, r), ctx.Err()
	}
	return wire.ForgetReply{Forgotten: true}, ctx.Err()
}

// serveFake returns a server without a listener, for connections that a test makes.
func serveFake(t testing.TB, f *fakeCluster) *Server {
	t.Helper()
	store := kv.NewStore(f, "n1")
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(ln, Options{Store: store, Node: "n1@127.0.0.1"})
	t.Cleanup(func() {
		_ = s.Close()
		store.Close()
	})
	return s
}

// A tape is a connection that reads recorded bytes, and records what is written.
type tape struct {
	in  *bytes.Reader
	out bytes.Buffer
}

func (t *tape) Read(b []byte) (int, error)       { return t.in.Read(b) }
func (t *tape) Write(b []byte) (int, error)      { return t.out.Write(b) }
func (*tape) Close() error                       { return nil }
func (*tape) LocalAddr() net.Addr                { return nil }
func (*tape) RemoteAddr() net.Addr               { return nil }
func (*tape) SetDeadline(time.Time) error        { return nil }
func (*tape) SetReadDeadline(time.Time) error    { return nil }
func (*tape) SetWriteDeadline(t time.Time) error { return nil }

// play serves one connection that carries in, and returns the codes of the replies. It fails the
// test if the replies are not frames with messages of their codes.
func play(t testing.TB, s *Server, in []byte) []rpb.Code {
	t.Helper()
	c := &tape{in: bytes.NewReader(in)}
	newConnection(s, c).serve()
	var codes []rpb.Code
	for {
		code, body, err := rpb.ReadFrame(&c.out, rpb.MaxReply)
		if err == io.EOF {
			return codes
		}
		m, known := rpb.NewBody(code)
		if err != nil || !known || m != nil && rpb.DecodeBody(body, m) != nil {
			t.Fatalf("the reply to %x is not a frame: code %d, %v", in, code, err)
		}
		codes = append(codes, code)
	}
}

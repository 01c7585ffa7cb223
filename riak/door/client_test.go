package door_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/localcluster"
	"ringside/riak/door"
	"ringside/riak/pbdoor"
	"ringside/riak/rpb"
)

// patience bounds each wait for a condition, and each answer.
const patience = 20 * time.Second

// A world is a cluster with the protocol-buffers door at free ports.
type world struct {
	*testing.T
	c     *localcluster.Cluster
	doors *door.Doors
	dead  bool
}

func newWorld(t *testing.T, o localcluster.Options) *world {
	t.Helper()
	if o.Home == "" {
		o.Home, o.Mem = t.TempDir(), true
	}
	c, err := localcluster.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, c: c}
	t.Cleanup(w.close)
	w.doors, err = door.Open(t.Context(), door.Options{Cluster: c, Services: []door.Service{pb(0)}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pb is the service of package pbdoor.
func pb(base int) door.Service {
	return door.Service{Name: "riak", Base: base, Serve: func(ln net.Listener, n door.Node) io.Closer {
		return pbdoor.Serve(ln, pbdoor.Options{Store: n.Store, Node: n.Name, Stalled: n.Stalled})
	}}
}

func (w *world) close() {
	if w.dead {
		return
	}
	w.dead = true
	if w.doors != nil {
		w.doors.Close()
	}
	_ = w.c.Close()
}

func nodes(n int) settings.Cluster { return settings.Cluster{Nodes: settings.NodeNames(n)} }

// inject does a fault.
func (w *world) inject(f fault.Fault) {
	w.Helper()
	if err := w.c.Fault(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// await waits until a condition holds.
func (w *world) await(what string, holds func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			w.Fatalf("%s: not after %v", what, patience)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// awaitPort waits until a node's port is open.
func (w *world) awaitPort(node string) {
	w.Helper()
	w.await(node+" has a port", func() bool { return w.doors.Addr(node, "riak") != "" })
}

// count returns how many events of a kind the cluster has had.
func (w *world) count(kind event.Kind, node string) (n int) {
	w.Helper()
	q := event.Query{Filter: event.Filter{Kinds: []event.Kind{kind}, Node: node}}
	err := w.c.Events(w.Context(), q, func(events []event.Event) error {
		for _, e := range events {
			if e.Kind == kind {
				n++
			}
		}
		return nil
	})
	if err != nil {
		w.Error(err)
	}
	return n
}

// A client is a client of Riak, with one connection.
type client struct {
	*testing.T
	conn net.Conn
}

// dial connects to a node.
func (w *world) dial(node string) *client {
	w.Helper()
	w.awaitPort(node)
	conn, err := net.Dial("tcp4", w.doors.Addr(node, "riak"))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = conn.Close() })
	return &client{w.T, conn}
}

// send sends a request.
func (c *client) send(code rpb.Code, req proto.Message) {
	c.Helper()
	frame, err := rpb.AppendFrame(nil, code, req)
	if err != nil {
		c.Fatal(err)
	}
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(frame); err != nil {
		c.Fatal(err)
	}
}

// do sends a request and returns the reply, which has the code want, or the text of an Error.
func (c *client) do(code rpb.Code, req proto.Message, want rpb.Code, reply proto.Message) string {
	c.Helper()
	c.send(code, req)
	got, body, err := rpb.ReadFrame(c.conn, rpb.MaxReply)
	if err != nil {
		c.Fatal(err)
	}
	if got == rpb.CodeError {
		var e rpb.Error
		if err := rpb.DecodeBody(body, &e); err != nil {
			c.Fatal(err)
		}
		return string(e.Errmsg)
	}
	if got != want {
		c.Fatalf("reply %d to request %d", got, code)
	}
	if reply != nil {
		if err := rpb.DecodeBody(body, reply); err != nil {
			c.Fatal(err)
		}
	}
	return ""
}

// ok fails the test if text is an error.
func (c *client) ok(text string) {
	c.Helper()
	if text != "" {
		c.Fatal(text)
	}
}

// refused checks the text of an error.
func (c *client) refused(got, want string) {
	c.Helper()
	if got != want {
		c.Errorf("error %q, want %q", got, want)
	}
}

// A change alters a request.
type change[M any] func(M)

func (c *client) get(typ, key string, changes ...change[*rpb.GetReq]) (*rpb.GetResp, string) {
	c.Helper()
	req, reply := &rpb.GetReq{Bucket: []byte("b"), Key: []byte(key), Type: []byte(typ)}, &rpb.GetResp{}
	for _, f := range changes {
		f(req)
	}
	return reply, c.do(rpb.CodeGetReq, req, rpb.CodeGetResp, reply)
}

func (c *client) put(typ, key, value string, changes ...change[*rpb.PutReq]) (*rpb.PutResp, string) {
	c.Helper()
	req := &rpb.PutReq{Bucket: []byte("b"), Key: []byte(key), Type: []byte(typ),
		Content: &rpb.Content{Value: []byte(value), ContentType: []byte("text/plain")}}
	for _, f := range changes {
		f(req)
	}
	reply := &rpb.PutResp{}
	return reply, c.do(rpb.CodePutReq, req, rpb.CodePutResp, reply)
}

func (c *client) del(typ, key string) string {
	c.Helper()
	return c.do(rpb.CodeDelReq, &rpb.DelReq{Bucket: []byte("b"), Key: []byte(key), Type: []byte(typ)}, rpb.CodeDelResp, nil)
}

// values returns the values of a reply, sorted, with blanks between them.
func values(r *rpb.GetResp) string {
	var out []string
	for _, c := range r.Content {
		out = append(out, string(c.Value))
	}
	if len(out) == 2 && out[0] > out[1] {
		out[0], out[1] = out[1], out[0]
	}
	return strings.Join(out, " ")
}

// homes returns the homes of a key of type plain, by their names in the cluster.
func (c *client) homes(key string) []string {
	c.Helper()
	var reply rpb.PreflistResp
	c.ok(c.do(rpb.CodePreflistReq, &rpb.PreflistReq{Bucket: []byte("b"), Key: []byte(key), Type: []byte("plain")},
		rpb.CodePreflistResp, &reply))
	var out []string
	for _, item := range reply.Preflist {
		name, _, _ := strings.Cut(string(item.Node), "@")
		out = append(out, name)
	}
	return out
}

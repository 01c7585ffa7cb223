package door_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/riak/door"
	"ringside/riak/rpb"
)

// A client on each side of a split writes its own side. After the split, both see both values, and
// either resolves them. A client of ringside sees the same.
func TestPartition(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	a, b := w.dial("n1"), w.dial("n4")
	_, text := a.put("plain", "cart", "milk", func(r *rpb.PutReq) { r.W = proto.Uint32(3) })
	a.ok(text)
	seen, text := a.get("plain", "cart")
	a.ok(text)
	w.inject(fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	with := func(r *rpb.PutReq) { r.Vclock = seen.Vclock }
	_, text = a.put("plain", "cart", "milk,eggs", with)
	a.ok(text)
	_, text = b.put("plain", "cart", "milk,beer", with)
	b.ok(text)
	for c, want := range map[*client]string{a: "milk,eggs", b: "milk,beer"} {
		r, text := c.get("plain", "cart")
		if c.ok(text); values(r) != want {
			t.Errorf("during the split: %q, want %q", values(r), want)
		}
	}
	w.inject(fault.Fault{Kind: fault.Heal})
	for _, c := range []*client{a, b} {
		w.await("both values", func() bool { r, _ := c.get("plain", "cart"); return values(r) == "milk,beer milk,eggs" })
	}
	r, err := w.c.Do(t.Context(), "n2", wire.GetRequest{Key: []byte("riak:plain/b/cart")})
	if err != nil || len(r.(wire.GetReply).Siblings) != 2 {
		t.Errorf("the client of ringside: %+v, %v", r, err)
	}
	both, _ := b.get("plain", "cart")
	_, text = b.put("plain", "cart", "all", func(r *rpb.PutReq) { r.Vclock = both.Vclock })
	b.ok(text)
	if now, text := a.get("plain", "cart"); text != "" || values(now) != "all" {
		t.Errorf("resolved: %q %s", values(now), text)
	}
}

// A node that cannot read the properties of a bucket, because their homes are on the other side of
// a split, still serves the bucket, and loses nothing.
func TestPropertiesOutOfReach(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	a, b := w.dial("n1"), w.dial("n4")
	w.inject(fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	in := func(bucket string) change[*rpb.PutReq] {
		return func(r *rpb.PutReq) { r.Bucket = []byte(bucket) }
	}
	from := func(bucket string) change[*rpb.GetReq] {
		return func(r *rpb.GetReq) { r.Bucket = []byte(bucket) }
	}
	for i := range 8 {
		bucket := fmt.Sprint("new", i)
		_, text := a.put("plain", "k", "a", in(bucket))
		a.ok(text)
		_, text = b.put("plain", "k", "b", in(bucket))
		b.ok(text)
		if r, text := a.get("plain", "k", from(bucket)); text != "" || values(r) != "a" {
			t.Errorf("%s during the split: %q %s", bucket, values(r), text)
		}
	}
	w.inject(fault.Fault{Kind: fault.Heal})
	for i := range 8 {
		w.await("both values", func() bool {
			r, _ := a.get("plain", "k", from(fmt.Sprint("new", i)), func(r *rpb.GetReq) { r.R = proto.Uint32(3) })
			return values(r) == "a b"
		})
	}
}

// A key that no node on this side of a split has is absent with notfound_ok, as in Riak. Without
// it, a home that is out of reach may have the key.
func TestAbsentDuringASplit(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	a, b := w.dial("n1"), w.dial("n4")
	w.inject(fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	refused := 0
	for i := range 20 {
		key := fmt.Sprint("key", i)
		if r, text := a.get("plain", key); text != "" || len(r.Content) > 0 {
			t.Errorf("%s, with homes %v: %q %s", key, a.homes(key), values(r), text)
		}
		if _, text := a.get("plain", key, func(r *rpb.GetReq) { r.NotfoundOk = proto.Bool(false) }); text != "" {
			refused++
		}
		_, text := b.put("plain", key, "b")
		b.ok(text)
		a.ok(a.del("plain", key))
		_, text = a.put("plain", key, "a", func(r *rpb.PutReq) { r.IfNoneMatch = proto.Bool(true) })
		a.ok(text)
	}
	if refused == 0 {
		t.Error("without notfound_ok, each key is absent although homes are out of reach")
	}
}

// In a bucket without siblings the later one of two writes during a split stays.
func TestPartitionWithoutSiblings(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	a, b := w.dial("n1"), w.dial("n4")
	_, text := a.put("default", "cart", "old")
	a.ok(text)
	w.inject(fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	_, text = a.put("default", "cart", "first")
	a.ok(text)
	_, text = b.put("default", "cart", "second")
	b.ok(text)
	w.inject(fault.Fault{Kind: fault.Heal})
	for _, c := range []*client{a, b} {
		w.await("the later value", func() bool {
			r, _ := c.get("default", "cart", func(r *rpb.GetReq) { r.R = proto.Uint32(3) })
			return values(r) == "second"
		})
	}
}

// A value that a client of ringside wrote has no metadata.
func TestBothWays(t *testing.T) {
	w := newWorld(t, localcluster.Options{Settings: nodes(3)})
	r, err := w.c.Do(t.Context(), "n2", wire.PutRequest{Key: []byte("riak:plain/b/native"), Value: []byte("v")})
	if p, ok := r.(wire.PutReply); err != nil || !ok || p.Err != wire.OK {
		t.Fatal(r, err)
	}
	c := w.dial("n1")
	got, text := c.get("plain", "native")
	c.ok(text)
	if len(got.Content) != 1 || string(got.Content[0].ContentType) != "application/octet-stream" ||
		len(got.Content[0].Vtag) == 0 || time.Since(time.Unix(int64(got.Content[0].GetLastMod()), 0)) > time.Hour {
		t.Errorf("%v", got)
	}
	_, text = c.put("plain", "native", "mine", func(r *rpb.PutReq) { r.Vclock = got.Vclock })
	c.ok(text)
	r, err = w.c.Do(t.Context(), "n3", wire.GetRequest{Key: []byte("riak:plain/b/native")})
	if g := r.(wire.GetReply); err != nil || len(g.Siblings) != 1 || string(g.Siblings[0].Value) != "mine" {
		t.Errorf("%+v, %v", r, err)
	}
}

// The port of a node that is killed closes, with its connections. A restart opens the same port.
func TestKilledNode(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	c, addr := w.dial("n2"), w.doors.Addr("n2", "riak")
	_, text := c.put("plain", "k", "v")
	c.ok(text)
	w.inject(fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection to a killed node: %v", err)
	}
	w.await("a refused connection", func() bool {
		conn, err := net.Dial("tcp4", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	w.inject(fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	again := w.dial("n2")
	if now := w.doors.Addr("n2", "riak"); now != addr {
		t.Errorf("the port after the restart is %s, before it was %s", now, addr)
	}
	if r, text := again.get("plain", "k"); text != "" || values(r) != "v" {
		t.Errorf("after the restart: %q %s", values(r), text)
	}
}

// The connections of a paused node stand still, and go on when it goes on.
func TestPausedNode(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	c := w.dial("n3")
	w.inject(fault.Fault{Kind: fault.Pause, Nodes: []string{"n3"}})
	w.await("the door knows", func() bool { return w.count(event.NodePaused, "n3") == 1 })
	stands := func() bool { // the door learns of the pause from the event, a moment later
		c.send(rpb.CodePingReq, nil)
		_ = c.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, _, err := rpb.ReadFrame(c.conn, rpb.MaxReply)
		return err != nil
	}
	w.await("no answer", stands)
	w.inject(fault.Fault{Kind: fault.Resume, Nodes: []string{"n3"}})
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if code, _, err := rpb.ReadFrame(c.conn, rpb.MaxReply); err != nil || code != rpb.CodePingResp {
		t.Errorf("after the pause: %d, %v", code, err)
	}
}

// Quorums that nodes which are down leave out of reach have Riak's errors: those that it finds
// before it asks a node.
func TestQuorumsOutOfReach(t *testing.T) {
	w := newWorld(t, localcluster.Options{Settings: nodes(3)})
	c := w.dial("n1")
	_, text := c.put("plain", "k", "v", func(r *rpb.PutReq) { r.W = proto.Uint32(3) })
	c.ok(text)
	w.inject(fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
	three := proto.Uint32(3)
	for _, tt := range []struct {
		want string
		f    change[*rpb.GetReq]
	}{
		{"{pr_val_unsatisfied,3,2}", func(r *rpb.GetReq) { r.Pr = three }},
		{"{insufficient_vnodes,2,need,3}", func(r *rpb.GetReq) { r.R = three }},
		{"{insufficient_vnodes,2,need,3}", func(r *rpb.GetReq) { r.R, r.SloppyQuorum = three, proto.Bool(false) }},
		{"{n_val_violation,3}", func(r *rpb.GetReq) { r.R = proto.Uint32(4) }},
		{"{n_val_violation,4}", func(r *rpb.GetReq) { r.NVal = proto.Uint32(4) }},
		{"", func(r *rpb.GetReq) { r.Pr = proto.Uint32(2) }},
		{"timeout", func(r *rpb.GetReq) { r.Timeout = proto.Uint32(0) }},
	} {
		_, text := c.get("plain", "k", tt.f)
		c.refused(text, tt.want)
	}
	for _, tt := range []struct {
		want string
		f    change[*rpb.PutReq]
	}{
		{"{pw_val_unsatisfied,3,2}", func(r *rpb.PutReq) { r.Pw = three }},
		{"{insufficient_vnodes,2,need,3}", func(r *rpb.PutReq) { r.W = three }},
		{"{insufficient_vnodes,2,need,3}", func(r *rpb.PutReq) { r.Dw = three }},
		{"{insufficient_vnodes,2,need,3}", func(r *rpb.PutReq) { r.W, r.SloppyQuorum = three, proto.Bool(false) }},
		{"", func(r *rpb.PutReq) { r.Pw = proto.Uint32(2) }},
	} {
		_, text := c.put("plain", "k", "new", tt.f)
		c.refused(text, tt.want)
	}
}

// Nodes that are cut off and not yet suspected do not answer. Riak's error is another one then.
func TestQuorumsWithoutAnswers(t *testing.T) {
	w := newWorld(t, localcluster.Options{Settings: nodes(3)})
	c := w.dial("n1")
	_, text := c.put("plain", "k", "v", func(r *rpb.PutReq) { r.W = proto.Uint32(3) })
	c.ok(text)
	w.inject(fault.Fault{Kind: fault.Pause, Nodes: []string{"n3"}})
	_, text = c.get("plain", "k", func(r *rpb.GetReq) { r.R = proto.Uint32(3) })
	if text != "{r_val_unsatisfied,3,2}" && text != "{insufficient_vnodes,2,need,3}" {
		t.Errorf("error %q", text)
	}
	_, text = c.put("plain", "k", "v", func(r *rpb.PutReq) { r.Timeout, r.W = proto.Uint32(20), proto.Uint32(3) })
	if text != "timeout" && text != "{insufficient_vnodes,2,need,3}" {
		t.Errorf("error %q", text)
	}
}

// A fallback takes the place of a home that is down, but it is not a primary. The preference list
// still has the home.
func TestFallbacksAreNotPrimaries(t *testing.T) {
	w := newWorld(t, localcluster.Options{})
	c := w.dial("n1")
	homes := c.homes("k")
	if len(homes) != 3 {
		t.Fatal(homes)
	}
	down := homes[slices.IndexFunc(homes, func(n string) bool { return n != "n1" })]
	w.inject(fault.Fault{Kind: fault.Kill, Nodes: []string{down}})
	three := proto.Uint32(3)
	w.await("a fallback", func() bool {
		_, text := c.put("plain", "k", "v", func(r *rpb.PutReq) { r.W = three })
		return text == ""
	})
	_, text := c.put("plain", "k", "v", func(r *rpb.PutReq) { r.Pw = three })
	c.refused(text, "{pw_val_unsatisfied,3,2}")
	_, text = c.get("plain", "k", func(r *rpb.GetReq) { r.Pr = three })
	c.refused(text, "{pr_val_unsatisfied,3,2}")
	if now := c.homes("k"); !slices.Equal(now, homes) {
		t.Errorf("homes %v, before the kill %v", now, homes)
	}
}

// Properties reach all nodes, those that join later also, and survive a restart of the cluster.
func TestPropertiesSpread(t *testing.T) {
	o := localcluster.Options{Home: t.TempDir(), Settings: nodes(3)}
	w := newWorld(t, o)
	set := &rpb.SetBucketReq{Bucket: []byte("b"), Type: []byte("plain"), Props: &rpb.Props{NVal: proto.Uint32(2)}}
	nval := func(w *world, node string) uint32 {
		var reply rpb.BucketResp
		c := w.dial(node)
		c.ok(c.do(rpb.CodeGetBucketReq, &rpb.BucketReq{Bucket: []byte("b"), Type: []byte("plain")}, rpb.CodeGetBucketResp,
			&reply))
		return reply.Props.GetNVal()
	}
	if n := nval(w, "n2"); n != 3 { // n2 now has the old value in its cache
		t.Errorf("n_val is %d at first", n)
	}
	c := w.dial("n1")
	c.ok(c.do(rpb.CodeSetBucketReq, set, rpb.CodeSetBucketResp, nil))
	if n := nval(w, "n1"); n != 2 {
		t.Errorf("n_val is %d at the node that set it", n)
	}
	w.await("n_val at n2", func() bool { return nval(w, "n2") == 2 })
	if _, err := w.c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n4"}); err != nil {
		t.Fatal(err)
	}
	w.await("n_val at a node that joined", func() bool { return nval(w, "n4") == 2 })
	w.close()
	again := newWorld(t, localcluster.Options{Home: o.Home})
	if n := nval(again, "n3"); n != 2 {
		t.Errorf("n_val is %d after a restart", n)
	}
}

// A tombstone goes some 3 s after the delete, but only if all replicas have it.
func TestTombstonesGoWhenAllAgree(t *testing.T) {
	w := newWorld(t, localcluster.Options{Settings: nodes(3)})
	c := w.dial("n1")
	_, text := c.put("plain", "k", "v", func(r *rpb.PutReq) { r.W = proto.Uint32(3) })
	c.ok(text)
	buried := func() bool { // a tombstone is there
		r, text := c.get("plain", "k", func(r *rpb.GetReq) { r.Deletedvclock = proto.Bool(true) })
		return text == "" && len(r.Content) == 0 && r.Vclock != nil
	}
	w.inject(fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
	start := time.Now()
	c.ok(c.del("plain", "k"))
	_, text = c.put("plain", "other", "v")
	c.ok(text)
	for time.Since(start) < 5*time.Second { // past the first attempts
		if !buried() {
			t.Fatalf("the tombstone is gone after %v, and n3 has the value", time.Since(start))
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.inject(fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
	w.awaitPort("n3")
	c.ok(w.dial("n3").del("plain", "other"))
	w.await("no value anywhere", func() bool {
		r, text := w.dial("n3").get("plain", "k", func(r *rpb.GetReq) { r.R = proto.Uint32(3) })
		return text == "" && len(r.Content) == 0
	})
	w.await("the other tombstone is gone", func() bool {
		r, text := c.get("plain", "other", func(r *rpb.GetReq) { r.R, r.Deletedvclock = proto.Uint32(3), proto.Bool(true) })
		return text == "" && r.Vclock == nil
	})
}

// A node has the port of its place. A taken port is an error at the start, and a node that joins
// later takes a free one.
func TestPorts(t *testing.T) {
	base, held := freePorts(t, 4)
	_ = held[0].Close()
	_ = held[1].Close()
	_ = held[3].Close()
	c, err := localcluster.Start(t.Context(), localcluster.Options{Home: t.TempDir(), Mem: true, Settings: nodes(3)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	open := func() (*door.Doors, error) {
		return door.Open(t.Context(), door.Options{Cluster: c, Services: []door.Service{pb(base)}})
	}
	want := fmt.Sprintf("--riak: listen on port %d for n3: another program has the port; free it, choose another first "+
		"port with --riak=PORT, or take free ports with --riak=0", base+2)
	if _, err := open(); err == nil || err.Error() != want {
		t.Fatalf("error %v, want %s", err, want)
	}
	_ = held[2].Close()
	doors, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer doors.Close()
	for i, node := range []string{"n1", "n2", "n3"} {
		if got, want := doors.Addr(node, "riak"), "127.0.0.1:"+strconv.Itoa(base+i); got != want {
			t.Errorf("%s is at %s, want %s", node, got, want)
		}
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(base+3))
	if err != nil {
		t.Skip("another program took a port") // the machine's other programs take free ports also
	}
	defer ln.Close()
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n4"}); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, c: c, doors: doors}
	w.awaitPort("n4")
	if addr := doors.Addr("n4", "riak"); addr == ln.Addr().String() {
		t.Error("n4 has a port that another program has")
	}
	noted := false
	_ = c.Events(t.Context(), event.Query{Filter: event.Filter{Kinds: []event.Kind{event.Serves}}},
		func(events []event.Event) error {
			for _, e := range events {
				noted = noted || e.Node == "n4" && e.Message != "" && e.Addr == doors.Addr("n4", "riak")
			}
			return nil
		})
	if !noted {
		t.Error("no event says that n4 has a free port")
	}
}

// freePorts returns listeners on n ports that follow each other.
func freePorts(t *testing.T, n int) (base int, held []net.Listener) {
	t.Helper()
	for range 100 {
		first, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		base, held = first.Addr().(*net.TCPAddr).Port, []net.Listener{first}
		for len(held) < n {
			ln, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(base+len(held)))
			if err != nil {
				break
			}
			held = append(held, ln)
		}
		if len(held) == n {
			return base, held
		}
		for _, ln := range held {
			_ = ln.Close()
		}
	}
	t.Skip("the machine has no free ports that follow each other")
	return 0, nil
}

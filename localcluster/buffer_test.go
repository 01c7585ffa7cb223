package localcluster

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// stillDisks are disks that write nothing between hold and free.
type stillDisks struct {
	mu    sync.Mutex
	stand chan struct{} // closed by free; nil while the disks write
}

func (d *stillDisks) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stand = make(chan struct{})
}

func (d *stillDisks) free() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stand != nil {
		close(d.stand)
		d.stand = nil
	}
}

func (d *stillDisks) wrap(_ string, s store.Store) store.Store { return stillStore{s, d} }

type stillStore struct {
	store.Store
	d *stillDisks
}

func (s stillStore) Apply(batch []store.Write, sync bool) error {
	s.d.mu.Lock()
	stand := s.d.stand
	s.d.mu.Unlock()
	if stand != nil {
		<-stand
	}
	return s.Store.Apply(batch, sync)
}

// buffered starts a cluster with a buffer in front of disks that can stand still.
func buffered(t *testing.T, o Options, objects int) (*Cluster, *stillDisks) {
	t.Helper()
	d := &stillDisks{}
	o.Settings.Buffer, o.Testing.WrapStore = objects, d.wrap
	c := begin(t, o)
	t.Cleanup(d.free) // before the cluster is taken down
	return c, d
}

// acks waits for count Ack events of the put and returns them.
func acks(t *testing.T, c *Cluster, request uint64, count int) (out []event.Event) {
	t.Helper()
	await(t, "acks", func() bool {
		out = nil
		_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
			for _, e := range batch {
				if e.Kind == event.Ack && e.Request == request {
					out = append(out, e)
				}
			}
			return nil
		})
		return len(out) >= count
	})
	return out
}

// §6.1: "Since the coordinator waits only for W responses, the performance of the write
// operation is not affected by the performance of the durable write operation performed
// by a single replica." Here the disks stand still, and W=2 of N=3 still answer.
func TestPutDoesNotWaitForDisks(t *testing.T) {
	c, disks := buffered(t, Options{Mem: true}, 100)
	disks.hold()
	p := put(t, c, "", "cart", "milk", nil)
	if got := values(get(t, c, "", "cart")); !slices.Equal(got, []string{"milk"}) {
		t.Errorf("the buffers hold %q", got)
	}
	for _, e := range acks(t, c, p.Request, 2) {
		if e.Op != event.OpBuffered {
			t.Errorf("%s says that it is durable, and no disk has moved", e.Peer)
		}
	}
	await(t, "all 3 replicas in memory only", func() bool { return viewOf(t, c, "cart").Buffered() == 3 })
	disks.free()
	last := acks(t, c, p.Request, 3)
	durable := slices.DeleteFunc(last, func(e event.Event) bool { return e.Op == event.OpBuffered })
	if len(durable) != 1 {
		t.Errorf("%d of N replicas are durable: %v", len(durable), durable)
	}
	await(t, "empty buffers", func() bool {
		return viewOf(t, c,
			"cart").Buffered() == 0
	}) // the flusher writes after its time
}

// With W=N the put also waits for the one durable replica.
func TestPutOfAllWaitsForTheDurableOne(t *testing.T) {
	c, disks := buffered(t, Options{Mem: true}, 100)
	disks.hold()
	answered := make(chan wire.PutReply, 1)
	go func() {
		r, err := c.Do(t.Context(), "", wire.PutRequest{Request: 7, Key: []byte("cart"), Value: []byte("milk"),
			Quorum: wire.Quorum{W: 3}})
		p, ok := r.(wire.PutReply)
		if !ok || err != nil {
			t.Errorf("put: %+v, %v", r, err)
		}
		answered <- p
	}()
	acks(t, c, 7, 2)
	select {
	case p := <-answered:
		t.Fatalf("acked by %v while no disk moves", p.Acks)
	default:
	}
	disks.free()
	if p := <-answered; p.Err != wire.OK {
		t.Errorf("%v: %s", p.Err, p.Message)
	}
}

// A crash loses the objects in the buffer of one node. Other nodes have the objects, events name
// the lost keys, and after its restart the node has what its disk holds.
func TestCrashLosesTheBuffer(t *testing.T) {
	o := Options{Home: t.TempDir(), Settings: settings.Cluster{NoAntiEntropy: true}}
	c, _ := buffered(t, o, 100)
	put(t, c, "", "cart", "milk", nil)
	await(t, "all homes to hold it", func() bool {
		keys := 0
		for _, n := range viewOf(t, c).Nodes {
			keys += n.Keys
		}
		return keys == 3
	})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	o.Testing.FlushEvery = time.Hour
	c, disks := buffered(t, o, 100)
	token := get(t, c, "", "cart").Context
	disks.hold()
	p := put(t, c, "", "cart", "eggs", token)
	var victim string // keeps the object in memory, as the coordinator does
	for _, e := range acks(t, c, p.Request, 2) {
		victim = e.Peer
	}
	done := make(chan error, 1)
	go func() { done <- c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: []string{victim}}) }()
	await(t, "the crash", func() bool { return c.registry.node(victim).current.Load() == nil })
	disks.free()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	v := viewOf(t, c, "cart")
	_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		v.ApplyAll(batch)
		return nil
	})
	if got := countEvents(t, c, event.BufferLost); got != 2 { // one with the number, and one for the key
		t.Errorf("%d events of the loss", got)
	}
	if held := v.Key([]byte("cart")).Held[victim][""]; len(held) != 1 || string(held[0].Value) != "milk" {
		t.Errorf("%s is said to hold %v on its disk", victim, held)
	}
	if got := values(get(t, c, "", "cart")); !slices.Equal(got, []string{"eggs"}) {
		t.Errorf("the others hold %q", got)
	}
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Restart, Nodes: []string{victim}}); err != nil {
		t.Fatal(err)
	}
	next := put(t, c, victim, "cart", "beer", get(t, c, "", "cart").Context)
	if next.Version.Dot == p.Version.Dot {
		t.Errorf("the dot %v was minted twice", p.Version.Dot)
	}
}

// A node with a full buffer waits until its disk has made room. No put is refused or lost.
func TestFullBufferHoldsBack(t *testing.T) {
	const objects, puts = 4, 60
	c, disks := buffered(t, Options{Mem: true, Settings: settings.Cluster{Nodes: []string{"a"}, N: 1}}, objects)
	disks.hold()
	var wg sync.WaitGroup
	for i := range puts {
		wg.Go(func() { put(t, c, "a", fmt.Sprint("k", i), "v", nil) })
	}
	await(t, "a full buffer", func() bool { return c.registry.node("a").current.Load().buffered.Load() > 0 })
	if n := c.registry.node("a").current.Load().buffered.Load(); n > objects+2 {
		t.Errorf("%d objects in a buffer of %d", n, objects)
	}
	disks.free()
	wg.Wait()
	for i := range puts {
		get(t, c, "a", fmt.Sprint("k", i))
	}
}

// A cluster that is taken down in order loses no object of its buffers.
func TestDownFlushesBuffers(t *testing.T) {
	o := Options{Home: t.TempDir(), Settings: settings.Cluster{Buffer: 1000}}
	c := begin(t, o)
	const puts = 100
	for i := range puts {
		put(t, c, "", fmt.Sprint("k", i), "v", nil)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	o.Settings = settings.Cluster{}
	c = begin(t, o)
	if c.registry.settings().Buffer != 1000 {
		t.Errorf("the buffer of 1000 is remembered as one of %d", c.registry.settings().Buffer)
	}
	for i := range puts {
		r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(fmt.Sprint("k", i)), Quorum: wire.Quorum{R: 3}})
		if g, ok := r.(wire.GetReply); err != nil || !ok || len(g.Siblings) != 1 {
			t.Fatalf("k%d: %+v, %v", i, r, err)
		}
	}
}

// With buffers, crashes under load lose no write that two other replicas have.
func TestBufferedCrashesUnderLoad(t *testing.T) {
	c := begin(t, Options{Settings: settings.Cluster{Buffer: 50}})
	stop := make(chan struct{})
	var mu sync.Mutex
	acked := map[string]bool{}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("w%d-%d", w, i)
				r, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte(key), Value: []byte(key),
					Quorum: wire.Quorum{W: 3}})
				if p, ok := r.(wire.PutReply); err == nil && ok && p.Err == wire.OK {
					mu.Lock()
					acked[key] = true
					mu.Unlock()
				}
			}
		})
	}
	for i := range 6 {
		n := c.registry.settings().Nodes[i%len(c.registry.settings().Nodes)]
		before := count(&mu, acked)
		await(t, "more acks", func() bool { return count(&mu, acked) > before+20 })
		if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Restart, Nodes: []string{n}}); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("%d puts were acked", len(acked))
	for key := range acked { // by all three homes, one of them durably
		await(t, "the value", func() bool { return slices.Equal(values(get(t, c, "", key)), []string{key}) })
	}
}

func count(mu *sync.Mutex, m map[string]bool) int {
	mu.Lock()
	defer mu.Unlock()
	return len(m)
}

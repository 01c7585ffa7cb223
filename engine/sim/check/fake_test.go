package check

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// key is the key of all writes in these tests.
const key = "cart"

// A fakeWorld is a cluster of four nodes, of which a test writes what their disks hold and which
// ring they know. N is 2. home1 and home2 are the homes of key in the ring that all know; away1 and
// away2 are its homes in the ring without home1 and home2.
type fakeWorld struct {
	plan                       *plan.Plan
	now                        time.Duration
	names                      []string
	hosts                      map[string]*fakeHost
	history                    member.History
	rings                      *member.Rings
	told                       []event.Event
	home1, home2, away1, away2 *fakeHost
}

type fakeHost struct {
	w                *fakeWorld
	name             string
	id               uint64
	disk, buffered   *store.Mem // buffered is what the node reads
	ahead            *store.Mem // what the node reads once it has dropped something; nil: buffered
	history          member.History
	awaits           bool
	rotten           bool
	membershipLostAt time.Duration
}

func newFakeWorld() *fakeWorld {
	w := &fakeWorld{
		plan:  &plan.Plan{Ops: []plan.Op{{Kind: plan.Put, Key: key}}},
		now:   kernel.Origin + time.Minute,
		hosts: map[string]*fakeHost{},
		rings: member.NewRings(ring.Config{Strategy: ring.EqualPartitions, N: 2, Q: 12, T: 1}),
	}
	var members []ring.Member
	for i, name := range []string{"n1", "n2", "n3", "n4"} {
		w.names = append(w.names, name)
		w.hosts[name] = &fakeHost{w: w, name: name, id: uint64(i), disk: store.NewMem(), buffered: store.NewMem()}
		members = append(members, ring.Member{Name: name, Weight: 1})
	}
	w.history = member.Founders(members)
	for _, h := range w.hosts {
		h.history = w.history
	}
	homes := w.rings.Of(w.history).Homes([]byte(key))
	w.home1, w.home2 = w.hosts[homes[0]], w.hosts[homes[1]]
	others := slices.DeleteFunc(slices.Clone(w.names), func(n string) bool { return slices.Contains(homes, n) })
	w.away1, w.away2 = w.hosts[others[0]], w.hosts[others[1]]
	return w
}

func (w *fakeWorld) Plan() *plan.Plan          { return w.plan }
func (w *fakeWorld) Now() time.Duration        { return w.now }
func (w *fakeWorld) Names() []string           { return w.names }
func (w *fakeWorld) Members() Members          { return w }
func (w *fakeWorld) Healed() bool              { return false }
func (w *fakeWorld) LinkDown(_, _ string) bool { return false }
func (w *fakeWorld) Tell(e event.Event)        { w.told = append(w.told, e) }

func (w *fakeWorld) Host(name string) Host {
	if h := w.hosts[name]; h != nil {
		return h
	}
	return nil
}

func (w *fakeWorld) History() member.History             { return w.history }
func (w *fakeWorld) Ring() *ring.Ring                    { return w.rings.Of(w.history) }
func (w *fakeWorld) RingOf(h member.History) *ring.Ring  { return w.rings.Of(h) }
func (w *fakeWorld) Requested(string, member.Kind) bool  { return true }
func (w *fakeWorld) Reordered() bool                     { return false }
func (h *fakeHost) Name() string                         { return h.name }
func (h *fakeHost) ID() uint64                           { return h.id }
func (h *fakeHost) Up() bool                             { return true }
func (h *fakeHost) Incarnation() uint64                  { return 1 }
func (h *fakeHost) Buffered() bool                       { return h.w.plan.Buffer > 0 }
func (h *fakeHost) Rotten() bool                         { return h.rotten }
func (h *fakeHost) MembershipLostAt() time.Duration      { return h.membershipLostAt }
func (h *fakeHost) Disk() store.Reader                   { return h.disk }
func (h *fakeHost) Reader() store.Reader                 { return h.buffered }
func (h *fakeHost) Ahead() store.Reader                  { return cmp.Or(h.ahead, h.buffered) }
func (h *fakeHost) Node() Node                           { return h }
func (h *fakeHost) Ring() *ring.Ring                     { return h.w.rings.Of(h.history) }
func (h *fakeHost) History() member.History              { return h.history }
func (h *fakeHost) Digest() uint64                       { return h.history.Digest() }
func (h *fakeHost) Awaits([]byte) bool                   { return h.awaits }
func (h *fakeHost) State() *event.NodeState              { return &event.NodeState{} }
func (h *fakeHost) Requests() int                        { return 0 }
func (h *fakeHost) Overrun() string                      { return "" }
func (h *fakeHost) Audit() error                         { return nil }
func (h *fakeHost) write(disk *store.Mem, r store.Write) { _ = disk.Apply([]store.Write{r}, true) }
func (h *fakeHost) holds(ids ...uint64) *fakeHost        { h.buffers(ids...); return h.put(h.disk, ids) }
func (h *fakeHost) buffers(ids ...uint64) *fakeHost      { return h.put(h.buffered, ids) }
func (h *fakeHost) hints(home *fakeHost, ids ...uint64) {
	h.hint(h.disk, home, ids)
	h.hint(h.buffered, home, ids)
}
func (h *fakeHost) hint(m *store.Mem, home *fakeHost, ids []uint64) {
	h.write(m, store.Write{Space: store.Hints, Key: record.HintKey(home.name, []byte(key)), Value: recordOf(ids)})
}

// put makes ids the replica of key in a store.
func (h *fakeHost) put(m *store.Mem, ids []uint64) *fakeHost {
	h.write(m, store.Write{Space: store.Data, Key: record.DataKey([]byte(key)), Value: recordOf(ids)})
	return h
}

// rot damages the host's replica of key.
func (h *fakeHost) rot() {
	h.rotten = true
	for _, m := range []*store.Mem{h.disk, h.buffered} {
		h.write(m, store.Write{Space: store.Data, Key: record.DataKey([]byte(key)), Value: []byte("rotten")})
	}
}

// wipe takes everything from the host.
func (h *fakeHost) wipe() { h.disk, h.buffered = store.NewMem(), store.NewMem() }

// leave makes the host know a ring without the nodes of leavers.
func (h *fakeHost) leave(leavers ...*fakeHost) {
	for i, l := range leavers {
		h.history, _ = h.history.With(int64(i+1), member.Change{Kind: member.Leave, Node: l.name, By: l.name})
	}
}

// recordOf returns a stored record with the versions of writes.
func recordOf(ids []uint64) []byte {
	var s vclock.Siblings
	for _, id := range ids {
		s = append(s, versionOf(id))
	}
	return record.Encode(record.Record{Siblings: s, Stored: 1})
}

// The writes of these tests: 2 descends from 1, and the delete 3 from 2. 4 is concurrent to all.
const (
	write      uint64 = 1
	child      uint64 = 2
	deletion   uint64 = 3 // of child
	concurrent uint64 = 4
)

// began is when the writes began.
const began = kernel.Origin + 10*time.Second

// versionOf returns the version of a write.
func versionOf(id uint64) vclock.Version {
	v := vclock.Version{
		Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: id}, Value: client.Value(id, 0), Request: id, Time: int64(id),
	}
	if id == deletion {
		v.Value, v.Deleted = nil, true
	}
	return v
}

// newCase returns a world, and the evidence of a judge that knows the writes.
func newCase(t *testing.T) (*fakeWorld, *evidence) {
	t.Helper()
	w := newFakeWorld()
	e := newEvidence(w)
	for id, parents := range [][]uint64{write: nil, child: {write}, deletion: {write, child}, concurrent: nil} {
		if id == 0 {
			continue
		}
		o := &client.Operation{
			Op: plan.Op{Kind: plan.Put, ID: uint64(id), Key: key}, Began: began, Parents: map[uint64]bool{},
		}
		if uint64(id) == deletion {
			o.Kind = plan.Del
		}
		for _, p := range parents {
			o.Parents[p] = true
		}
		e.graph.add(&operation{Operation: o, version: versionOf(uint64(id))})
	}
	return w, e
}

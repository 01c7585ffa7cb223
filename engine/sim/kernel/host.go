package kernel

import (
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
	"ringside/engine/splitmix"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A Host runs one node as package localcluster does. It takes inputs from an inbox, steps the node,
// and carries out the actions of the driver. Applying a batch takes time; meanwhile the inbox
// fills.
type Host struct {
	w      *World
	name   string
	id     uint64 // index in World.Names
	clock  hostClock
	disk   *disk
	node   *engine.Node
	driver *driver.Driver
	damage damage

	up          bool
	pausedAt    time.Duration // time of the host at which the pause began; 0: the node is not paused
	incarnation uint64        // number of starts; functions that were scheduled in an earlier incarnation do nothing
	lastRun     uint64        // latest incarnation whose first batch is durable, as remembered outside the disk

	inbox     []engine.Input
	spare     []engine.Input // memory of the last turn's inputs
	batch     *Batch         // is being made durable; nil: none
	releasing bool           // effects are leaving the node
	wakeAt    time.Duration  // time of the host at which the node is stepped again; 0: none
	dueAt     time.Duration  // time of the host at which the driver is called again; 0: none
	collected []event.Event  // tombstones that a node with a buffer dropped since its latest batch
	crashFor  time.Duration  // how long the host stays down after a crash in its next commit; 0: no crash
}

// hostClock is a clock that may be wrong.
type hostClock struct {
	skew  time.Duration // at Origin
	drift float64       // rate minus 1
}

// damage is what faults did to the disk of a host.
type damage struct {
	doubtful         bool          // recovered from damage, and no node has taken a new incarnation on the disk since
	rotten           bool          // a record rotted; the node need not have noticed yet
	membershipLostAt time.Duration // when the disk last lost changes of the membership; 0: never
}

// A Batch is a group of writes that a host applies to its disk as a whole.
type Batch struct {
	Writes []store.Write
	// Events are those of the steps that wrote the batch. For a node with a buffer they are only
	// the dropped tombstones.
	Events   []event.Event
	observed bool // the events have been observed
}

// request returns the first request that the batch belongs to; 0 if there is none.
func (b *Batch) request() uint64 {
	for _, e := range b.Events {
		if e.Request > 0 {
			return e.Request
		}
	}
	return 0
}

const (
	// maxInbox bounds the inputs that wait for a node. Further inputs are lost.
	maxInbox = 4096
	// smallInbox is the bound of messages in an inbox with plan.SmallInbox.
	smallInbox = 3
	// maxTurn is the number of inputs that share a commit.
	maxTurn = 64
	// flushEvery is how long a write may stay in an object buffer, long enough that crashes find
	// some.
	flushEvery = 2 * time.Second
	// flushPause is the time between the beginnings of two flushes that outputs wait for, as in a
	// real cluster.
	flushPause = 5 * time.Millisecond
)

func newHost(w *World, name string, id int) *Host {
	undo := 0
	if w.plan.HasFault(plan.LostTail) {
		undo = plan.MaxUndo
	}
	h := &Host{w: w, name: name, id: uint64(id), disk: newDisk(undo)}
	h.disk.rate = w.plan.DiskRate
	h.disk.instant = w.plan.Legs.Given()          // the delays of the legs are all that a request takes
	if c := w.plan.Conditions; id < len(c.Skew) { // from the first boot on, since the time of a node never goes back
		h.clock = hostClock{c.Skew[id], c.Drift[id]}
	}
	h.disk.steady = w.steady
	if w.stock != nil {
		_ = h.disk.mem.Apply(w.stock(name), true)
	}
	return h
}

// Name returns the name of the node.
func (h *Host) Name() string { return h.name }

// ID returns the index of the host in World.Names.
func (h *Host) ID() uint64 { return h.id }

// Up reports whether the node runs; a paused node runs.
func (h *Host) Up() bool { return h.up }

// paused reports whether the node runs but takes no inputs.
func (h *Host) paused() bool { return h.pausedAt > 0 }

// Incarnation returns the number of starts of the node.
func (h *Host) Incarnation() uint64 { return h.incarnation }

// Node returns the node of the latest incarnation. It must not be stepped.
func (h *Host) Node() *engine.Node { return h.node }

// Scans returns what the node and its checkers have scanned on the disk since the host exists.
func (h *Host) Scans() Scans { return h.disk.scans }

// Disk returns what is durable.
func (h *Host) Disk() store.Reader { return h.disk }

// Reader returns what the node reads: the disk under the object buffer, if there is one.
func (h *Host) Reader() store.Reader {
	if h.up && h.Buffered() {
		return h.driver.Reader()
	}
	return h.disk
}

// Ahead returns what the node reads, with the writes of batches that are not durable yet.
func (h *Host) Ahead() store.Reader {
	if h.up {
		return h.driver.Reader()
	}
	return h.disk
}

// Buffered reports whether the node has an object buffer (§6.1).
func (h *Host) Buffered() bool { return h.w.plan.Buffer > 0 }

// Flushing reports whether a batch is being made durable.
func (h *Host) Flushing() bool { return h.batch != nil }

// Rotten reports whether a record of the disk has rotted since the node started.
func (h *Host) Rotten() bool { return h.damage.rotten }

// Repaired says that anti-entropy has had the time to find what rotted.
func (h *Host) Repaired() { h.damage.rotten = false }

// MembershipLostAt returns when the disk last lost changes of the membership; 0 if never. The
// result is in the far future if any start of the node may lose changes.
func (h *Host) MembershipLostAt() time.Duration { return h.damage.membershipLostAt }

// now returns the time that the host's clock shows.
func (h *Host) now() time.Duration {
	return h.w.now + h.clock.skew + time.Duration(float64(h.w.now-Origin)*h.clock.drift)
}

// until returns the time of the world that passes until the host's clock shows at.
func (h *Host) until(at time.Duration) time.Duration {
	return time.Duration(float64(max(at-h.now(), 0))/(1+h.clock.drift)) + time.Microsecond
}

// boot starts the node on its disk.
func (h *Host) boot() {
	if h.up {
		return
	}
	h.incarnation++
	h.damage.rotten = false
	h.up, h.pausedAt, h.batch, h.collected, h.inbox = true, 0, nil, nil, nil
	h.driver = driver.New(h.disk, driver.Options{
		Node: h.name, Objects: h.w.plan.Buffer, FlushEvery: flushEvery, FlushPause: flushPause,
		Poison: true,
	})
	n, out, err := engine.New(h.config(), h.driver.Reader(), h.now())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // reads of a simulated disk do not fail
	}
	h.node = n
	h.driver.Start(h.w.bug.node(n), out)
	h.wake(h.driver.Wake())
	h.endTurn()
	h.w.net.refreshLinksOf(h.name)
	h.w.judge.Booted(h)
	h.w.tellBoot(h)
}

// config returns the configuration of the node in this incarnation.
func (h *Host) config() engine.Config {
	w, p := h.w, h.w.plan
	c := engine.Config{
		Name: h.name, Ring: w.members.ring.Config(), Rings: w.members.rings,
		Founders: w.foundersKnownTo(h), Seeds: p.Seeds(),
		Quorum: wire.Quorum{R: p.R, W: p.W, Strict: p.Quorum == plan.Strict}, LWW: p.LWWAt(w.Age()),
		Secret: []byte(Secret), Timings: p.NodeTimings(), Buffered: h.Buffered(),
		Seed:        splitmix.Next(p.Seed ^ splitmix.Next(h.id<<32|h.incarnation)),
		Incarnation: w.bug.incarnation(h.incarnation), LastRun: h.lastRun, Distrust: h.damage.doubtful, Poison: true,
		Off: p.Off, Literal: p.Literal(), Truncate: p.Clocks.Truncate,
		Limits: engine.Limits{Hints: p.MaxHints(), Siblings: p.MaxSiblings()},
	}
	if len(p.Buggify) > 0 {
		c.Buggify = h.buggify
	}
	return c
}

// actOdds is the probability that an active buggify point acts when it is asked.
const actOdds = .25

// buggify reports whether a buggify point acts now, and counts that as a fault.
func (h *Host) buggify(point engine.BuggifyPoint) bool {
	w := h.w
	if w.net.calm[h.name] || !w.plan.Buggified(point) {
		return false
	}
	if !rng.Chance(w.Rand(decideBuggify, h.id, rng.Hash(point)), actOdds) {
		return false
	}
	w.CountFault(string(point))
	return true
}

// crash stops the node. A batch that is being made durable may have reached the disk.
func (h *Host) crash() {
	if !h.up {
		return
	}
	if h.Buffered() && len(h.driver.Lost()) > 0 {
		h.w.judge.Destroying(h, h.stop)
	} else {
		h.stop()
	}
	h.w.net.forget(h.name)
	h.w.net.refreshLinksOf(h.name)
	h.w.Tell(event.Event{Kind: event.NodeDown, Node: h.name})
}

func (h *Host) pause() {
	if h.up && !h.paused() {
		h.pausedAt = h.now()
		h.w.Tell(event.Event{Kind: event.NodePaused, Node: h.name})
	}
}

func (h *Host) resume() {
	if h.up && h.paused() {
		h.driver.Stalled(h.now() - h.pausedAt)
		h.pausedAt = 0
		h.w.Tell(event.Event{Kind: event.NodeUp, Node: h.name})
		h.callDriver(h.driver.Due())
		h.work()
	}
}

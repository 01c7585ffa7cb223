package check

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
)

// World is what the Judge reads of a kernel.World. A test has a World of its own, so that it can
// judge states that are hard to bring about.
type World interface {
	Plan() *plan.Plan
	Now() time.Duration
	Names() []string
	Host(name string) Host // nil if there is no such host
	Members() Members
	Healed() bool
	LinkDown(from, to string) bool

	// Tell reports a violation to the watcher of the run.
	Tell(e event.Event)
}

// Host is what the Judge reads of a kernel.Host.
type Host interface {
	Name() string
	ID() uint64
	Up() bool
	Incarnation() uint64
	Buffered() bool
	Rotten() bool
	MembershipLostAt() time.Duration
	Disk() store.Reader
	Reader() store.Reader
	Ahead() store.Reader
	Node() Node
}

// Node is what the Judge reads of an engine.Node.
type Node interface {
	Ring() *ring.Ring
	History() member.History
	Digest() uint64
	Awaits(key []byte) bool
	State() *event.NodeState
	Requests() int
	Overrun() string
	Audit() error
}

// Members is what the Judge reads of kernel.Members.
type Members interface {
	History() member.History
	Ring() *ring.Ring
	RingOf(h member.History) *ring.Ring
	Requested(node string, kind member.Kind) bool
	Reordered() bool
}

var (
	_ World   = simulated{}
	_ Host    = simulatedHost{}
	_ Members = (*kernel.Members)(nil)
)

// simulated is a kernel.World as a World.
type simulated struct{ *kernel.World }

func (w simulated) Members() Members { return w.World.Members() }

func (w simulated) Host(name string) Host {
	if h := w.World.Host(name); h != nil {
		return simulatedHost{h}
	}
	return nil
}

// simulatedHost is a kernel.Host as a Host.
type simulatedHost struct{ *kernel.Host }

func (h simulatedHost) Node() Node { return h.Host.Node() }

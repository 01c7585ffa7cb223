package check

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
)

// World is what the Judge reads of a kernel.World.
type World interface {
	Plan() *plan.Plan
	Now() time.Duration
	Names() []string
	Host(name string) *kernel.Host
	Members() *kernel.Members
	Healed() bool
	LinkDown(from, to string) bool

	// Tell reports a violation to the watcher of the run.
	Tell(e event.Event)
	// After delays a check. A reply reaches the Judge before the events of the same step, so some
	// checks run a moment later.
	After(d time.Duration, run func())
}

var _ World = (*kernel.World)(nil)

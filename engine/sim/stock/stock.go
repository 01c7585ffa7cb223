package stock

import (
	"errors"
	"fmt"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// Keys are the keys that a cluster holds from the beginning. Those of another seed have other
// names, and so other positions on the ring.
type Keys struct {
	Seed  uint64
	Count int
	Bytes int // of a value
}

// key returns the name of key i.
func (k Keys) key(i int) string { return fmt.Sprintf("stock%d/%d", k.Seed, i) }

// siblings returns what a home of a key holds that was put so many times.
func (k Keys) siblings(puts uint64) vclock.Siblings {
	writer := vclock.Actor{Node: "n1", Epoch: 1}
	v := vclock.Version{
		Dot: vclock.Dot{Actor: writer, Counter: puts}, Value: make([]byte, k.Bytes), Time: int64(kernel.Origin),
	}
	if puts > 1 {
		v.Past = vclock.Clock{{Actor: writer, Counter: puts - 1}}
	}
	return vclock.Siblings{v}
}

// write returns the record of key i, which was put so many times.
func (k Keys) write(i int, puts uint64) store.Write {
	return store.Write{
		Space: store.Data, Key: record.DataKey([]byte(k.key(i))),
		Value: record.Encode(record.Record{Siblings: k.siblings(puts)}),
	}
}

// replicaBytes returns the bytes of the messages that bring one replica of key i to a node and
// acknowledge it.
func (k Keys) replicaBytes(i int) int {
	size := func(b wire.Body) int { return wire.MessageSize(wire.Message{From: "n1", To: "n2", Op: 1, Body: b}) }
	return size(wire.Write{Key: []byte(k.key(i)), Siblings: k.siblings(1)}) + size(wire.WriteReply{})
}

// newPlan returns a plan without operations and faults. Anti-entropy runs only if every is not 0.
func newPlan(seed uint64, c plan.Cluster, every time.Duration) *plan.Plan {
	c.Mode, c.AntiEntropy = settings.ModeSiblings, every
	p := &plan.Plan{Seed: seed, Cluster: c, HealAt: time.Hour}
	p.Conditions = plan.Conditions{Delay: plan.UsualDelay, Notices: true}
	return p
}

// A cluster is a simulated cluster under way, and what is counted in it.
type cluster struct {
	*kernel.World
	recorder *measure.Recorder
}

// start starts the cluster of a plan, whose nodes hold what stock says. Its disks never stall. The
// world panics with kernel.Interrupted once goOn returns false.
func start(goOn func() bool, p *plan.Plan, stock func(string) []store.Write, watch func(event.Event)) *cluster {
	r := measure.NewRecorder(p)
	w := kernel.New(kernel.Config{Plan: p, Watch: watch, Meter: r, Stock: stock, GoOn: goOn, Steady: true})
	w.Start(kernel.NoJudge{})
	return &cluster{World: w, recorder: r}
}

// ErrStopped says that the caller did not want a run to go on.
var ErrStopped = errors.New("stock: stopped")

// interrupted makes an error of the panic of a world that may not go on.
func interrupted(err *error) {
	switch x := recover(); x {
	case nil:
	case kernel.Interrupted{}:
		*err = ErrStopped
	default:
		panic(x)
	}
}

package sim

import (
	"time"

	"ringside/engine"
	"ringside/engine/fault"
	"ringside/engine/wire"
)

// The network carries messages between hosts. Cuts are those of fault.Net;
// the rest is drawn for each message.
type network struct {
	w       *world
	cuts    *fault.Net
	delay   time.Duration // mean
	tail    float64       // chance of a delay a hundred times as long
	loss    float64
	repeat  float64
	clogged map[fault.Link]time.Duration // nothing arrives before
	tells   bool                         // drivers notice that connections break and come back
	told    map[fault.Link]bool          // links that their sender knows to be down
}

func newNetwork(w *world) *network {
	return &network{w: w, cuts: fault.NewNet(w.names), delay: 300 * time.Microsecond, clogged: map[fault.Link]time.Duration{}, told: map[fault.Link]bool{}}
}

func (n *network) send(m wire.Message) {
	w, l := n.w, fault.Link{From: m.From, To: m.To}
	if n.cuts.Condition(l).Cut {
		w.fault("cut-message")
		return
	}
	if w.chance(n.loss) {
		w.fault("loss")
		return
	}
	n.carry(m)
	if w.chance(n.repeat) {
		w.fault("repeat")
		n.carry(m)
	}
}

func (n *network) carry(m wire.Message) {
	w, l := n.w, fault.Link{From: m.From, To: m.To}
	d := 20*time.Microsecond + w.exp(n.delay)
	if w.chance(n.tail) {
		w.fault("long-delay")
		d *= 100
	}
	d = max(d, n.clogged[l]-w.now)
	life := w.hosts[m.To].life
	w.after(d, func() {
		w.note(uint64(w.now), hashString(m.To), m.Op)
		// What is under way to a node that crashes is lost with its connection.
		if !n.cuts.Condition(l).Cut && w.hosts[m.To].life == life {
			w.hosts[m.To].input(engine.Receive{Message: m})
		}
	})
}

// change applies a fault to the cuts.
func (n *network) change(f fault.Fault) {
	if err := n.cuts.Apply(f); err != nil {
		panic("sim: " + err.Error()) // the simulator made it
	}
	n.refresh()
}

// refresh tells nodes which of their connections broke or came back, if drivers
// notice such things.
func (n *network) refresh() {
	if !n.tells {
		return
	}
	for _, from := range n.w.names {
		for _, to := range n.w.names {
			l := fault.Link{From: from, To: to}
			down := n.cuts.Condition(l).Cut || !n.w.hosts[to].up
			if from == to || !n.w.hosts[from].up || down == n.told[l] {
				continue
			}
			n.told[l] = down
			if down {
				n.w.hosts[from].input(engine.PeerDown{Peer: to})
			} else {
				n.w.hosts[from].input(engine.PeerUp{Peer: to})
			}
		}
	}
}

// forget drops what was told to a node: it crashed.
func (n *network) forget(name string) {
	for _, to := range n.w.names {
		delete(n.told, fault.Link{From: name, To: to})
	}
}

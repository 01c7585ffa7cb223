package sim

import (
	"time"

	"ringside/engine/fault"
	"ringside/engine/store"
)

// The nemesis breaks things. Which kinds a run has, and how often, is drawn
// from the seed: a run with few kinds goes deep where one with all goes wide.

// FaultKinds are all there are. A campaign in which one never fires proves nothing about it.
var FaultKinds = []string{
	"partition", "one-way", "loss", "repeat", "long-delay", "clog", "cut-message",
	"crash", "pause", "skew", "disk-slow", "disk-failed-sync", "disk-lost-tail", "disk-flip", "wipe",
}

// nemesis decides on what a run has to endure.
type nemesis struct {
	w       *world
	actions []func()
	stopped bool
}

func (w *world) unleash() *nemesis {
	n := &nemesis{w: w}
	maybe := func(p float64, action func()) {
		if w.chance(p) {
			n.actions = append(n.actions, action)
		}
	}
	w.net.tells = w.chance(.5)
	if w.chance(.5) {
		w.net.loss = w.rng.Float64() * .1
	}
	if w.chance(.5) {
		w.net.repeat = w.rng.Float64() * .1
	}
	if w.chance(.5) {
		w.net.tail = w.rng.Float64() * .05
	}
	if w.chance(.3) {
		w.net.delay *= time.Duration(1 + w.rng.IntN(50))
	}
	if w.chance(.3) {
		for _, name := range w.names {
			w.hosts[name].skew = time.Duration((w.rng.Float64() - .5) * float64(20*time.Second))
			w.hosts[name].drift = (w.rng.Float64() - .5) * .02
		}
		w.fault("skew")
	}
	if w.chance(.2) {
		for _, name := range w.names {
			w.hosts[name].disk.failing = w.rng.Float64() * .002
		}
	}
	maybe(.7, n.partition)
	maybe(.3, n.oneWay)
	maybe(.6, n.crash)
	maybe(.4, n.pause)
	maybe(.3, n.clog)
	maybe(.3, n.slowDisk)
	maybe(.2, n.loseTail)
	maybe(.2, n.flip)
	maybe(.15, n.wipe)
	if len(n.actions) > 0 {
		n.later()
	}
	return n
}

func (n *nemesis) later() {
	n.w.after(200*time.Millisecond+n.w.exp(n.w.opt.FaultEvery), func() {
		if n.stopped {
			return
		}
		n.actions[n.w.rng.IntN(len(n.actions))]()
		n.later()
	})
}

// aWhile is how long a fault lasts: from a blink to longer than anybody's patience.
func (n *nemesis) aWhile() time.Duration {
	return time.Duration(float64(50*time.Millisecond) * (1 + 200*n.w.rng.Float64()*n.w.rng.Float64()))
}

func (n *nemesis) host() *host { return n.w.hosts[n.w.pick(n.w.names)] }

func (n *nemesis) partition() {
	w := n.w
	groups := make([][]string, 2+w.rng.IntN(2))
	for _, name := range w.names {
		i := w.rng.IntN(len(groups))
		groups[i] = append(groups[i], name)
	}
	n.split("partition", groups, false)
}

func (n *nemesis) oneWay() {
	w := n.w
	n.split("one-way", [][]string{{w.pick(w.names)}}, w.chance(.5))
}

func (n *nemesis) split(kind string, groups [][]string, oneWay bool) {
	w := n.w
	var full [][]string
	for _, g := range groups {
		if len(g) > 0 {
			full = append(full, g)
		}
	}
	if len(full[0]) == len(w.names) {
		return
	}
	w.fault(kind)
	w.net.change(fault.Fault{Kind: fault.Split, Groups: full, OneWay: oneWay})
	w.after(n.aWhile(), func() { w.net.change(fault.Fault{Kind: fault.Heal}) })
}

func (n *nemesis) crash() {
	h := n.host()
	if !h.up {
		return
	}
	n.w.fault("crash")
	h.crash()
	n.w.after(n.aWhile(), h.boot)
}

func (n *nemesis) pause() {
	h := n.host()
	n.w.fault("pause")
	h.pause()
	n.w.after(n.aWhile(), h.resume)
}

func (n *nemesis) clog() {
	w := n.w
	l := fault.Link{From: w.pick(w.names), To: w.pick(w.names)}
	w.fault("clog")
	w.net.clogged[l] = w.now + n.aWhile()
}

func (n *nemesis) slowDisk() {
	h := n.host()
	n.w.fault("disk-slow")
	h.disk.slowdown = 1 + n.w.rng.Float64()*500
	n.w.after(n.aWhile(), func() { h.disk.slowdown = 1 })
}

// loseTail is a crash after which the journal is found damaged: what was opened
// lacks the latest batches, though they were synced.
func (n *nemesis) loseTail() {
	h := n.host()
	if !h.up {
		return
	}
	n.w.fault("disk-lost-tail")
	h.crash()
	n.w.check.destroying(h, func() { h.disk.dropTail(1 + n.w.rng.IntN(maxUndo)) })
	h.doubt = true
	n.w.after(n.aWhile(), h.boot)
}

func (n *nemesis) flip() {
	h := n.host()
	if h.busy || !h.up {
		return
	}
	n.w.fault("disk-flip")
	space := []store.Space{store.Data, store.Data, store.Hints, store.Own, store.Meta}[n.w.rng.IntN(5)]
	n.w.check.destroying(h, func() { h.disk.flip(space) })
	h.rotten = h.rotten || space == store.Data
}

func (n *nemesis) wipe() {
	h := n.host()
	if !h.up {
		return
	}
	n.w.fault("wipe")
	h.crash()
	n.w.check.destroying(h, h.disk.wipe)
	n.w.after(n.aWhile(), h.boot)
}

// stop ends all faults.
func (n *nemesis) stop() {
	w := n.w
	n.stopped = true
	w.net.loss, w.net.repeat, w.net.tail, w.net.delay = 0, 0, 0, 300*time.Microsecond
	clear(w.net.clogged)
	for _, name := range w.names {
		h := w.hosts[name]
		h.disk.slowdown, h.disk.failing = 1, 0
		h.resume()
		h.boot()
	}
	w.net.change(fault.Fault{Kind: fault.Heal})
}

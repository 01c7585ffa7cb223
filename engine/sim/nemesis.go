package sim

import (
	"cmp"
	"math"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/store"
)

// The nemesis breaks things, as the plan says.

// Kinds of faults, as plans, the command line and counts call them.
const (
	partitionKind  = "partition"
	oneWayKind     = "one-way"
	lossKind       = "loss"
	repeatKind     = "repeat"
	longDelayKind  = "long-delay"
	slowLinksKind  = "slow-links"
	clogKind       = "clog"
	crashKind      = "crash"
	flushCrashKind = "crash-in-flush" // while a batch is on its way to the disk
	pauseKind      = "pause"
	skewKind       = "skew"
	diskSlowKind   = "disk-slow"
	failedSyncKind = "disk-failed-sync"
	lostTailKind   = "disk-lost-tail"
	oldCopyKind    = "disk-old-copy"
	flipKind       = "disk-flip"
	wipeKind       = "wipe"
	lullKind       = "lull"            // everything is whole for a while, and has to converge
	foreignKind    = "foreign-context" // a client presents the context of another key
	// oddTimingsKind is a cluster with timings that nobody would choose.
	oddTimingsKind = "odd-timings"
	// cutMessage is counted, and comes of partitions.
	cutMessage = "cut-message"
	// lostBuffer is counted, and comes of crashes in plans with buffers.
	lostBuffer = "lost-buffer"
)

// A kind of fault: how likely it is that a run has it, and for those that strike at
// times how one strike is drawn and done.
type kind struct {
	name string
	says string
	odds float64
	draw func(*drawing, *Strike)
	do   func(*world, Strike)
}

// kinds are all there are. A campaign in which one never fires proves nothing about it.
var kinds []kind

func init() { // its functions refer to it
	node := func(d *drawing, s *Strike) { s.Nodes = []string{pick(d.rng, d.all())} }
	kinds = []kind{
		{partitionKind, "the network is split in two or three, for a while", .7, drawPartition, (*world).split},
		{oneWayKind, "one side hears the other, and is not heard", .3, drawOneWay, (*world).split},
		{lossKind, "messages are lost, all along", .5, nil, nil},
		{repeatKind, "messages come twice, all along", .5, nil, nil},
		{longDelayKind, "some messages take a hundred times as long", .5, nil, nil},
		{slowLinksKind, "all messages take long", .3, nil, nil},
		{clogKind, "nothing gets through a link for a while, and then everything at once", .3, drawClog, (*world).clog},
		{crashKind, "a node crashes and comes back", .6, node, (*world).crash},
		{flushCrashKind, "a node crashes while a batch is on its way to its disk", .3, node, (*world).crashInFlush},
		{pauseKind, "a node stands still, and goes on", .4, node, (*world).pause},
		{skewKind, "nodes' clocks are wrong, and run at different speeds", .3, nil, nil},
		{diskSlowKind, "a disk is slow for a while", .3, func(d *drawing, s *Strike) { node(d, s); s.Amount = 2 + d.rng.IntN(500) }, (*world).slowDisk},
		{failedSyncKind, "a flush fails, and nobody knows what is on the disk", .2, nil, nil},
		{lostTailKind, "a disk loses its latest batches, although they were synced", .2, func(d *drawing, s *Strike) { node(d, s); s.Amount = 1 + d.rng.IntN(maxUndo) }, (*world).loseTail},
		{oldCopyKind, "a disk is put back from a copy that was taken a while before, and nobody says so", .2, func(d *drawing, s *Strike) { node(d, s); s.Amount = d.rng.IntN(2) }, (*world).putBack},
		{flipKind, "one bit of a stored record flips", .2, drawFlip, (*world).flip},
		{wipeKind, "a disk is lost", .15, node, (*world).wipe},
		{joinKind, "a node joins the ring", .25, drawJoin, (*world).join},
		{leaveKind, "a node hands over what it has, and leaves", .2, drawLeave, (*world).leave},
		{removeKind, "a node is removed by force", .15, drawLeave, (*world).remove},
		{oddTimingsKind, "timings that nobody would choose", .2, nil, nil},
		{lullKind, "everything is whole for a while, and has to converge", .3, nil, (*world).lull},
		{foreignKind, "clients present contexts of other keys", .3, nil, nil},
	}
}

// A FaultKind is something that can go wrong, or a place where nodes can be odd.
type FaultKind struct{ Name, Says string }

// Faults lists all kinds.
func Faults() []FaultKind {
	var out []FaultKind
	for _, k := range kinds {
		out = append(out, FaultKind{k.name, k.says})
	}
	for _, p := range oddPlaces() {
		out = append(out, FaultKind{string(p), cmp.Or(p.Says(), driverPlaces[p])})
	}
	return out
}

// FaultKinds names all kinds.
func FaultKinds() []string {
	var out []string
	for _, f := range Faults() {
		out = append(out, f.Name)
	}
	return out
}

// kindOf returns the kind called name, nil if it is none that strikes.
func kindOf(name string) *kind {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name && k.do != nil })
	if i < 0 {
		return nil
	}
	return &kinds[i]
}

// drawPartition parts the nodes into two or three groups.
func drawPartition(d *drawing, s *Strike) {
	groups := make([][]string, 2+d.rng.IntN(2))
	for _, name := range d.all() {
		i := d.rng.IntN(len(groups))
		groups[i] = append(groups[i], name)
	}
	s.Groups = slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
}

// drawOneWay takes one node that is not heard, or that hears nobody.
func drawOneWay(d *drawing, s *Strike) {
	one := []string{pick(d.rng, d.all())}
	rest := slices.DeleteFunc(d.all(), func(n string) bool { return n == one[0] })
	s.Groups = [][]string{one, rest}
	if d.rng.Float64() < .5 {
		s.Groups = [][]string{rest, one}
	}
	s.Groups = slices.DeleteFunc(s.Groups, func(g []string) bool { return len(g) == 0 })
}

func drawClog(d *drawing, s *Strike) {
	from, rest := pick(d.rng, d.all()), d.all()
	if len(rest) > 1 { // a node alone has no link, and nothing is drawn for it but this
		rest = slices.DeleteFunc(rest, func(n string) bool { return n == from })
	}
	s.Nodes = []string{from, pick(d.rng, rest)}
}

func drawFlip(d *drawing, s *Strike) {
	s.Nodes, s.For = []string{pick(d.rng, d.all())}, 0
	s.Space = pick(d.rng, spaceNames)
	s.Amount = d.rng.IntN(1e6)
}

// unleash sets the weather and plans the strikes.
func (w *world) unleash() {
	we := w.plan.Weather
	w.net.tells, w.net.delay = we.Tells, we.Delay
	w.net.loss, w.net.repeat, w.net.tail = we.Loss, we.Repeat, we.LongDelay
	if we.Delay > usualDelay {
		w.fault(slowLinksKind)
	}
	if we.Skew != nil {
		w.fault(skewKind)
	}
	if w.plan.Timings != nil {
		w.fault(oddTimingsKind)
	}
	w.breakDisks()
	for _, s := range w.plan.Strikes {
		w.at(start+s.At, func() {
			if !w.peace && w.there(s) {
				kindOf(s.Kind).do(w, s)
			}
		})
	}
}

// breakDisks has flushes fail as often as the plan says.
func (w *world) breakDisks() {
	for i, failing := range w.plan.Weather.FailedSync {
		w.hosts[w.names[i]].disk.failing = failing
	}
}

// there says whether the nodes that a strike hits exist: one that was to join may have been refused.
func (w *world) there(s Strike) bool {
	return changesMembers(s.Kind) || !slices.ContainsFunc(s.Nodes, func(n string) bool { return w.hosts[n] == nil })
}

// later mends something unless peace came before, which mends in its own way.
func (w *world) later(d time.Duration, mend func()) {
	w.after(d, func() {
		if !w.peace {
			mend()
		}
	})
}

// split cuts the network; it heals when its time is over unless another cut came since.
func (w *world) split(s Strike) {
	var groups [][]string
	for _, g := range s.Groups {
		g = slices.DeleteFunc(slices.Clone(g), func(n string) bool { return w.hosts[n] == nil })
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) < 2 {
		return // it is all the nodes together
	}
	w.fault(s.Kind)
	w.cut(groups, s.Kind == oneWayKind)
	mine := w.net.cutCount
	w.later(s.For, func() {
		if w.net.cutCount == mine {
			w.heal()
		}
	})
}

func (w *world) cut(groups [][]string, oneWay bool) {
	w.net.change(fault.Fault{Kind: fault.Split, Groups: groups, OneWay: oneWay})
	w.tell(event.Event{Kind: event.Split, Groups: w.net.cuts.Groups(), OneWay: oneWay})
}

func (w *world) heal() {
	w.net.change(fault.Fault{Kind: fault.Heal})
	w.tell(event.Event{Kind: event.Heal})
}

func (w *world) crash(s Strike) {
	if h := w.hosts[s.Nodes[0]]; h.up {
		w.fault(s.Kind)
		h.crash()
		w.later(s.For, h.boot)
	}
}

// crashInFlush dooms a node to crash in the middle of its next commit.
func (w *world) crashInFlush(s Strike) { w.hosts[s.Nodes[0]].doomed = s.For }

// doom is the crash that waited for a commit.
func (h *host) doom(took time.Duration) {
	w, life, down := h.w, h.life, h.doomed
	h.doomed = 0
	w.after(took/2, func() {
		if h.life != life || !h.up || w.net.calm[h.name] {
			return
		}
		w.fault(flushCrashKind)
		h.crash()
		w.later(down, h.boot)
	})
}

func (w *world) pause(s Strike) {
	if h := w.hosts[s.Nodes[0]]; h.up {
		w.fault(s.Kind)
		h.pause()
		w.later(s.For, h.resume)
	}
}

func (w *world) clog(s Strike) {
	w.fault(s.Kind)
	w.net.clogged[fault.Link{From: s.Nodes[0], To: s.Nodes[1]}] = w.now + s.For
}

func (w *world) slowDisk(s Strike) {
	h := w.hosts[s.Nodes[0]]
	w.fault(s.Kind)
	h.disk.slowdown = float64(s.Amount)
	w.later(s.For, func() { h.disk.slowdown = 1 })
}

// loseTail is a crash after which the journal is found damaged: what was opened
// lacks the latest batches, though they were synced.
func (w *world) loseTail(s Strike) {
	h := w.hosts[s.Nodes[0]]
	if !h.up {
		return
	}
	w.fault(s.Kind)
	h.crash()
	w.check.losing(h, func() { h.disk.dropTail(s.Amount) })
	h.forgot = max(h.forgot, w.now)
	h.doubt = true
	w.later(s.For, h.boot)
}

// putBack copies a disk, in a stop of its node if Amount is 1, and puts the copy back a while later. If the node
// began a run meanwhile, only the number of that run, which is remembered outside the disk, tells that the disk is old. If it
// did not, the driver has to notice that the disk is another one.
func (w *world) putBack(s Strike) {
	h := w.hosts[s.Nodes[0]]
	if !h.up {
		return
	}
	if s.Amount > 0 {
		h.crash()
		defer h.boot()
	}
	old, run := h.disk.copy(), h.ran
	w.later(s.For, func() {
		if !h.up {
			return
		}
		w.fault(s.Kind)
		h.crash()
		w.check.losing(h, func() { h.disk.mem, h.disk.undo = old, nil })
		h.forgot = max(h.forgot, w.now)
		h.doubt = h.doubt || h.ran == run
		h.boot()
	})
}

// spaces are what of a disk can be damaged, as scripts call it; data twice as
// often as the rest.
var (
	spaceNames = []string{"data", "data", "hints", "own", "meta"}
	spaces     = map[string]store.Space{"data": store.Data, "hints": store.Hints, "own": store.Own, "meta": store.Meta}
)

func (w *world) flip(s Strike) {
	h := w.hosts[s.Nodes[0]]
	if !h.up || h.flight != nil || h.buffered() && len(h.driver.Lost()) > 0 { // a flush would write over it
		return
	}
	w.check.losing(h, func() {
		if h.disk.flip(spaces[s.Space], s.Amount) {
			h.rotten = h.rotten || spaces[s.Space] == store.Data
			w.fault(s.Kind)
			if spaces[s.Space] == store.Meta {
				h.forgot = math.MaxInt64
			}
		}
	})
}

func (w *world) wipe(s Strike) {
	h := w.hosts[s.Nodes[0]]
	if !h.up {
		return
	}
	w.fault(s.Kind)
	h.crash()
	w.check.losing(h, h.disk.wipe)
	h.forgot = max(h.forgot, w.now)
	w.tell(event.Event{Kind: event.NodeWiped, Node: h.name})
	w.later(s.For, h.boot)
}

// calm ends all faults among the nodes of core, which may talk to each other again.
func (w *world) calm(core []string) {
	w.peace = true
	w.net.calm = map[string]bool{}
	clear(w.net.clogged)
	if w.net.cuts.Groups() != nil {
		w.heal()
	}
	for _, name := range core {
		w.net.calm[name] = true
		h := w.hosts[name]
		h.disk.slowdown, h.disk.failing = 1, 0
		h.resume()
		h.boot()
	}
}

// breakRest leaves those outside the core as the plan says.
func (w *world) breakRest() {
	var rest []string
	for _, name := range w.names {
		if !w.net.calm[name] {
			rest = append(rest, name)
		}
	}
	for _, name := range rest {
		h := w.hosts[name]
		switch w.plan.Rest {
		case restDown:
			h.crash()
		case restPaused:
			h.pause()
		default:
			h.resume()
			h.boot()
		}
	}
	switch w.plan.Rest {
	case restCut:
		w.cut([][]string{w.plan.Core, rest}, false)
	case restDeaf:
		w.cut([][]string{w.plan.Core, rest}, true)
	case restMute:
		w.cut([][]string{rest, w.plan.Core}, true)
	}
}

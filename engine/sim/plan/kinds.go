package plan

import (
	"cmp"
	"fmt"
	"slices"

	"ringside/engine/sim/rng"
	"ringside/engine/store"
)

// Kinds of faults, as plans, the command line and counts call them.
const (
	Split          = "partition"
	OneWay         = "one-way"
	Loss           = "loss"
	Repeat         = "repeat"
	LongDelay      = "long-delay"
	SlowLinks      = "slow-links"
	Clog           = "clog"
	Crash          = "crash"
	CrashInFlush   = "crash-in-flush"
	Pause          = "pause"
	Skew           = "skew"
	SlowDisk       = "disk-slow"
	FailedSync     = "disk-failed-sync"
	LostTail       = "disk-lost-tail"
	OldCopy        = "disk-old-copy"
	Flip           = "disk-flip"
	Wipe           = "wipe"
	Join           = "join"
	Leave          = "leave"
	Remove         = "remove"
	OddTimings     = "odd-timings"
	Lull           = "lull"
	ForeignContext = "foreign-context"
)

// Injections that only scripts and changes of a run have (package fork). A seed draws none of them,
// because another kind would change what old seeds draw.
const (
	Drop          = "drop"            // the next message on a link is lost, of one request if Amount is not 0
	LastWriteWins = "last-write-wins" // from now on all nodes reconcile as in mode lww
	NoLoss        = "no-loss"         // from now on Loss is over
	NoRepeat      = "no-repeat"       // from now on Repeat is over
	NoDelay       = "no-delay"        // from now on LongDelay and SlowLinks are over
)

// EndsCondition reports whether an injection ends a condition of the network, and breaks nothing.
func EndsCondition(kind string) bool { return kind == NoLoss || kind == NoRepeat || kind == NoDelay }

// Counted consequences of faults. They cannot be asked for.
const (
	CutMessage = "cut-message" // of Split and OneWay
	LostBuffer = "lost-buffer" // of crashes in clusters with buffers
)

// kind describes one kind of fault.
type kind struct {
	name        string
	description string
	odds        float64                    // probability that a run has this kind
	draw        func(*drawing, *Injection) // completes an injection; nil: the kind is not drawn as an injection
}

// kinds lists all kinds in the order in which they are drawn.
var kinds = []kind{
	{Split, "the network is split in two or three for a while", .7, drawSplit},
	{OneWay, "messages pass a split in one direction only", .3, drawOneWay},
	{Loss, "messages are lost during the whole run", .5, nil},
	{Repeat, "messages arrive twice during the whole run", .5, nil},
	{LongDelay, "some messages take a hundred times as long", .5, nil},
	{SlowLinks, "all messages take long", .3, nil},
	{Clog, "a link holds all messages back for a while, and then delivers them at once", .3, drawClog},
	{Crash, "a node crashes and comes back", .6, drawNode},
	{CrashInFlush, "a node crashes while a batch is on its way to its disk", .3, drawNode},
	{Pause, "a node stops working for a while", .4, drawNode},
	{Skew, "the clocks of nodes are wrong and run at different speeds", .3, nil},
	{SlowDisk, "a disk is slow for a while", .3, drawAmount(2, 500)},
	{FailedSync, "a flush fails, and what is on the disk is not known", .2, nil},
	{LostTail, "a disk loses its latest batches although they were synced", .2, drawAmount(1, MaxUndo)},
	{OldCopy, "a disk is replaced by an older copy of itself without notice", .2, drawAmount(0, 2)},
	{Flip, "one bit of a stored record flips", .2, drawFlip},
	{Wipe, "a disk is lost", .15, drawNode},
	{Join, "a node joins the ring", .25, drawJoin},
	{Leave, "a node hands its data over and leaves", .2, drawLeave},
	{Remove, "a node is removed by force", .15, drawLeave},
	{OddTimings, "unusual timings", .2, nil},
	{Lull, "all faults pause for a while, and the cluster must converge", .3, nil},
	{ForeignContext, "clients present contexts of other keys", .3, nil},
}

// MaxUndo is the number of latest batches that LostTail can take from a disk.
const MaxUndo = 32

// A FaultKind is one kind of fault or one buggify point.
type FaultKind struct{ Name, Description string }

// Faults lists all kinds of faults and all buggify points.
func Faults() []FaultKind {
	var out []FaultKind
	for _, k := range kinds {
		out = append(out, FaultKind{k.name, k.description})
	}
	for _, p := range buggifyPoints() {
		out = append(out, FaultKind{string(p), cmp.Or(p.Description(), driverPoints[p])})
	}
	return out
}

// FaultNames returns the names of Faults.
func FaultNames() []string {
	var out []string
	for _, f := range Faults() {
		out = append(out, f.Name)
	}
	return out
}

// Injectable reports whether faults of a kind happen at a time.
func Injectable(name string) bool {
	undrawn := []string{Lull, Drop, LastWriteWins, NoLoss, NoRepeat, NoDelay}
	drawn := func(k kind) bool { return k.name == name && k.draw != nil }
	return slices.Contains(undrawn, name) || slices.ContainsFunc(kinds, drawn)
}

// Lasts reports whether the fault is repaired after its For.
func (f Injection) Lasts() bool {
	switch f.Kind {
	case Flip, Join, Leave, Drop, LastWriteWins, NoLoss, NoRepeat, NoDelay:
		return false
	}
	return true
}

// changesMembers reports whether a kind of fault changes the membership.
func changesMembers(kind string) bool { return kind == Join || kind == Leave || kind == Remove }

// Spaces are the parts of a store that a Flip can hit, by the names that scripts use.
var Spaces = map[string]store.Space{"data": store.Data, "hints": store.Hints, "own": store.Own, "meta": store.Meta}

// spaceNames are the parts from which a Flip is drawn; data is twice as likely as any other.
var spaceNames = []string{"data", "data", "hints", "own", "meta"}

func drawNode(d *drawing, f *Injection) { f.Nodes = []string{rng.Pick(d.rng, d.all())} }

// drawAmount draws a node and an amount of least to least+count-1.
func drawAmount(least, count int) func(*drawing, *Injection) {
	return func(d *drawing, f *Injection) {
		drawNode(d, f)
		f.Amount = least + d.rng.IntN(count)
	}
}

// drawSplit splits the nodes into two or three groups, some of which may be empty.
func drawSplit(d *drawing, f *Injection) {
	groups := make([][]string, 2+d.rng.IntN(2))
	for _, name := range d.all() {
		i := d.rng.IntN(len(groups))
		groups[i] = append(groups[i], name)
	}
	f.Groups = slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
}

// drawOneWay draws a node that is not heard, or that hears no other node.
func drawOneWay(d *drawing, f *Injection) {
	one := []string{rng.Pick(d.rng, d.all())}
	others := slices.DeleteFunc(d.all(), func(n string) bool { return n == one[0] })
	f.Groups = [][]string{one, others}
	if d.rng.Float64() < .5 {
		f.Groups = [][]string{others, one}
	}
	f.Groups = slices.DeleteFunc(f.Groups, func(g []string) bool { return len(g) == 0 })
}

func drawClog(d *drawing, f *Injection) {
	from, to := rng.Pick(d.rng, d.all()), d.all()
	if len(to) > 1 { // a single node clogs a link to itself, which has no effect
		to = slices.DeleteFunc(to, func(n string) bool { return n == from })
	}
	f.Nodes = []string{from, rng.Pick(d.rng, to)}
}

func drawFlip(d *drawing, f *Injection) {
	drawNode(d, f)
	f.For = 0
	f.Space = rng.Pick(d.rng, spaceNames)
	f.Amount = d.rng.IntN(1e6)
}

// newNodeOdds is the probability that a Join is of a new node. Otherwise the node is a founder,
// which may have left before.
const newNodeOdds = .7

func drawJoin(d *drawing, f *Injection) {
	node := rng.Pick(d.rng, d.names)
	if d.rng.Float64() < newNodeOdds {
		node = d.newNode()
	}
	f.Nodes, f.For = []string{node, rng.Pick(d.rng, d.names)}, 0
}

func drawLeave(d *drawing, f *Injection) {
	f.Nodes = []string{rng.Pick(d.rng, d.all()), rng.Pick(d.rng, d.names)}
	switch {
	case f.Kind == Leave:
		f.For = 0
	case d.o.Tombstones > 0:
		f.For *= awayFactor
	}
}

// awayFactor prolongs the absence of nodes in runs that collect tombstones, beyond the grace.
const awayFactor = 20

// newNode returns the name of a node that joins.
func (d *drawing) newNode() string {
	d.joined++
	return fmt.Sprintf("n%d", len(d.names)+d.joined)
}

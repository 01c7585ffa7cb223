package engine

// §4.7 Handling permanent failures: Replica synchronization. "To detect the
// inconsistencies between replicas faster and to minimize the amount of transferred
// data, Dynamo uses Merkle trees": in every cycle a node compares its tree of each key
// range that it hosts with that of another home of the range, each of them in turn; soon
// after a peer came back it compares all that is shared with it. What a round does is in
// syncround.go; here is when, and how much of it at once. What that may take of a node is
// up to its admission controller.

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/mutant"
	"ringside/engine/ring"
)

const (
	// maxRounds is how many rounds a node runs at once: enough to hide that one
	// of the peers is far away.
	maxRounds = 4
	// syncBusy is how many client requests in flight make a node refuse its
	// peers' rounds. They come again in the next cycle.
	syncBusy = 512
	// maxQuiet is how many rounds that found nothing one event lists; a larger
	// cycle has several.
	maxQuiet = 256
)

// syncer is a node's anti-entropy.
type syncer struct {
	n        *Node
	tasks    []task // waiting, in order
	waiting  map[taskKey]bool
	running  int
	turns    int               // cycles begun; which home's turn it is
	quiet    []event.SyncRound // rounds of this cycle that found nothing
	scrubbed []byte            // the key at which the next scrub begins
	soon     bool              // a timer starts what waits

	recovering map[string]bool // peers for which syncAfterRecovery has planned rounds
}

// A task is a round to be run.
type task struct {
	taskKey
	look     bool
	transfer bool                  // push only, to a home of a range that this node is no home of (§4.9)
	done     func(event.SyncRound) // nil: nobody waits for it
}

type taskKey struct {
	id   keyrange.ID
	peer string
}

func newSyncer(n *Node) *syncer {
	return &syncer{n: n, waiting: map[taskKey]bool{}, recovering: map[string]bool{}}
}

// beginAntiEntropy plans the first cycle; every node has its own moment.
func (n *Node) beginAntiEntropy() {
	if every := n.cfg.Timings.AntiEntropy; every > 0 {
		n.after(1+time.Duration(n.rng.Int64N(int64(every))), n.cycle)
	}
}

// cycle plans a round for each range that the node holds anything of, with the
// home whose turn it is. Of the others there is nothing to tell: a home that holds what this
// one does not begins a round itself.
func (n *Node) cycle() {
	n.after(n.cfg.Timings.AntiEntropy, n.cycle)
	n.trees.prune()
	n.sync.scrub()
	turn := n.sync.turns
	n.sync.turns++
	for rg := range n.members.ring.HostedBy(n.cfg.Name) {
		at, others := keyrange.Of(n.members.ring, rg), n.otherHomes(rg.Homes)
		if n.trees.Tree(at).Root() == 0 {
			continue
		}
		for i := range others { // the next one that is there
			if peer := others[(turn+i)%len(others)]; n.detector.healthy(peer) {
				n.plan(task{taskKey: taskKey{at, peer}})
				break
			}
		}
	}
	n.startRounds()
}

func (n *Node) otherHomes(homes []string) []string {
	return slices.DeleteFunc(slices.Clone(homes), func(h string) bool { return h == n.cfg.Name })
}

// syncAfterRecovery plans a round for each range that this node shares with a peer which is healthy
// again.
func (n *Node) syncAfterRecovery(peer string) {
	if n.cfg.Timings.AntiEntropy == 0 || n.sync.recovering[peer] {
		return
	}
	n.sync.recovering[peer] = true
	wait := n.cfg.Timings.Reunion
	if n.rng.IntN(2) == 0 { // or all its peers would come at once
		wait *= 2
	}
	n.after(wait, func() {
		delete(n.sync.recovering, peer)
		if !n.detector.healthy(peer) {
			return // the next recovery plans the rounds again
		}
		for rg := range n.members.ring.HostedBy(n.cfg.Name) {
			if slices.Contains(rg.Homes, peer) {
				n.plan(task{taskKey: taskKey{keyrange.Of(n.members.ring, rg), peer}})
			}
		}
		n.startRounds()
	})
}

// compareSoon plans rounds with all other homes of key: a hint that brought something
// new tells of a time when homes could not be reached, and for some of them nobody
// may have stood in.
func (n *Node) compareSoon(key []byte) {
	if n.cfg.Timings.AntiEntropy == 0 {
		return
	}
	rg := keyrange.Range(n.members.ring, ring.Of(key))
	for _, peer := range n.otherHomes(rg.Homes) {
		n.plan(task{taskKey: taskKey{keyrange.Of(n.members.ring, rg), peer}})
	}
	if n.sync.soon {
		return
	}
	n.sync.soon = true
	n.after(n.cfg.Timings.Reunion, func() {
		n.sync.soon = false
		n.startRounds()
	})
}

// compare does what somebody asked for by hand.
func (n *Node) compare(in Compare) {
	if !in.Look {
		n.refusals.retry() // a client may have reconciled the versions that were too large
	}
	var tasks []task
	for rg := range n.members.ring.HostedBy(n.cfg.Name) {
		at := keyrange.Of(n.members.ring, rg)
		if len(in.Ranges) > 0 && !slices.Contains(in.Ranges, *spanOf(at)) {
			continue
		}
		for _, peer := range rg.Homes[slices.Index(rg.Homes, n.cfg.Name)+1:] {
			tasks = append(tasks, task{taskKey: taskKey{at, peer}, look: in.Look})
		}
	}
	var rounds []event.SyncRound
	answer := func() {
		e := event.Event{Time: n.now, Node: n.cfg.Name, Kind: event.SyncDone, Rounds: rounds}
		n.out.Replies = append(n.out.Replies, Reply{Client: in.Client, Events: []event.Event{e}})
	}
	if len(tasks) == 0 {
		answer()
		return
	}
	for i := range tasks {
		tasks[i].done = func(r event.SyncRound) {
			if rounds = append(rounds, r); len(rounds) == len(tasks) {
				answer()
			}
		}
	}
	n.sync.tasks = append(tasks, n.sync.tasks...) // somebody waits
	n.startRounds()
}

// plan adds a task that nobody waits for, unless it waits already.
func (n *Node) plan(t task) {
	if !n.sync.waiting[t.taskKey] {
		n.sync.waiting[t.taskKey] = true
		n.sync.tasks = append(n.sync.tasks, t)
	}
}

// startRounds runs what waits, as much at once as may be.
func (n *Node) startRounds() {
	s := n.sync
	for len(s.tasks) > 0 && !n.full(s.running, n.background.ctl.Part(maxRounds)) {
		t := s.tasks[0]
		s.tasks = s.tasks[1:]
		if t.done == nil {
			if !mutant.Is(mutant.TaskWaitsForever) {
				delete(s.waiting, t.taskKey)
			}
			if !n.detector.healthy(t.peer) || !t.id.HasHomes(n.members.ring, n.cfg.Name, t.peer) {
				continue // things changed while it waited
			}
		}
		s.running++
		n.startRound(t)
	}
	if s.running == 0 && len(s.tasks) == 0 {
		n.tellQuiet()
	}
}

// roundOver is how every round ends.
func (n *Node) roundOver(t task, r event.SyncRound) {
	s := n.sync
	if !mutant.Is(mutant.RoundNeverOver) || r.Err == "" {
		s.running--
	}
	if t.transfer {
		// told by who waits for it
	} else if r.Buckets > 0 || r.Err != "" && t.done != nil {
		n.emit(event.Event{Kind: event.SyncDone, Peer: t.peer, Rounds: []event.SyncRound{r}})
	} else if r.Err == "" {
		if s.quiet = append(s.quiet, r); len(s.quiet) >= maxQuiet {
			n.tellQuiet()
		}
	}
	if t.done != nil {
		t.done(r)
	}
	n.startRounds()
}

// tellQuiet tells of rounds that found nothing, all at once: there are many, and they say little.
func (n *Node) tellQuiet() {
	if len(n.sync.quiet) > 0 {
		n.emit(event.Event{Kind: event.SyncDone, Rounds: n.sync.quiet})
		n.sync.quiet = nil
	}
}

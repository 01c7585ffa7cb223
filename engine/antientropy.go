package engine

// §4.7 Handling permanent failures: Replica synchronization. "To detect the inconsistencies between
// replicas faster and to minimize the amount of transferred data, Dynamo uses Merkle trees": in
// each cycle a node compares its tree of each key range that it hosts with that of another home of
// the range, each of them in turn. Soon after a peer has recovered, the node compares all that it
// shares with the peer.
//
// Here is when a node compares and how many comparisons it runs at once. The admission controller
// bounds that (background.go). The comparison itself is in syncround.go.

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/mutant"
)

const (
	// maxRounds is how many rounds a node runs at once. It hides that one of the peers is far away.
	maxRounds = 4
	// syncBusy is the number of client requests being worked on at which a node refuses its peers'
	// rounds. The peers try again in their next cycle.
	syncBusy = 512
	// maxQuiet is how many rounds without a difference one event lists. A larger cycle has several
	// such events.
	maxQuiet = 256
)

// syncer plans and runs the node's rounds of anti-entropy.
type syncer struct {
	n        *Node
	tasks    []task           // not yet begun, in order
	planned  map[taskKey]bool // keys of the tasks without a done function
	running  int              // rounds
	cycles   int              // begun; decides which home is next
	quiet    []event.SyncRound
	scrubbed []byte // the key at which the next scrub begins
	soon     bool   // a timer will start the tasks that syncKeySoon planned

	recovering map[string]bool // peers for which syncAfterRecovery has planned rounds
}

// A task is a round to be run.
type task struct {
	taskKey
	dryRun   bool                  // find differences, and repair nothing
	transfer bool                  // push only, to a home of a range of which this node is not a home (§4.9)
	done     func(event.SyncRound) // runs at the end of the round; nil if no caller waits for it
}

type taskKey struct {
	id   keyrange.ID
	peer string
}

func newSyncer(n *Node) *syncer {
	return &syncer{n: n, planned: map[taskKey]bool{}, recovering: map[string]bool{}}
}

// begin plans the first cycle, at a random moment within Timings.AntiEntropy.
func (s *syncer) begin() {
	if every := s.n.cfg.Timings.AntiEntropy; every > 0 {
		s.n.after(1+time.Duration(s.n.rng.Int64N(int64(every))), s.cycle)
	}
}

// cycle plans a round for each range that the node holds a record of, with the next healthy home. A
// range of which the node holds nothing needs no round: a home that holds something begins one.
func (s *syncer) cycle() {
	n, r := s.n, s.n.members.ring
	n.after(n.cfg.Timings.AntiEntropy, s.cycle)
	n.trees.prune()
	s.scrub()
	turn := s.cycles
	s.cycles++
	for rg := range r.HostedBy(n.cfg.Name) {
		id, others := keyrange.Of(r, rg), without(rg.Homes, n.cfg.Name)
		if n.trees.Tree(id).Root() == 0 {
			continue
		}
		for i := range others {
			if peer := others[(turn+i)%len(others)]; n.detector.healthy(peer) {
				s.plan(task{taskKey: taskKey{id, peer}})
				break
			}
		}
	}
	s.startRounds()
}

// without returns nodes without node.
func without(nodes []string, node string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(other string) bool { return other == node })
}

// syncAfterRecovery plans a round for each range that this node shares with a peer which is healthy
// again. The rounds begin after one or two times Timings.SyncAfterRecovery, so that not all peers
// of the recovered node begin at once.
func (s *syncer) syncAfterRecovery(peer string) {
	n := s.n
	if n.cfg.Timings.AntiEntropy == 0 || s.recovering[peer] {
		return
	}
	s.recovering[peer] = true
	wait := n.cfg.Timings.SyncAfterRecovery
	if n.rng.IntN(2) == 0 {
		wait *= 2
	}
	n.after(wait, func() {
		delete(s.recovering, peer)
		if !n.detector.healthy(peer) {
			return // the next recovery plans the rounds again
		}
		r := n.members.ring
		for rg := range r.HostedBy(n.cfg.Name) {
			if slices.Contains(rg.Homes, peer) {
				s.plan(task{taskKey: taskKey{keyrange.Of(r, rg), peer}})
			}
		}
		s.startRounds()
	})
}

// syncKeySoon plans rounds with all other homes of key, because a hint has brought something new.
// It shows that homes could not be reached for a time, and for some of them there may be no hint.
func (s *syncer) syncKeySoon(key []byte) {
	n := s.n
	if n.cfg.Timings.AntiEntropy == 0 {
		return
	}
	rg := keyrange.Range(n.members.ring, n.position(key))
	for _, peer := range without(rg.Homes, n.cfg.Name) {
		s.plan(task{taskKey: taskKey{keyrange.Of(n.members.ring, rg), peer}})
	}
	if s.soon {
		return
	}
	s.soon = true
	n.after(n.cfg.Timings.SyncAfterRecovery, func() {
		s.soon = false
		s.startRounds()
	})
}

// compare runs the rounds that a client asked for, before all planned ones.
func (s *syncer) compare(in Compare) {
	n, r := s.n, s.n.members.ring
	if !in.DryRun {
		n.records.oversized.Retry() // a client may have reconciled the oversized keys
	}
	var tasks []task
	for rg := range r.HostedBy(n.cfg.Name) {
		id := keyrange.Of(r, rg)
		if len(in.Ranges) > 0 && !slices.Contains(in.Ranges, *spanOf(id)) {
			continue
		}
		for _, peer := range rg.Homes[slices.Index(rg.Homes, n.cfg.Name)+1:] {
			tasks = append(tasks, task{taskKey: taskKey{id, peer}, dryRun: in.DryRun})
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
	s.tasks = append(tasks, s.tasks...)
	s.startRounds()
}

// plan adds a task that no caller waits for, unless it is planned already.
func (s *syncer) plan(t task) {
	if !s.planned[t.taskKey] {
		s.planned[t.taskKey] = true
		s.tasks = append(s.tasks, t)
	}
}

// run adds a task that a caller waits for, and starts what may be started.
func (s *syncer) run(t task) {
	s.tasks = append(s.tasks, t)
	s.startRounds()
}

// startRounds starts tasks in order, as many as may run at once.
func (s *syncer) startRounds() {
	n := s.n
	for len(s.tasks) > 0 && !n.windowFull(s.running, n.background.ctl.Part(maxRounds)) {
		t := s.tasks[0]
		s.tasks = s.tasks[1:]
		if t.done == nil {
			if !mutant.Is(mutant.TaskWaitsForever) {
				delete(s.planned, t.taskKey)
			}
			if !n.detector.healthy(t.peer) || !t.id.HasHomes(n.members.ring, n.cfg.Name, t.peer) {
				continue // the peer or the ring has changed since the task was planned
			}
		}
		s.running++
		s.startRound(t)
	}
	if s.running == 0 && len(s.tasks) == 0 {
		s.reportQuiet()
	}
}

// ended takes the result of a round, and starts what may be started.
func (s *syncer) ended(t task, r event.SyncRound) {
	if !mutant.Is(mutant.RoundNeverOver) || r.Err == "" {
		s.running--
	}
	switch {
	case t.transfer: // transfers reports the round
	case r.Buckets > 0, r.Err != "" && t.done != nil:
		s.n.emit(event.Event{Kind: event.SyncDone, Peer: t.peer, Rounds: []event.SyncRound{r}})
	case r.Err == "":
		if s.quiet = append(s.quiet, r); len(s.quiet) >= maxQuiet {
			s.reportQuiet()
		}
	}
	if t.done != nil {
		t.done(r)
	}
	s.startRounds()
}

// reportQuiet emits one event for many rounds that found no difference.
func (s *syncer) reportQuiet() {
	if len(s.quiet) > 0 {
		s.n.emit(event.Event{Kind: event.SyncDone, Rounds: s.quiet})
		s.quiet = nil
	}
}

// mayCompare reports whether a task still makes sense on the ring of now.
func (s *syncer) mayCompare(t task) bool {
	r, self := s.n.members.ring, s.n.cfg.Name
	if !t.transfer {
		return t.id.HasHomes(r, self, t.peer)
	}
	return t.id.HasHomes(r, t.peer) && !t.id.HasHomes(r, self)
}

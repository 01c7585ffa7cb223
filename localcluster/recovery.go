package localcluster

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"ringside/engine/event"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/datadir"
)

const (
	// maxDiskFailures bounds how often in a row a node whose disk fails is started again. The pause
	// doubles each time. After that the node stays down until the user restarts it.
	maxDiskFailures = 5
	minDiskPause    = 100 * time.Millisecond
	// maxRoomPause bounds the pause between two looks for room on a full disk. A user who has just
	// made room can wait a few seconds for the node.
	maxRoomPause = 3 * time.Second
	// diskTrust is how long a disk has to work before its failures are forgotten.
	diskTrust = 10 * time.Second
	// roomNeeded is the number of bytes that must fit on a full disk before its node is started:
	// the largest turn.
	roomNeeded = maxTurnBytes
)

// diskFailed ends an incarnation whose store failed. The content of the disk is unknown until it is
// read again, so the node goes through a crash. The caller is the node's loop, which ends.
func (i *incarnation) diskFailed(cause error) {
	i.c.wg.Go(func() {
		i.c.faults.Lock()
		defer i.c.faults.Unlock()
		n := i.node
		if n.current.Load() != i || i.c.ctx.Err() != nil {
			return // the node was killed meanwhile
		}
		if time.Since(i.began) > diskTrust {
			n.failures, n.fullAttempts = 0, 0
		}
		n.disk.Lenient = errors.Is(cause, store.ErrCorrupt)
		n.restartLater(cause)
	})
}

// restartLater takes down a node whose disk failed, if the node runs, and starts it again after a
// pause. If the disk is full, restartLater is repeated until there is room. The caller holds
// faults.
func (n *node) restartLater(cause error) {
	full, least := datadir.IsFull(cause), cmp.Or(n.c.opts.Testing.DiskPause, minDiskPause)
	why, pause := "", time.Duration(0)
	switch {
	case full:
		pause = min(least<<min(n.fullAttempts, maxDiskFailures), maxRoomPause)
		why = "disk full; it comes back by itself when there is room" + n.roomAt()
		if n.fullAttempts++; n.fullAttempts == 1 { // published once
			n.c.publish(event.Event{Node: n.name, Kind: event.DiskFailed, Message: why + ": " + cause.Error()})
		}
	case n.failures == maxDiskFailures:
		n.failures++
		why = fmt.Sprintf("%s %d times in a row; it stays down until restart %s: %v", failureOf(cause), n.failures,
			n.name, cause)
		n.c.publish(event.Event{Node: n.name, Kind: event.DiskFailed, Message: why})
	default:
		pause = least << n.failures
		n.failures++
		why = failureOf(cause) + "; it is started again"
		n.c.publish(event.Event{Node: n.name, Kind: event.DiskFailed, Message: cause.Error()})
	}
	n.bringDown(why)
	if pause == 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(pause, func() {
		n.c.faults.Lock()
		defer n.c.faults.Unlock()
		if n.retry != timer || n.c.ctx.Err() != nil {
			return
		}
		if full {
			n.c.wg.Go(func() { n.startIfRoom(timer) })
		} else {
			n.tryAgain(nil)
		}
	})
	n.retry = timer
}

// failureOf returns in two words why a node cannot be started.
func failureOf(cause error) string {
	if errors.Is(cause, syscall.EADDRINUSE) {
		return "port taken"
	}
	return "disk failed"
}

// startIfRoom starts a node that waits for room, if there is any. The probe takes a while and runs
// without the lock faults, so that other changes do not wait for it.
func (n *node) startIfRoom(timer *time.Timer) {
	err := n.disk.HasRoom(roomNeeded)
	n.c.faults.Lock()
	defer n.c.faults.Unlock()
	if n.retry == timer && n.c.ctx.Err() == nil {
		n.tryAgain(err)
	}
}

// tryAgain starts a node whose disk failed. If err is not nil, there is no room yet, and tryAgain
// only sets the next timer. The caller holds faults.
func (n *node) tryAgain(err error) {
	n.retry = nil
	if err == nil {
		err = n.start()
	}
	if err != nil {
		n.restartLater(err)
	}
}

// bringDown takes a node down if it runs, and publishes the reason. The caller holds faults.
func (n *node) bringDown(why string) {
	before := n.reason()
	n.why.Store(&why)
	if n.current.Load() == nil {
		if before != why {
			n.c.publish(event.Event{Node: n.name, Kind: event.NodeDown, Message: why})
		}
		return
	}
	n.kill()
}

// roomAt returns the room that a node needs and the folder, in words; "" in memory.
func (n *node) roomAt() string {
	dir := n.c.claim.DataDir()
	if dir == "" {
		return ""
	}
	return fmt.Sprintf(" for %d MB in %s", roomNeeded>>20, dir)
}

// explainFullDisk adds to an error of a full disk what to do about it.
func (c *Cluster) explainFullDisk(err error) error {
	dir := c.claim.DataDir()
	if !datadir.IsFull(err) || dir == "" {
		return err
	}
	return fmt.Errorf("%w; the disk is full: make room in %s", err, dir)
}

// reasons returns which nodes went down by themselves and why, "" if there are none.
func (r *registry) reasons() string {
	var whys, out []string
	nodes := map[string][]string{}
	for _, n := range r.nodes() {
		why := n.reason()
		if why == "" || n.current.Load() != nil {
			continue
		}
		if nodes[why] == nil {
			whys = append(whys, why)
		}
		nodes[why] = append(nodes[why], n.name)
	}
	for _, why := range whys {
		out = append(out, strings.Join(nodes[why], " ")+": "+why)
	}
	return strings.Join(out, "; ")
}

// explain adds to a reply that failed because nodes are down why they are down.
func (c *Cluster) explain(reply wire.ClientReply) wire.ClientReply {
	why := c.registry.reasons()
	if why == "" {
		return reply
	}
	add := func(code wire.Code, message *string) {
		if code == wire.NodeDown || code == wire.QuorumNotReached {
			*message += "; " + why
		}
	}
	switch r := reply.(type) {
	case wire.GetReply:
		add(r.Err, &r.Message)
		return r
	case wire.PutReply:
		add(r.Err, &r.Message)
		return r
	}
	return reply
}

package engine

import (
	"ringside/engine/quorum"
	"ringside/engine/wire"
)

// An inquirer is a get or a put that asks replicas. The assignment names the node that was asked,
// and the home that it stands for.
type inquirer interface {
	answered(a quorum.Assignment, answer wire.Body)
	silent(a quorum.Assignment) // no answer came in time
	settle()                    // called after each answer and each silence, and when a late answer can no longer come
}

// questions are the calls with which one get or put asks replicas. An answer that comes after the
// node has given up waiting for it still counts, until the get or the put abandons its questions.
type questions struct {
	n       *Node
	by      inquirer
	request uint64   // the client's request
	ops     []uint64 // numbers of the calls
	waiting int      // calls that were neither answered nor given up
	room    [4]uint64
}

// ask sends body to the node of an assignment.
func (q *questions) ask(a quorum.Assignment, body wire.Body) {
	q.waiting++
	if q.ops == nil {
		q.ops = q.room[:0]
	}
	c := q.n.calls.newCall(a.Node, q)
	c.home, c.keep, c.front = a.Home, true, true
	q.ops = append(q.ops, q.n.calls.start(c, q.request, body, q.n.cfg.Timings.Patience))
}

// end counts a call that is answered or given up, once.
func (q *questions) end(c *call) quorum.Assignment {
	if !c.settled {
		c.settled = true
		q.waiting--
	}
	return quorum.Assignment{Node: c.to, Home: c.home}
}

func (q *questions) onAnswer(c *call, answer wire.Body) {
	q.by.answered(q.end(c), answer)
	q.by.settle()
}

func (q *questions) onSilent(c *call) {
	q.by.silent(q.end(c))
	q.by.settle()
}

func (q *questions) onGone(*call) { q.by.settle() }

// hopeless reports whether no answer can come, not even a late one.
func (q *questions) hopeless() bool { return q.waiting == 0 && !q.n.calls.mayAnswer(q.ops) }

// abandon ends the interest in all answers.
func (q *questions) abandon() {
	for _, op := range q.ops {
		q.n.calls.abandon(op)
	}
}

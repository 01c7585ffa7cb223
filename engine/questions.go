package engine

import "ringside/engine/wire"

// questions are the calls with which one get or put asks replicas. An answer that comes after the
// node has given up waiting for it still counts, until the get or the put abandons its questions.
type questions struct {
	n       *Node
	request uint64   // the client's request
	settle  func()   // called after each answer and each silence, and when a late answer can no longer come
	ops     []uint64 // numbers of the calls
	waiting int      // calls that were neither answered nor given up
}

// ask sends body to a node. It calls onAnswer with the answer, and onSilent if there is none in
// time.
func (q *questions) ask(node string, body wire.Body, onAnswer func(wire.Body), onSilent func()) {
	q.waiting++
	waits := true
	done := func() {
		if waits {
			waits = false
			q.waiting--
		}
	}
	q.ops = append(q.ops, q.n.calls.begin(node, q.request, body, q.n.cfg.Timings.Patience, call{
		keep: true, front: true,
		onAnswer: func(b wire.Body) {
			done()
			onAnswer(b)
			q.settle()
		},
		onSilent: func() {
			done()
			onSilent()
			q.settle()
		},
		onGone: q.settle,
	}))
}

// hopeless reports whether no answer can come, not even a late one.
func (q *questions) hopeless() bool { return q.waiting == 0 && !q.n.calls.mayAnswer(q.ops) }

// abandon ends the interest in all answers.
func (q *questions) abandon() {
	for _, op := range q.ops {
		q.n.calls.abandon(op)
	}
}

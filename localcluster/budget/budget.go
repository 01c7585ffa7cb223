// Package budget bounds the memory that waits in the queues of one process, however many queues there are.
//
// A Budget has three pools, so that no pool waits for itself. What waits to be worked on (In) is taken up by
// a node's loop, which never waits for a pool. So In always drains, readers of connections always get on, and what
// waits to be written (Out) drains as well. Clients' requests that are being worked on (Work) end by their time-outs.
//
// In each pool a queue has an Account, and may grow to a part of what is still free. So a queue that stands still
// stops growing while there is room for others, and the last bytes are out of reach of all. The idea is Choudhury and
// Hahne's, "Dynamic queue length thresholds in a shared memory ATM switch" (1996). The part is 1/(2√a) with a
// accounts. A node that stands still stops all links to it, which is √a of them: they leave more than half
// of the pool to the others. An account that holds nothing may take one frame of any size that fits into half of what is free.
//
// Each pool keeps a reserve for what it takes to say no: a request that is read only to be refused, a short reply.
package budget

import (
	"math"
	"sync"
	"sync/atomic"
)

// Default is the budget of a process: a laptop can spare it, and at 64 nodes that all stand still it
// leaves some megabytes to each, several of the paper's largest values.
const Default = 1 << 30

// The parts of a budget. Work is a quarter: at 64 nodes each has the 4 MiB that its gate lets in at once.
const (
	inPart      = 3.0 / 8
	outPart     = 3.0 / 8
	workPart    = 1 - inPart - outPart
	reservePart = 1.0 / 8 // of each pool
)

// A Budget is the memory of one process's queues.
type Budget struct {
	In   *Pool // messages and requests that wait for a node's loop, from their first byte on
	Out  *Pool // messages and replies until they are written
	Work *Pool // clients' requests and their foreseen replies, while a node works on them
}

// New returns a budget of limit bytes.
func New(limit int) *Budget {
	part := func(of float64) *Pool {
		size := int64(of * float64(limit))
		p := &Pool{limit: size, open: size - int64(reservePart*float64(size))}
		p.count(0)
		return p
	}
	return &Budget{In: part(inPart), Out: part(outPart), Work: part(workPart)}
}

// Use is what a budget's accounts hold together, and held at most.
type Use struct {
	Used    int // bytes now
	Limit   int // bytes that Used never passes
	Peak    int // the most bytes that each pool held, added up
	Refused int // takes that found no room, since the start; one that waits counts each time it looks
	Queues  int // accounts that are open
}

// Use returns the budget's use.
func (b *Budget) Use() Use {
	var u Use
	for _, p := range []*Pool{b.In, b.Out, b.Work} {
		u.Used += int(p.used.Load())
		u.Peak += int(p.peak.Load())
		u.Limit += int(p.limit)
		u.Refused += int(p.refused.Load())
		u.Queues += int(p.accounts.Load())
	}
	return u
}

// A Pool is one part of a budget. It is safe for concurrent use.
type Pool struct {
	limit   int64 // Invariant: used <= limit
	open    int64 // the part that is no reserve
	used    atomic.Int64
	peak    atomic.Int64
	refused atomic.Int64

	accounts atomic.Int64
	divisor  atomic.Int64 // an account may hold what is free divided by that

	waited atomic.Bool // freed may be waited for
	mu     sync.Mutex
	freed  chan struct{} // closed by the next Give; nil if it was not asked for
}

// Open returns an account for one queue, to be closed with it.
func (p *Pool) Open() *Account {
	p.count(1)
	return &Account{pool: p}
}

func (p *Pool) count(more int64) {
	n := p.accounts.Add(more)
	p.divisor.Store(max(2, int64(math.Ceil(2*math.Sqrt(float64(n))))))
}

// Freed returns a channel that is closed when something is given back. Look for room only after calling it.
func (p *Pool) Freed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.freed == nil {
		p.freed = make(chan struct{})
	}
	p.waited.Store(true)
	return p.freed
}

// An Account is what one queue holds of its pool. It is safe for concurrent use; takes of one account that
// meet may pass its part of the pool together, and never the pool itself.
type Account struct {
	pool *Pool
	used atomic.Int64
}

// sharerPart is the least part of what is free that an account may hold which takes with a share: of those there are
// far fewer than of links, and a part that falls with the number of links would refuse clients long before memory is short.
const sharerPart = 16

// Take takes n bytes if the account may grow by them. With a share of 2 or more it acts as if only 1/share of the
// pool were there: the rest is left to those that are more important.
func (a *Account) Take(n, share int) bool {
	divisor := a.pool.divisor.Load()
	if share > 1 {
		divisor = min(divisor, sharerPart)
	}
	return a.take(int64(n), a.pool.open/int64(share), func(free int64) bool {
		held := a.used.Load()
		return held+int64(n) <= free/divisor || held == 0 && int64(n) <= free/2
	})
}

// TakeReserved takes n bytes, from the reserve if need be, whatever the account holds already. It is for what ends a
// request, and is soon given back. The last bytes are out of its reach, too.
func (a *Account) TakeReserved(n int) bool {
	return a.take(int64(n), a.pool.limit, func(free int64) bool { return int64(n) <= free/4 })
}

func (a *Account) take(n, limit int64, fits func(free int64) bool) bool {
	p := a.pool
	for {
		used := p.used.Load()
		if used+n > limit || !fits(limit-used) {
			p.refused.Add(1)
			return false
		}
		if p.used.CompareAndSwap(used, used+n) {
			a.used.Add(n)
			raise(&p.peak, used+n)
			return true
		}
	}
}

// raise makes v at least n.
func raise(v *atomic.Int64, n int64) {
	for old := v.Load(); n > old && !v.CompareAndSwap(old, n); old = v.Load() {
	}
}

// Give gives back n bytes that were taken.
func (a *Account) Give(n int) {
	if n == 0 {
		return
	}
	if a.used.Add(-int64(n)) < 0 {
		panic("budget: more given back than was taken")
	}
	p := a.pool
	p.used.Add(-int64(n))
	if p.waited.Load() {
		p.wake()
	}
}

func (p *Pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waited.Store(false)
	if p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
}

// Close ends an account that holds nothing any more, or that is given back the rest later.
func (a *Account) Close() { a.pool.count(-1) }

// Used is what the account holds.
func (a *Account) Used() int { return int(a.used.Load()) }

package budget

import (
	"math"
	"sync/atomic"

	"ringside/localcluster/broadcast"
)

// Default is the budget of a process. A laptop can spare it. If 64 nodes all stand still, it leaves
// some megabytes to each, enough for several values of the paper's largest size.
const Default = 1 << 30

// The parts of a budget. Work is a quarter, so that each of 64 nodes has the 4 MiB that its gate
// admits at once.
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
	Work *Pool // clients' requests and their expected replies, while a node works on them
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

// Use describes the memory that all accounts of a budget hold.
type Use struct {
	Used    int // bytes now
	Limit   int // bytes that Used never passes
	Peak    int // the sum of the most bytes that each pool held
	Refused int // takes that found no room, since the start; a waiting take counts each time it is tried
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
	open    int64 // limit without the reserve
	used    atomic.Int64
	peak    atomic.Int64
	refused atomic.Int64

	accounts atomic.Int64
	divisor  atomic.Int64 // an account may hold the free bytes divided by divisor

	freed broadcast.Signal // a Give has happened
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

// Freed returns a channel that is closed by the next Give. Call Freed before Take, so that no Give
// between the two is missed.
func (p *Pool) Freed() <-chan struct{} { return p.freed.Wait() }

// An Account counts the bytes that one queue holds of its pool. It is safe for concurrent use.
// Concurrent takes of one account may together exceed its part of the pool, but never the pool.
type Account struct {
	pool *Pool
	used atomic.Int64
}

// sharerPart bounds the divisor of an account that takes with a share. There are far fewer such
// accounts than links. A part that falls with the number of links would refuse clients long before
// memory is short.
const sharerPart = 16

// Take takes n bytes if the account may grow by them. With a share of 2 or more, Take uses only
// 1/share of the pool and leaves the rest to more important accounts.
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

// TakeReserved takes n bytes, from the reserve if necessary, whatever the account already holds. It
// is for bytes that end a request and are soon given back. It cannot take the last bytes either.
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

// raise sets v to n if v is less than n.
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
	a.pool.used.Add(-int64(n))
	a.pool.freed.Broadcast()
}

// Close ends an account. Bytes that the account still holds are given back with Give later.
func (a *Account) Close() { a.pool.count(-1) }

// Used returns the bytes that the account holds.
func (a *Account) Used() int { return int(a.used.Load()) }

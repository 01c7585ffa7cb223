package budget

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPartsAddUp(t *testing.T) {
	u := New(Default).Use()
	if u.Limit > Default || u.Limit < Default-3 || u.Used != 0 {
		t.Errorf("%+v", u)
	}
}

// In a cluster of n nodes, some nodes stand still, and all links to them grow until they are
// refused. The other links still have room for the largest value, and most of the pool is free.
func TestStandingQueuesLeaveRoom(t *testing.T) {
	const value = 1 << 20
	for _, nodes := range []int{3, 5, 16, 64} {
		p := New(Default).Out
		accounts := make([]*Account, nodes*(nodes-1))
		for i := range accounts {
			accounts[i] = p.Open()
		}
		fill := func(links []*Account) {
			for _, a := range links {
				for a.Take(4<<10, 1) {
				}
			}
		}
		fill(accounts[:nodes-1])
		if used := p.used.Load(); used > p.open*6/10 {
			t.Errorf("%d nodes: one that stands still takes %d of %d bytes", nodes, used, p.open)
		}
		stopped := max(1, nodes/8)
		fill(accounts[:stopped*(nodes-1)])
		if quiet := accounts[len(accounts)-1]; !quiet.Take(value, 1) {
			t.Errorf("%d nodes: %d that stand still leave %d of %d bytes, and no room for a large value", nodes,
				stopped, p.open-p.used.Load(), p.open)
		}
		if used := p.used.Load(); used > p.open {
			t.Errorf("%d bytes of %d", used, p.open)
		}
	}
}

// Accounts that take with a share of 2 leave half of the pool to the others, however many they are.
func TestShare(t *testing.T) {
	p := New(8 << 20).In
	for range 1000 {
		for a := p.Open(); a.Take(1000, 2); {
		}
	}
	if used := p.used.Load(); used < p.open/4 || used > p.open/2 {
		t.Errorf("%d bytes of %d are taken", used, p.open)
	}
	if !p.Open().Take(int(p.open)/5, 1) {
		t.Error("no room for accounts without a share")
	}
}

// Many links do not reduce the part of a client.
func TestSharersKeepTheirPart(t *testing.T) {
	p := New(Default).In
	for range 64 * 63 {
		p.Open()
	}
	client, link := p.Open(), p.Open()
	for client.Take(1000, 2) {
	}
	for link.Take(1000, 1) {
	}
	if c, l := client.Used(), link.Used(); c < int(p.open)/2/(sharerPart+2) || c > int(p.open)/2/sharerPart || l > c {
		t.Errorf("a client holds %d, a link %d of %d", c, l, p.open)
	}
}

// An empty queue takes one large frame. A queue that is not empty has to wait.
func TestLargeFrames(t *testing.T) {
	p := New(8 << 20).In
	for range 100 {
		p.Open()
	}
	a := p.Open()
	if large := int(p.open) / 2; !a.Take(large, 1) || a.Take(large/2, 1) {
		t.Errorf("holds %d", a.Used())
	}
	a.Give(a.Used())
	if !a.Take(1, 1) || a.Take(int(p.open)/2, 1) {
		t.Errorf("holds %d", a.Used())
	}
}

// The part of each account falls as others are opened, and rises as they are closed.
func TestOpenAndClose(t *testing.T) {
	p := New(8 << 20).Out
	a, most := p.Open(), 0
	for a.Take(100, 1) {
	}
	most = a.Used()
	a.Give(most)
	var others []*Account
	for range 99 {
		others = append(others, p.Open())
	}
	for a.Take(100, 1) {
	}
	if a.Used() > most/4 {
		t.Errorf("one of 100 holds %d, one alone %d", a.Used(), most)
	}
	for _, o := range others {
		o.Close()
	}
	for a.Take(100, 1) {
	}
	if a.Used() != most {
		t.Errorf("alone again it holds %d, not %d", a.Used(), most)
	}
}

// The reserve has room when the rest of the pool is used up.
func TestReserve(t *testing.T) {
	p := New(8 << 20).Out
	for free := p.open; free > 100; free = p.open - p.used.Load() { // each takes half of the free bytes
		if !p.Open().Take(int(free)/2, 1) {
			t.Fatal("half of what is free was refused")
		}
	}
	if p.Open().Take(100, 1) {
		t.Fatal("the pool is not full")
	}
	if !p.Open().TakeReserved(100) {
		t.Error("no reserve")
	}
	for a := p.Open(); a.TakeReserved(1 << 10); {
	}
	if used := p.used.Load(); used > p.limit {
		t.Errorf("%d of %d", used, p.limit)
	}
}

// For every sequence of takes and gives, the pool never exceeds its limit, and its use is the sum
// of its accounts' uses.
func TestPoolHoldsWhatItsAccountsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := New(rapid.IntRange(64, 4096).Draw(t, "limit")).In
		accounts := []*Account{p.Open(), p.Open(), p.Open()}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			a := rapid.SampledFrom(accounts).Draw(t, "account")
			switch n := rapid.IntRange(0, 300).Draw(t, "bytes"); rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				a.Take(n, rapid.IntRange(1, 3).Draw(t, "share"))
			case 1:
				a.TakeReserved(n)
			case 2:
				a.Give(min(n, a.Used()))
			}
			sum := 0
			for _, a := range accounts {
				sum += a.Used()
			}
			if used := p.used.Load(); int(used) != sum || used > p.limit || p.peak.Load() > p.limit {
				t.Fatalf("used %d of %d, accounts %d, peak %d", used, p.limit, sum, p.peak.Load())
			}
		}
	})
}

// Takes and gives of many goroutines never exceed the limit, wake the waiting goroutines, and end
// at zero.
func TestPoolUnderLoad(t *testing.T) {
	p := New(1 << 16).Out
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			a, rng := p.Open(), rand.New(rand.NewPCG(1, uint64(i)))
			for range 500 {
				n := 1 + rng.IntN(4000)
				for {
					freed := p.Freed()
					if a.Take(n, 1) {
						break
					}
					select {
					case <-freed:
					case <-time.After(10 * time.Second):
						t.Error("the waiting goroutine was not woken")
						return
					}
				}
				if used := p.used.Load(); used > p.limit {
					t.Errorf("%d of %d", used, p.limit)
				}
				a.Give(n)
			}
		})
	}
	wg.Wait()
	if used, peak := p.used.Load(), p.peak.Load(); used != 0 || peak == 0 || peak > p.limit {
		t.Errorf("used %d, peak %d of %d", used, peak, p.limit)
	}
}

func TestGivingTooMuchPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(1000).In.Open().Give(1)
}

package inbox

import (
	"testing"

	"ringside/localcluster/budget"
)

// Clients fill their share of an inbox, and peers the rest. An empty inbox takes an arrival of any
// size.
func TestOffer(t *testing.T) {
	b := New()
	const share = 2
	fill := func(share int) (n int) {
		for b.Offer(Arrival{Size: 1}, share) {
			n++
		}
		return n
	}
	if n := fill(share); n != MaxInputs/share {
		t.Errorf("clients filled %d places", n)
	}
	if n := fill(1); n != MaxInputs-MaxInputs/share {
		t.Errorf("peers filled %d places", n)
	}
	b.Force(Arrival{})
	if n := len(b.Take(nil)); n != MaxInputs+1 {
		t.Errorf("%d arrivals", n)
	}
	if !b.Offer(Arrival{Size: 2 * MaxBytes}, share) || b.Offer(Arrival{Size: 1}, 1) {
		t.Error("a large arrival in an empty inbox")
	}
}

func TestTakeWakesWaiters(t *testing.T) {
	b := New()
	b.Force(Arrival{})
	<-b.Ready()
	emptied := b.Emptied()
	b.Take(nil)
	<-emptied
}

// A closed inbox gives back the memory of all arrivals.
func TestCloseGivesMemoryBack(t *testing.T) {
	account := budget.New(budget.Default).In.Open()
	offer := func(b *Inbox) {
		if !account.Take(100, 1) || !b.Offer(Arrival{Size: 100, Held: account}, 1) {
			t.Error("an arrival was refused")
		}
	}
	b := New()
	offer(b)
	b.Close()
	offer(b)
	if n := account.Used(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
	if n := len(b.Take(nil)); n != 0 {
		t.Errorf("%d arrivals", n)
	}
}

package gate

import (
	"context"
	"testing"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
)

// Large requests take turns, and small ones enter together. An empty gate admits every request.
func TestGate(t *testing.T) {
	g := New(budget.New(budget.Default).Work)
	if _, full := g.tryEnter(maxAtWork); full != noObstacle {
		t.Error("a huge request never gets in")
	}
	if _, full := g.tryEnter(0); full == noObstacle {
		t.Error("the gate is open behind a huge request")
	}
	g = New(budget.New(budget.Default).Work)
	in := 0
	for ; ; in++ {
		if _, full := g.tryEnter(100); full != noObstacle {
			break
		}
	}
	if in == 0 || in > maxAtWork/wire.MaxValue {
		t.Errorf("%d replies of unknown size at once", in)
	}
	entered := make(chan bool)
	go func() {
		_, ok := g.Enter(t.Context(), 100)
		entered <- ok
	}()
	g.Leave(g.atWork, 100)
	if !<-entered {
		t.Error("no request entered after another one left")
	}
	for range 100 { // replies are small
		g.Leave(0, 100)
	}
	for in = 0; ; in++ {
		if _, full := g.tryEnter(100); full != noObstacle {
			break
		}
	}
	if in < MaxRequests/2 {
		t.Errorf("only %d small requests at once", in)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := g.Enter(ctx, 100); ok {
		t.Error("a full gate admitted a request")
	}
}

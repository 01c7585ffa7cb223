package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"ringside/localcluster/budget"
)

// The writer gives up on a client that reads nothing, but not on a client that reads slowly.
func TestOnlyAStalledClientIsCutOff(t *testing.T) {
	stall := 100 * time.Millisecond
	for !readSlowly(t, stall) { // the machine was slower than the writer waits
		if stall *= 4; stall > 10*time.Second {
			t.Fatal("a slow reader was cut off, however long the writer waits")
		}
	}
}

// readSlowly reads from a writer with pauses shorter than stall, for longer than stall in all, and
// then not at all. It reports whether the writer did not give up until then. It fails the test if
// the writer does not give up after that.
func readSlowly(t *testing.T, stall time.Duration) bool {
	t.Helper()
	near, far := net.Pipe()
	defer far.Close()
	out := NewSender(near, budget.New(budget.Default).Out, stall)
	ended, done := make(chan error, 1), make(chan struct{})
	defer close(done)
	_ = out.Send(make([]byte, 100))
	go func() { ended <- out.Run(done) }()
	out.Flush()
	for range 10 { // 2*stall in all
		time.Sleep(stall / 5)
		if _, err := io.ReadFull(far, make([]byte, 5)); err != nil {
			t.Logf("cut off with a stall of %v: %v", stall, err)
			return false
		}
	}
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(stall + 15*time.Second):
		t.Error("the writer does not give up on a client that reads nothing")
	}
	return true
}

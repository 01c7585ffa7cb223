package verbs

import (
	"context"
	"io"
	"testing"

	"ringside/cli/exit"
)

// A put that waits for its value ends when it is interrupted, also if the pipe stays open.
func TestReadOfAValueIsInterrupted(t *testing.T) {
	in, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := newFake(t)
	err := exit.As(Run(ctx, &Env{Cluster: f, In: in, Out: io.Discard, Err: io.Discard}, []string{"put", "cart", "-"}))
	if err == nil || err.Exit != exit.Interrupted || len(f.puts) > 0 {
		t.Errorf("got %+v, %d puts", err, len(f.puts))
	}
}

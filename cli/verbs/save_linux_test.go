package verbs

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The check of a named pipe does not wait for a reader, and does not end the reader's data.
func TestPipesAreNotOpenedByTheCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	done := make(chan error, 1)
	go func() { done <- CheckWritable(path) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the check waits for a reader")
	}
}

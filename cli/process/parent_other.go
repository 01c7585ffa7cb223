//go:build !linux

package process

import (
	"context"

	"ringside/engine/usage"
)

// A Parent is a process whose end is watched, which works on Linux only.
type Parent struct{}

var errLinuxOnly = usage.Errorf("the end of a parent can be watched on Linux only")

// OpenParent returns an error.
func OpenParent(int) (*Parent, error) { return nil, errLinuxOnly }

// OwnParent returns an error.
func OwnParent() (*Parent, error) { return nil, errLinuxOnly }

// PID returns 0.
func (*Parent) PID() int { return 0 }

// Close does nothing.
func (*Parent) Close() error { return nil }

// Await returns false when ctx ends.
func (*Parent) Await(ctx context.Context) bool {
	<-ctx.Done()
	return false
}

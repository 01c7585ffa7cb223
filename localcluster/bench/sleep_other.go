//go:build !linux

package bench

import "time"

// preciseSleep returns a function that sleeps.
func preciseSleep() (sleep func(time.Duration), release func()) { return time.Sleep, func() {} }

package ringsidetest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// A TB is what this package needs of a test. Every testing.TB is one.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // does not return
	Failed() bool
	Cleanup(func())
}

// Run calls fn outside of a test, for a program or a TestMain that uses a cluster. The functions
// that fn gave to Cleanup have run when Run returns. If fn has failed, the error has all that was
// logged. name takes the place of the name of a test.
func Run(name string, fn func(TB)) error {
	tb := &outside{name: name}
	tb.run(fn)
	tb.mu.Lock()
	defer tb.mu.Unlock()
	if tb.failed {
		return errors.New(strings.Join(tb.log, "\n"))
	}
	return nil
}

// outside is the TB of a function that is not a test. It is safe for concurrent use.
type outside struct {
	name string

	mu      sync.Mutex // guards what follows
	log     []string
	failed  bool
	cleanup []func()
}

// run calls fn, and then what fn gave to Cleanup, also after a panic.
func (o *outside) run(fn func(TB)) {
	defer func() {
		for clean := o.pop(); clean != nil; clean = o.pop() {
			o.call(clean)
		}
	}()
	o.call(func() { fn(o) })
}

// call calls fn in a goroutine, which Fatalf can end, and waits for its end. A panic goes on.
func (o *outside) call(fn func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		fn()
	}()
	if p := <-done; p != nil {
		panic(p)
	}
}

// pop returns the function that was given to Cleanup last, nil if none is left.
func (o *outside) pop() func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.cleanup)
	if n == 0 {
		return nil
	}
	last := o.cleanup[n-1]
	o.cleanup = slices.Delete(o.cleanup, n-1, n)
	return last
}

func (o *outside) say(failed bool, format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = o.failed || failed
	o.log = append(o.log, fmt.Sprintf(format, args...))
}

// Helper implements TB.
func (o *outside) Helper() {}

// Name implements TB.
func (o *outside) Name() string { return o.name }

// Logf implements TB.
func (o *outside) Logf(format string, args ...any) { o.say(false, format, args...) }

// Errorf implements TB.
func (o *outside) Errorf(format string, args ...any) { o.say(true, format, args...) }

// Fatalf implements TB.
func (o *outside) Fatalf(format string, args ...any) {
	o.say(true, format, args...)
	runtime.Goexit()
}

// Failed implements TB.
func (o *outside) Failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// Cleanup implements TB.
func (o *outside) Cleanup(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cleanup = append(o.cleanup, f)
}

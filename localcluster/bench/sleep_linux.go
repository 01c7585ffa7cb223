package bench

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// preciseSleep returns a function that sleeps with an error of a few microseconds. Go's timers are
// up to a millisecond late if the process is idle. The caller's goroutine has the thread for itself
// until it calls release.
func preciseSleep() (sleep func(time.Duration), release func()) {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // nanoseconds; without it, sleeps are 50 µs late
	return func(d time.Duration) {
		if d <= 0 {
			return
		}
		runtime.Gosched() // the worker that was woken runs before this thread sleeps
		left := syscall.NsecToTimespec(int64(d))
		for syscall.Nanosleep(&left, &left) == syscall.EINTR {
		}
	}, runtime.UnlockOSThread
}

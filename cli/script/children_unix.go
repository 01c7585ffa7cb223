//go:build unix

package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// endChildren ends the processes below this one: politely, or by force.
func endChildren(force bool) {
	sig := syscall.SIGTERM
	if force {
		sig = syscall.SIGKILL
	}
	parents := processes()
	for pid := range parents {
		if pid != os.Getpid() && below(parents, pid, os.Getpid()) {
			_ = syscall.Kill(pid, sig) // it may be gone by now
		}
	}
}

// below says whether pid is a child of top, or one of its children's.
func below(parents map[int]int, pid, top int) bool {
	for range len(parents) { // a list that is not of one moment could go round
		parent, ok := parents[pid]
		if !ok || parent == top {
			return ok
		}
		pid = parent
	}
	return false
}

// processes returns the parent of each process: from /proc, or from ps where there is none.
func processes() map[int]int {
	out := map[int]int{}
	add := func(pid, parent string) {
		p, err := strconv.Atoi(pid)
		if pp, err2 := strconv.Atoi(parent); err == nil && err2 == nil {
			out[p] = pp
		}
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		text, err := exec.Command("ps", "-A", "-o", "pid=", "-o", "ppid=").Output()
		if err != nil {
			return nil
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 2 {
				add(f[0], f[1])
			}
		}
		return out
	}
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid: a name may hold anything
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) > 1 {
			add(filepath.Base(filepath.Dir(name)), f[1])
		}
	}
	return out
}

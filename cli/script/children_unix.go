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

// endChildren ends the descendants of this process: by SIGTERM or, with force, by SIGKILL.
func endChildren(force bool) {
	sig := syscall.SIGTERM
	if force {
		sig = syscall.SIGKILL
	}
	parents := processes()
	for pid := range parents {
		if pid != os.Getpid() && below(parents, pid, os.Getpid()) {
			_ = syscall.Kill(pid, sig) // it may have ended
		}
	}
}

// below reports whether pid is a descendant of top.
func below(parents map[int]int, pid, top int) bool {
	for range len(parents) { // the list is not atomic and may have a cycle
		parent, ok := parents[pid]
		if !ok || parent == top {
			return ok
		}
		pid = parent
	}
	return false
}

// processes returns the parent of each process, from /proc or, without /proc, from ps.
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
		// the format is "pid (name) state ppid", and a name may have any bytes
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) > 1 {
			add(filepath.Base(filepath.Dir(name)), f[1])
		}
	}
	return out
}

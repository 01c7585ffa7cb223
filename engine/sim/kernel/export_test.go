package kernel

import "ringside/engine/store"

// Refill replaces the disk of a host by one that writes rate bytes a second, never stalls, and
// holds contents on top of what the host has written. The node crashes and starts again.
func (h *Host) Refill(rate int, contents []store.Write) {
	h.crash()
	h.disk.rate, h.disk.steady = rate, true
	_ = h.disk.mem.Apply(contents, true)
	h.boot()
}

// Injects reports whether faults of a kind can be injected.
func Injects(kind string) bool { return injectors[kind] != nil }

//go:build unix

package level

import "syscall"

// reserve returns zeroed memory of that many bytes outside of the heap of Go, or nil if there is
// none. A page takes real memory when it is first written.
func reserve(bytes int) []byte {
	memory, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	return memory
}

// giveBack ends the use of memory that reserve returned.
func giveBack(memory []byte) { _ = syscall.Munmap(memory) }

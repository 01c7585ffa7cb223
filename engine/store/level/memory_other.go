//go:build !unix

package level

// reserve returns zeroed memory of that many bytes.
func reserve(bytes int) []byte { return make([]byte, bytes) }

// giveBack ends the use of memory that reserve returned.
func giveBack([]byte) {}

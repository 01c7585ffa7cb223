package wire

import "math/bits"

const (
	// fewNames and manyNames are the least and the greatest size of a table of names. Both are
	// powers of two.
	fewNames  = 16
	manyNames = 256
)

// names remembers the names of nodes that were decoded, so that each is allocated once. Each name
// has one place, which it may lose to another name. The table grows when that happens, up to
// manyNames places, or 12 KiB with the longest names. Only valid names are remembered.
type names struct {
	table []string // a power of two, or nil
	shift int      // 32 less the bits of a place
}

// get returns b as a string. A name that is too long is cut and stays too long, so that a check
// still refuses it.
func (n *names) get(b []byte) string {
	if len(b) > MaxName {
		return string(b[:MaxName+1])
	}
	if len(b) == 0 {
		return ""
	}
	if len(n.table) > 0 {
		if s := n.table[n.place(b)]; s == string(b) {
			return s
		}
	}
	return n.add(string(b))
}

// add remembers s and returns it.
func (n *names) add(s string) string {
	if !ValidName(s) {
		return s
	}
	if n.table == nil {
		n.resize(fewNames)
	}
	if n.table[n.place([]byte(s))] != "" && len(n.table) < manyNames {
		n.resize(2 * len(n.table))
	}
	n.table[n.place([]byte(s))] = s
	return s
}

func (n *names) resize(size int) {
	old := n.table
	n.table, n.shift = make([]string, size), 32-bits.TrailingZeros(uint(size))
	for _, s := range old {
		if s != "" {
			n.table[n.place([]byte(s))] = s
		}
	}
}

// place returns the place of a name in the table.
func (n *names) place(name []byte) uint32 {
	const golden = 0x9e3779b9 // Fibonacci hashing
	h := uint32(0)
	for _, c := range name {
		h = h*31 + uint32(c)
	}
	return h * golden >> n.shift
}

// Package merkle holds §4.7's hash trees: one for a key range, whose leaves hash
// what is held of the keys, so that two nodes find out where they differ by
// exchanging hashes that get fewer the less they differ.
//
// "Each branch of the tree can be checked independently without requiring nodes
// to download the entire tree": an inner node hashes its two children. What deviates:
// a leaf is a bucket of keys that lie next to each other on the ring, the exclusive or of
// their hashes; so a tree costs nothing per key, takes a write without knowing the
// bucket's other keys, and does not hang on the order in which they came.
package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"ringside/engine/ring"
	"ringside/engine/splitmix"
	"ringside/engine/vclock"
)

// Buckets are dealt out to the whole ring, so that a node's trees take at most
// 16 bytes for each: 1 MiB for one that is home to everything, however many
// ranges there are (up to 4096; beyond that, 256 bytes a range). With 100,000 keys a
// bucket holds one or two of them, with ten million 150, which are 1.2 kB to list.
const (
	ringBits = 16 // of the number of buckets of a whole ring
	minDepth = 4
	maxDepth = ringBits
)

// Depth is how many levels below its root the tree of a range has, on a ring of so many ranges.
func Depth(ranges int) int {
	return min(max(ringBits-bits.Len(uint(max(ranges, 1)-1)), minDepth), maxDepth)
}

// A State sums up what a node holds of one key; the zero State is nothing.
type State struct {
	Hash uint64
	Size int // bytes that a copy of it takes, about
}

// StateOf hashes the dots of siblings. A dot stands for a whole version, value and
// past included, just as Siblings.Equal has it: a finer hash would tell
// replicas apart that no merge can make equal, and they would be repaired for ever.
func StateOf(key []byte, siblings vclock.Siblings, lww bool) State {
	if len(siblings) == 0 {
		return State{}
	}
	b := make([]byte, 0, 256) // on the stack; more is rare
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	if lww { // it decides what the next merge leaves
		b = append(b, 1)
	}
	size := len(key)
	for _, v := range siblings {
		b = binary.AppendUvarint(b, uint64(len(v.Dot.Node)))
		b = append(b, v.Dot.Node...)
		b = binary.BigEndian.AppendUint64(b, v.Dot.Epoch)
		b = binary.BigEndian.AppendUint64(b, v.Dot.Counter)
		size += len(v.Value) + entrySize*(1+len(v.Past))
	}
	sum := sha256.Sum256(b)
	return State{Hash: binary.BigEndian.Uint64(sum[:]), Size: size}
}

// entrySize is about what a clock's entry takes on the wire.
const entrySize = 16

// A Tree is the hash tree of one key range. It is for one goroutine.
type Tree struct {
	start ring.Position
	width wide // 2¹²⁸ is 0
	depth int
	nodes []uint64 // node 1 is the root, the children of i are 2i and 2i+1; nil while all are 0
	keys  int
	size  int
}

// New returns the tree of the empty range (start, end].
func New(start, end ring.Position, depth int) *Tree {
	return &Tree{start: start, width: toWide(end).minus(toWide(start)), depth: depth}
}

// Depth is how many levels there are below the root.
func (t *Tree) Depth() int { return t.depth }

// Keys is how many keys there are, tombstones too.
func (t *Tree) Keys() int { return t.keys }

// Size is about how many bytes a copy of the whole range takes.
func (t *Tree) Size() int { return t.size }

// Root is the hash of everything; 0 is nothing.
func (t *Tree) Root() uint64 { return t.Hash(0, 0) }

// Hash is the hash of node i of a level; level 0 is the root, level Depth the buckets.
func (t *Tree) Hash(level, i int) uint64 {
	if t.nodes == nil {
		return 0
	}
	return t.nodes[1<<level+i]
}

// Below appends the hashes of the nodes that lie levels below node i of level.
func (t *Tree) Below(to []uint64, level, i, levels int) []uint64 {
	for k := range 1 << levels {
		to = append(to, t.Hash(level+levels, i<<levels+k))
	}
	return to
}

// Equal says whether both have the same hashes everywhere.
func (t *Tree) Equal(o *Tree) bool {
	if t.depth != o.depth || t.Root() != o.Root() {
		return false
	}
	return t.nodes == nil || o.nodes == nil || slices.Equal(t.nodes, o.nodes) // a tree without nodes has root 0
}

// Update tells the tree that the state of the key at p, which is in the range, changed.
func (t *Tree) Update(p ring.Position, before, after State) {
	t.keys += present(after) - present(before)
	t.size += after.Size - before.Size
	if d := before.Hash ^ after.Hash; d != 0 {
		b := t.Bucket(p)
		t.set(b, t.Hash(t.depth, b)^d)
	}
}

func present(s State) int {
	if s.Hash == 0 {
		return 0
	}
	return 1
}

// set changes a bucket's hash and those on its way to the root.
func (t *Tree) set(bucket int, h uint64) {
	if t.nodes == nil {
		t.nodes = make([]uint64, 2<<t.depth)
	}
	i := 1<<t.depth + bucket
	t.nodes[i] = h
	for i >>= 1; i > 0; i >>= 1 {
		t.nodes[i] = join(t.nodes[2*i], t.nodes[2*i+1])
	}
}

// Fold returns the hashes of the parents of an even number of neighbours.
func Fold(children []uint64) []uint64 {
	out := make([]uint64, len(children)/2)
	for i := range out {
		out[i] = join(children[2*i], children[2*i+1])
	}
	return out
}

// join hashes two children; of nothing and nothing it makes nothing. For either
// child given, it is a bijection of the other.
func join(left, right uint64) uint64 {
	if left == 0 && right == 0 {
		return 0
	}
	return splitmix.Mix(splitmix.Next(left) ^ right)
}

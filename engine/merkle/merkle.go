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

// The whole ring has 2^ringBits buckets, and each takes at most 16 bytes of a node's memory: 1 MiB
// for a node that is a home of all keys. Beyond 4,096 ranges it is 256 bytes a range. With 100,000
// keys a bucket has one or two keys, and with ten million 150 keys, which take 1.2 kB to list.
const (
	ringBits = 16
	minDepth = 4
	maxDepth = ringBits
)

// Depth returns the number of levels below the root in the tree of a range, for a ring with so many
// ranges. Nodes that agree on the ring agree on the depth.
func Depth(ranges int) int {
	return min(max(ringBits-bits.Len(uint(max(ranges, 1)-1)), minDepth), maxDepth)
}

// A State is a summary of what a node holds of one key. The zero State means nothing.
type State struct {
	Hash uint64
	Size int // bytes of a copy, about
}

// StateOf returns the state of a key with siblings. It hashes the dots only: a dot identifies a
// version with its value and past, as in Siblings.Equal. A hash of more could differ between
// replicas that no merge makes equal, and anti-entropy would never end. lww is part of the hash,
// because it decides what the next merge keeps.
func StateOf(key []byte, siblings vclock.Siblings, lww bool) State {
	if len(siblings) == 0 {
		return State{}
	}
	b := make([]byte, 0, 256) // on the stack; longer ones are rare
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	if lww {
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

// entrySize is about the bytes of a clock's entry in a message.
const entrySize = 16

// A Tree is the Merkle tree of one key range.
type Tree struct {
	start ring.Position
	width wide // of the range; 0 means 2¹²⁸
	depth int
	nodes []uint64 // node 1 is the root, nodes 2i and 2i+1 are the children of i; nil while all are 0
	keys  int
	size  int
}

// New returns the tree of the range (start, end] without keys. depth is from minDepth to maxDepth,
// or 0 for a tree that is only used for its Span.
func New(start, end ring.Position, depth int) *Tree {
	return &Tree{start: start, width: toWide(end).minus(toWide(start)), depth: depth}
}

// Depth returns the number of levels below the root.
func (t *Tree) Depth() int { return t.depth }

// Keys returns the number of keys, with those that are tombstones.
func (t *Tree) Keys() int { return t.keys }

// Size returns about the number of bytes of a copy of the range.
func (t *Tree) Size() int { return t.size }

// Root returns the hash of the root. It is 0 if there are no keys.
func (t *Tree) Root() uint64 { return t.Hash(0, 0) }

// Hash returns the hash of node i of a level. Level 0 is the root, and level Depth has the buckets.
func (t *Tree) Hash(level, i int) uint64 {
	if t.nodes == nil {
		return 0
	}
	return t.nodes[1<<level+i]
}

// Below appends the hashes of the descendants of node i of level that are so many levels below it.
func (t *Tree) Below(to []uint64, level, i, levels int) []uint64 {
	for k := range 1 << levels {
		to = append(to, t.Hash(level+levels, i<<levels+k))
	}
	return to
}

// Equal reports whether t and o have the same depth and the same hashes.
func (t *Tree) Equal(o *Tree) bool {
	if t.depth != o.depth || t.Root() != o.Root() {
		return false
	}
	return t.nodes == nil || o.nodes == nil || slices.Equal(t.nodes, o.nodes) // a tree whose nodes are nil has root 0
}

// Update changes the state of the key at p from before to after. p must be in the range.
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

// set changes the hash of a bucket, and the hashes on the path to the root.
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

// Fold returns the hashes of the parents of neighbouring nodes. The number of children must be
// even.
func Fold(children []uint64) []uint64 {
	out := make([]uint64, len(children)/2)
	for i := range out {
		out[i] = join(children[2*i], children[2*i+1])
	}
	return out
}

// join returns the hash of the parent of two children. It is 0 if both are 0. If one child is
// fixed, join is a bijection of the other child.
func join(left, right uint64) uint64 {
	if left == 0 && right == 0 {
		return 0
	}
	return splitmix.Mix(splitmix.Next(left) ^ right)
}

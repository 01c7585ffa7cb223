package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/ring"
	"ringside/engine/wire"
)

const (
	// MaxBuffer bounds the objects of one node's buffer (§6.1).
	MaxBuffer = 100_000
	// MinTombstones is the least age at which a tombstone may be collected: more than twice the
	// time that a client's request may take.
	MinTombstones = 5 * time.Second
	// MaxTombstones is the greatest such age. A cluster may also never collect tombstones.
	MaxTombstones = 365 * 24 * time.Hour
)

// Check returns an error that names the first setting that no cluster can have, nil if there is
// none. Drivers may have lower limits of their own.
func (s Cluster) Check() error {
	if len(s.Nodes) == 0 {
		return fmt.Errorf("a cluster needs at least 1 node")
	}
	for i, n := range s.Nodes {
		if err := wire.CheckName("node", n); err != nil {
			return err
		}
		if slices.Contains(s.Nodes[:i], n) {
			return fmt.Errorf("two nodes are called %s", n)
		}
	}
	founders := s.InitialMembers()
	switch {
	case s.N < 1 || s.N > len(founders):
		return fmt.Errorf("invalid N=%d: want 1 to the number of nodes, %d", s.N, len(founders))
	case s.R < 1 || s.R > s.N:
		return fmt.Errorf("invalid R=%d: want 1 to N=%d", s.R, s.N)
	case s.W < 1 || s.W > s.N:
		return fmt.Errorf("invalid W=%d: want 1 to N=%d", s.W, s.N)
	case s.Buffer < 0 || s.Buffer > MaxBuffer:
		return fmt.Errorf("a buffer of %d objects: want 1 to %d, or none", s.Buffer, MaxBuffer)
	case s.Tombstones > 0 && s.Tombstones < MinTombstones || s.Tombstones > MaxTombstones:
		return fmt.Errorf("tombstones collected after %v: want %v to %v, or off",
			s.Tombstones, MinTombstones, MaxTombstones)
	}
	if err := CheckVersioning(s.Mode, s.clocks(), s.Truncate); err != nil {
		return err
	}
	for _, seed := range s.Seeds {
		if err := wire.CheckName("node", seed); err != nil {
			return fmt.Errorf("seeds: %w", err)
		}
	}
	_, err := ring.New(s.RingConfig(), founders)
	return err
}

// CheckVersioning returns an error if no cluster can have these values of Mode, Clocks and
// Truncate.
func CheckVersioning(mode, clocks string, truncate int) error {
	switch {
	case mode != ModeSiblings && mode != ModeLWW:
		return fmt.Errorf("mode %q: want %s or %s", mode, ModeSiblings, ModeLWW)
	case clocks != ClocksDotted && clocks != ClocksLiteral:
		return fmt.Errorf("clocks %q: want %s or %s", clocks, ClocksDotted, ClocksLiteral)
	case truncate < 0 || truncate > wire.MaxClock:
		return fmt.Errorf("truncate %d: want 1 to %d pairs", truncate, wire.MaxClock)
	}
	return nil
}

// CheckStrategy returns an error if want asks for a number that the strategy of s does not use
// (§6.2). A zero field of want asks for nothing.
func (s Cluster) CheckStrategy(want Cluster) error {
	switch {
	case want.Q != 0 && s.Strategy == int(ring.TokensRandom):
		return fmt.Errorf("-q %d: strategy %d has no equal partitions; leave out -q, or choose --strategy 2 or 3",
			want.Q, s.Strategy)
	case want.T != 0 && s.Strategy == int(ring.EqualPartitions):
		return fmt.Errorf("--tokens %d: strategy %d deals out Q/S tokens to each node; leave out --tokens, "+
			"or choose --strategy 1 or 2", want.T, s.Strategy)
	}
	return nil
}

// CheckNewNode returns an error if name cannot be the name of a new node. Commands take a word that
// begins with '-' for a flag, so a new node has no such name. An existing node keeps its name.
func CheckNewNode(name string) error {
	if strings.HasPrefix(name, "-") {
		return fmt.Errorf("invalid node name %q: commands take a word that begins with '-' for a flag", name)
	}
	return wire.CheckName("node", name)
}

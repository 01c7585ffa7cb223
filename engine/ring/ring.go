package ring

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"

	"ringside/engine/mutant"
)

// A Position is a point on the ring: 128 bits, big endian.
type Position [16]byte

// Of returns the position of key: MD5(key) (§4.1).
func Of(key []byte) Position { return md5.Sum(key) }

// String returns the position as 32 hexadecimal digits.
func (p Position) String() string { return hex.EncodeToString(p[:]) }

// MarshalText implements encoding.TextMarshaler.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Position) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(p)) {
		return fmt.Errorf("decode position: want %d hexadecimal digits, not %d", hex.EncodedLen(len(p)), len(b))
	}
	if _, err := hex.Decode(p[:], b); err != nil {
		return fmt.Errorf("decode position: %w", err)
	}
	return nil
}

// Compare orders positions clockwise from zero.
func (p Position) Compare(o Position) int { return bytes.Compare(p[:], o[:]) }

// Fraction returns the position as a share of the whole ring, 0 ≤ f < 1.
func (p Position) Fraction() float64 {
	f, scale := 0.0, 1.0/256
	for _, b := range p[:8] {
		f += float64(b) * scale
		scale /= 256
	}
	return min(f, 1-1e-16)
}

// A Strategy is one of the ways of §6.2 to cut the ring into ranges and to place tokens.
type Strategy int

const (
	// TokensRandom is strategy 1: T random tokens per node, ranges cut by tokens.
	TokensRandom Strategy = 1
	// TokensOverPartitions is strategy 2: T random tokens per node, Q equal partitions.
	TokensOverPartitions Strategy = 2
	// EqualPartitions is strategy 3: Q equal partitions, Q/S tokens per node.
	EqualPartitions Strategy = 3
)

// Config holds the choices by which a ring is made of its members.
type Config struct {
	Strategy Strategy
	N        int // replicas of a key (§4.3), at least 1
	Q        int // equal partitions, one for each member or more; strategies 2 and 3
	T        int // tokens of a member of weight 1, at least 1; strategies 1 and 2
}

// DefaultQ is the usual Q. It divides evenly among 1 to 6, 10, 12, 15, 20 and 30 nodes.
const DefaultQ = 60

// DefaultT is the usual T.
const DefaultT = 12

// Limits of the size of a ring. Every node keeps the whole ring in memory and builds it anew after
// a change of the membership.
const (
	MaxMembers = 4096
	MaxTokens  = 1 << 17
)

// A Member is one node of the ring.
type Member struct {
	Name   string `json:"node"`
	Weight int    `json:"weight"`         // capacity relative to other nodes (§4.2), at least 1
	Zone   string `json:"zone,omitempty"` // data centre (§4.6); the empty zone is like any other
}

// A Token is one position that a node holds.
type Token struct {
	At   Position
	Node string
}

// A Range is a part (Start, End] of the key space whose keys have the same homes. Start == End
// means the whole ring.
type Range struct {
	Start, End Position
	Homes      []string // the N nodes that store the range, by rank; fewer if the ring is smaller
	token      int      // index of the token at which the walk for its preference list begins
}

// A Ring says which nodes are the homes of which keys. It is immutable.
type Ring struct {
	cfg     Config
	members []Member
	tokens  []Token          // sorted by At
	ranges  []Range          // sorted by End; the first one wraps around zero
	index   map[string]int32 // of each member in members
	holders []int32          // index in members of each token's node
	hosted  [][]int32        // for each member, the indices in ranges of those that it is a home of, clockwise
	zones   int              // number of distinct zones
	deal    *deal            // strategy 3: which member owns which partition
}

// New returns the ring of members, which are in the order in which they joined.
func New(cfg Config, members []Member) (*Ring, error) {
	if err := cfg.check(members); err != nil {
		return nil, err
	}
	steps := make([]Step, len(members))
	for i, m := range members {
		steps[i] = Step{Member: m}
	}
	return cfg.build(members, nil, steps), nil
}

// build returns the ring of members. d is the deal of an earlier ring, nil for the empty ring, and
// steps lead from that ring to members. build checks nothing.
func (cfg Config) build(members []Member, d *deal, steps []Step) *Ring {
	r := &Ring{cfg: cfg, members: slices.Clone(members)}
	if cfg.Strategy == EqualPartitions {
		r.deal = d.after(cfg.Q, steps)
	}
	if len(members) == 0 {
		return r
	}
	switch cfg.Strategy {
	case TokensRandom:
		r.tokens = randomTokens(members, cfg.T)
		r.ranges = cutByTokens(r.tokens)
	case TokensOverPartitions:
		r.tokens = randomTokens(members, cfg.T)
		r.ranges = cutEqually(cfg.Q, func(end Position) int { return firstToken(r.tokens, end) })
	case EqualPartitions:
		r.tokens = r.deal.tokens()
		i := -1
		r.ranges = cutEqually(cfg.Q, func(Position) int { i++; return i })
	}
	r.findHolders()
	r.hosted = make([][]int32, len(members))
	for i := range r.ranges {
		rg := &r.ranges[i]
		rg.Homes = r.list(rg.token, min(cfg.N, len(members)))
		for _, h := range rg.Homes {
			m := r.index[h]
			r.hosted[m] = append(r.hosted[m], int32(i))
		}
	}
	return r
}

// findHolders fills in index, zones and holders.
func (r *Ring) findHolders() {
	r.index = make(map[string]int32, len(r.members))
	zones := map[string]bool{}
	for i, m := range r.members {
		r.index[m.Name] = int32(i)
		zones[m.Zone] = true
	}
	r.zones = len(zones)
	r.holders = make([]int32, len(r.tokens))
	for i, t := range r.tokens {
		r.holders[i] = r.index[t.Node]
	}
}

// check returns an error if there is no ring of members.
func (cfg Config) check(members []Member) error {
	tokens := 0
	seen := map[string]bool{}
	for _, m := range members {
		if m.Weight < 1 {
			return fmt.Errorf("ring: weight of %s is %d, want at least 1", m.Name, m.Weight)
		}
		if seen[m.Name] {
			return fmt.Errorf("ring: two members are called %s", m.Name)
		}
		seen[m.Name] = true
		tokens += m.Weight * cfg.T
	}
	switch {
	case len(members) == 0:
		return errors.New("ring: no members")
	case len(members) > MaxMembers:
		return fmt.Errorf("ring: %d members, the limit is %d", len(members), MaxMembers)
	case cfg.N < 1:
		return fmt.Errorf("ring: N is %d, want at least 1", cfg.N)
	case cfg.Strategy < TokensRandom || cfg.Strategy > EqualPartitions:
		return fmt.Errorf("ring: strategy %d, want 1, 2 or 3", cfg.Strategy)
	case cfg.Strategy != EqualPartitions && cfg.T < 1:
		return fmt.Errorf("ring: T is %d tokens a node, want at least 1", cfg.T)
	case cfg.Strategy != EqualPartitions && tokens > MaxTokens:
		return fmt.Errorf("ring: %d tokens, the limit is %d; use a smaller T", tokens, MaxTokens)
	case cfg.Strategy != TokensRandom && (cfg.Q < len(members) || cfg.Q > MaxTokens):
		return fmt.Errorf("ring: Q is %d partitions, want at least one a node (%d) and at most %d",
			cfg.Q, len(members), MaxTokens)
	}
	return nil
}

// Config returns the configuration of the ring.
func (r *Ring) Config() Config { return r.cfg }

// Members returns the members of the ring in the order in which they joined.
func (r *Ring) Members() []Member { return r.members }

// Has reports whether node is a member.
func (r *Ring) Has(node string) bool {
	_, ok := r.index[node]
	return ok
}

// Tokens returns all tokens clockwise from zero.
func (r *Ring) Tokens() []Token { return r.tokens }

// Ranges returns the key ranges clockwise. The first one wraps around zero.
func (r *Ring) Ranges() []Range { return r.ranges }

// HostedBy yields the ranges that node is a home of, clockwise. It yields none if node is not a
// member.
func (r *Ring) HostedBy(node string) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		m, ok := r.index[node]
		if !ok {
			return
		}
		for _, i := range r.hosted[m] {
			if !yield(r.ranges[i]) {
				return
			}
		}
	}
}

// Index returns the index in Ranges of the range that contains p.
func (r *Ring) Index(p Position) int {
	i := sort.Search(len(r.ranges), func(i int) bool { return r.ranges[i].End.Compare(p) >= 0 })
	if mutant.Is(mutant.LastKeysElsewhere) {
		return min(i, len(r.ranges)-1)
	}
	return i % len(r.ranges)
}

// Homes returns the homes of key, by rank (§4.3): N nodes, or all members if they are fewer.
func (r *Ring) Homes(key []byte) []string { return r.ranges[r.Index(Of(key))].Homes }

// Preference returns the whole preference list of key: its homes, and then all other members in the
// order in which they become fallbacks (§4.3, §4.6).
func (r *Ring) Preference(key []byte) []string {
	return r.list(r.ranges[r.Index(Of(key))].token, len(r.members))
}

// list returns the first limit nodes of the preference list of the range whose walk begins at token
// i.
func (r *Ring) list(i, limit int) []string {
	if r.zones < 2 {
		return slices.AppendSeq(make([]string, 0, limit), r.walk(i, limit))
	}
	return r.spread(slices.Collect(r.walk(i, len(r.members))), limit)
}

// walk yields up to limit distinct nodes clockwise from token i. It skips tokens of nodes that it
// has yielded (§4.3).
func (r *Ring) walk(i, limit int) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := newSeen(limit, len(r.members))
		for k := 0; k < len(r.tokens) && seen.count < limit; k++ {
			at := (i + k) % len(r.tokens)
			if seen.add(r.holders[at]) && !yield(r.tokens[at].Node) {
				return
			}
		}
	}
}

// A seen is a set of members. It is a list for a short walk, as for the homes of a range, and a
// table for a long one.
type seen struct {
	count int
	list  []int32
	table []bool
}

// seenInList is the greatest limit of a walk for which seen is a list.
const seenInList = 16

func newSeen(limit, members int) *seen {
	if limit <= seenInList {
		return &seen{list: make([]int32, 0, limit)}
	}
	return &seen{table: make([]bool, members)}
}

// add adds m, and reports whether m is new.
func (s *seen) add(m int32) bool {
	switch {
	case s.table == nil && slices.Contains(s.list, m), s.table != nil && s.table[m]:
		return false
	case s.table == nil:
		s.list = append(s.list, m)
	default:
		s.table[m] = true
	}
	s.count++
	return true
}

// TokenCount returns the number of tokens of each node.
func (r *Ring) TokenCount() map[string]int {
	m := make(map[string]int, len(r.members))
	for _, t := range r.tokens {
		m[t.Node]++
	}
	return m
}

// Share returns for each node the part of the key space, 0 to 1, for which the node is the first
// home.
func (r *Ring) Share() map[string]float64 {
	m := make(map[string]float64, len(r.members))
	for _, rg := range r.ranges {
		m[rg.Homes[0]] += rg.Size()
	}
	return m
}

// Size returns the part of the key space that the range covers, 0 to 1.
func (rg Range) Size() float64 {
	s := rg.End.Fraction() - rg.Start.Fraction()
	if s <= 0 {
		s++
	}
	return s
}

// Holds reports whether p is in (Start, End].
func (rg Range) Holds(p Position) bool {
	after, upTo := p.Compare(rg.Start) > 0, p.Compare(rg.End) <= 0
	if rg.Start.Compare(rg.End) < 0 {
		return after && upTo
	}
	return after || upTo
}

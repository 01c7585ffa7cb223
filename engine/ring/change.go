package ring

// §4.9 Adding and removing storage nodes: rings change step by step, and with
// each step some parts of the key space get other homes.

import "slices"

// A Step is a member that joins, or one that leaves, of which the name is enough.
type Step struct {
	Member
	Leave bool
}

// Replay builds the ring that steps lead to, which may have no members. A step that cannot be
// is passed over, everywhere alike: a member that joins again, one that leaves and is none,
// one for which there is no room, and the last member's leaving. Nodes that do not know of each other's
// changes may each be sure that others stay; what they hold would belong to nobody.
func Replay(cfg Config, steps []Step) *Ring { return (&Ring{cfg: cfg}).Go(steps) }

// Go builds the ring that steps lead to from r on, as Replay does.
func (r *Ring) Go(steps []Step) *Ring {
	cfg, members := r.cfg, slices.Clone(r.members)
	var taken []Step
	for _, s := range steps {
		i := slices.IndexFunc(members, func(m Member) bool { return m.Name == s.Name })
		switch {
		case s.Leave && i >= 0 && len(members) > 1:
			members = slices.Delete(members, i, i+1)
		case s.Leave, i >= 0, cfg.check(append(slices.Clone(members), s.Member)) != nil:
			continue
		default:
			members = append(members, s.Member)
		}
		taken = append(taken, s)
	}
	return cfg.build(members, r.deal, taken)
}

// CanJoin says why the ring has no room for m, nil if it has.
func (r *Ring) CanJoin(m Member) error { return r.cfg.check(append(slices.Clone(r.members), m)) }

// A Shift is a part (Start, End] of the key space whose homes change.
type Shift struct {
	Start, End    Position
	Before, After []string // homes, by rank
}

// Gained lists the homes that are new.
func (s Shift) Gained() []string { return without(s.After, s.Before) }

// Lost lists the homes that are none any more.
func (s Shift) Lost() []string { return without(s.Before, s.After) }

// Size is the shift's part of the key space, 0 to 1.
func (s Shift) Size() float64 { return Range{Start: s.Start, End: s.End}.Size() }

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(n string) bool { return slices.Contains(b, n) })
}

// Shifts lists the parts whose sets of homes differ between two rings, clockwise. Each lies within one
// range of either.
func Shifts(before, after *Ring) []Shift {
	ends := make([]Position, 0, len(before.ranges)+len(after.ranges))
	for _, r := range []*Ring{before, after} {
		for _, rg := range r.ranges {
			ends = append(ends, rg.End)
		}
	}
	slices.SortFunc(ends, Position.Compare)
	ends = slices.Compact(ends)
	var out []Shift
	for i, end := range ends {
		s := Shift{Start: ends[(i+len(ends)-1)%len(ends)], End: end, Before: before.homesAt(end), After: after.homesAt(end)}
		if len(s.Gained())+len(s.Lost()) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func (r *Ring) homesAt(p Position) []string {
	if len(r.ranges) == 0 {
		return nil
	}
	return r.ranges[r.Index(p)].Homes
}

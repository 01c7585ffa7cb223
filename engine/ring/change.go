package ring

// §4.9 Adding and removing storage nodes. A ring changes step by step, and each step gives other
// homes to some parts of the key space.

import "slices"

// A Step is a member that joins, or one that leaves. Of a member that leaves only the name counts.
type Step struct {
	Member
	Leave bool
}

// Replay returns the ring to which steps lead from the empty ring. The ring may have no members.
//
// Replay ignores a step that is impossible, on all nodes alike: the join of a member, the leave of
// a node that is not a member, a join for which the ring has no room, and the leave of the last
// member. Two nodes that do not know of each other's changes may each remove a member in the belief
// that the other one stays; without the last rule the keys would have no home.
func Replay(cfg Config, steps []Step) *Ring { return (&Ring{cfg: cfg}).Go(steps) }

// Go returns the ring to which steps lead from r. It ignores steps as Replay does.
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

// CanJoin returns an error if the ring has no room for m.
func (r *Ring) CanJoin(m Member) error { return r.cfg.check(append(slices.Clone(r.members), m)) }

// A Shift is a part (Start, End] of the key space whose homes change.
type Shift struct {
	Start, End    Position
	Before, After []string // homes, by rank
}

// Gained returns the homes that are new.
func (s Shift) Gained() []string { return without(s.After, s.Before) }

// Lost returns the homes that are no longer homes.
func (s Shift) Lost() []string { return without(s.Before, s.After) }

// Size returns the part of the key space that the shift covers, 0 to 1.
func (s Shift) Size() float64 { return Range{Start: s.Start, End: s.End}.Size() }

// without returns the names in a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(n string) bool { return slices.Contains(b, n) })
}

// Shifts returns the parts of the key space whose sets of homes differ between two rings,
// clockwise. Each part lies within one range of either ring.
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
		s := Shift{
			Start: ends[(i+len(ends)-1)%len(ends)], End: end, Before: before.homesAt(end), After: after.homesAt(end),
		}
		if len(s.Gained())+len(s.Lost()) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// homesAt returns the homes of the range that contains p, nil if the ring has no members.
func (r *Ring) homesAt(p Position) []string {
	if len(r.ranges) == 0 {
		return nil
	}
	return r.ranges[r.Index(p)].Homes
}

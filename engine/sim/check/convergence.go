package check

import (
	"slices"
	"time"

	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// Convergence (P5) is judged when package sim has brought the cluster to rest. phases.go has the
// methods that package sim asks on the way there.

// Agree checks that homes of a key hold the same versions (P5), and that equal dots are equal
// versions (P6). It returns the versions of the first home.
func (j *Judge) Agree(key string, homes []string) vclock.Siblings {
	var first vclock.Siblings
	for i, n := range homes {
		s := j.e.withoutCollected(j.e.replica(j.e.world.Host(n), key))
		switch {
		case i == 0:
			first = s
		case !s.Equal(first):
			j.e.fail(P5, "%s at %s is %v, at %s %v", key, homes[0], first, n, s)
		case !slices.Equal(idsOf(s), idsOf(first)):
			j.e.fail(P6, "%s at %s is %v, at %s %v: the same clocks for other writes",
				key, homes[0], idsOf(first), n, idsOf(s))
		case !slices.EqualFunc(s, first, sameVersion):
			j.e.fail(P6, "%s at %s and %s: the same dots for other pasts, times or requests", key, homes[0], n)
		}
	}
	return first
}

// sameVersion reports whether two versions with the same dot are equal in all else.
func sameVersion(a, b vclock.Version) bool {
	return a.Past.Equal(b.Past) && a.Time == b.Time && a.Request == b.Request && a.Deleted == b.Deleted
}

// Final judges the cluster after it has come to rest.
func (j *Judge) Final() {
	for _, key := range j.e.keys {
		j.membership.checkOnlyAtHomes(key)
		left := j.Agree(key, j.Homes(key))
		if !j.e.plan.Judged(P5) { // the homes may differ for ever
			left = j.onHomes(key)
		}
		j.left = append(j.left, Left{key, left})
		j.durability.tally(key, idsOf(left))
		j.checkSettled("in the end", key, idsOf(left))
	}
}

// onHomes returns what a get from all homes of a key would return.
func (j *Judge) onHomes(key string) vclock.Siblings {
	var all vclock.Siblings
	for _, n := range j.Homes(key) {
		all = all.Merge(j.e.withoutCollected(j.e.replica(j.e.world.Host(n), key)))
	}
	return all
}

// Divergent returns the number of keys of which not all homes hold the same versions, and the
// number of hints that nodes keep.
func (j *Judge) Divergent() (keys, hints int) {
	for _, key := range j.e.keys {
		var first vclock.Siblings
		same := true
		for i, n := range j.Homes(key) {
			s := j.e.withoutCollected(j.e.replica(j.e.world.Host(n), key))
			if i == 0 {
				first = s
			}
			same = same && s.Equal(first) && slices.Equal(idsOf(s), idsOf(first))
		}
		if !same {
			keys++
		}
	}
	j.e.hosts(func(h Host) {
		_ = h.Reader().Scan(store.Hints, nil, nil, func(_, _ []byte) bool {
			hints++
			return true
		})
	})
	return keys, hints
}

// checkSettled compares what all homes of a key hold with what was acknowledged.
func (j *Judge) checkSettled(when, key string, left []uint64) {
	j.siblings.falseSiblings += j.siblings.checkConcurrent(key, key, left)
	j.deletes.checkResurfacedBefore(finding{when, key, left, "its homes"}, j.e.world.Now())
	j.durability.checkAllKept(key, left)
}

// checkLull judges the cluster at the end of a lull. lullOver skips a key that a client used after
// began+NoticeTime.
func (j *Judge) checkLull(began time.Duration) {
	age := j.e.world.Now() - began
	if left := j.membership.unsettled(); left != "" {
		j.e.fail(P12, "%v after the beginning of a lull %s", age, left)
		return // no ring tells the homes of the keys
	}
	noticed, idle := began+plan.NoticeTime, true
	for _, key := range j.e.keys {
		if !j.e.untouchedSince(key, noticed) {
			idle = false
			continue
		}
		j.membership.checkOnlyAtHomes(key)
		if j.e.plan.AntiEntropy > 0 {
			j.checkSettled("in a lull", key, idsOf(j.Agree(key, j.Homes(key))))
		}
	}
	j.durability.checkCopies()
	if idle {
		j.bounds.checkIdle()
	}
	j.e.hosts(j.checkTrees)
}

package check

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/record"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// Convergence (P5) is checked by the phases of a run in package sim, which make the cluster come to
// rest. The methods below answer what those phases ask.

// HintsAmong describes the hints that one of nodes keeps for another, "" if there are none.
func (j *Judge) HintsAmong(nodes []string) string {
	for _, n := range nodes {
		left, home := 0, ""
		_ = j.world.Host(n).Reader().Scan(store.Hints, nil, nil, func(k, v []byte) bool {
			of, _, ok := record.SplitHintKey(k)
			if _, err := record.Decode(v); err == nil && ok && slices.Contains(nodes, string(of)) {
				left, home = left+1, string(of)
			}
			return true
		})
		if left > 0 {
			return fmt.Sprintf("%s keeps %d hints, one for %s", n, left, home)
		}
	}
	return ""
}

// Agree checks that homes of a key hold the same versions (P5), and that equal dots are equal
// versions (P6). It returns the versions of the first home.
func (j *Judge) Agree(key string, homes []string) vclock.Siblings {
	var first vclock.Siblings
	for i, n := range homes {
		var s vclock.Siblings
		for _, r := range j.stored(j.world.Host(n), key) {
			if r.For == "" {
				s = j.unburied(r.Versions)
			}
		}
		switch {
		case i == 0:
			first = s
		case !s.Equal(first):
			j.fail(P5, "%s at %s is %v, at %s %v", key, homes[0], first, n, s)
		case !slices.Equal(idsOf(s), idsOf(first)):
			j.fail(P6, "%s at %s is %v, at %s %v: the same clocks for other writes",
				key, homes[0], idsOf(first), n, idsOf(s))
		case !slices.EqualFunc(s, first, sameVersion):
			j.fail(P6, "%s at %s and %s: the same dots for other pasts, times or requests", key, homes[0], n)
		}
	}
	return first
}

// sameVersion reports whether two versions with the same dot are equal in all else.
func sameVersion(a, b vclock.Version) bool {
	return a.Past.Equal(b.Past) && a.Time == b.Time && a.Request == b.Request && a.Deleted == b.Deleted
}

// Homes returns the homes of a key in the world's ring.
func (j *Judge) Homes(key string) []string { return j.world.Members().Ring().Homes([]byte(key)) }

// CoreHomes returns the homes of a key that are in the plan's core.
func (j *Judge) CoreHomes(key string) []string {
	outside := func(h string) bool { return !slices.Contains(j.plan.Core, h) }
	return slices.DeleteFunc(slices.Clone(j.Homes(key)), outside)
}

// Reach returns the number of nodes in the core that can hold replicas of a key.
func (j *Judge) Reach(key string) int {
	if j.plan.Quorum == plan.Strict {
		return len(j.CoreHomes(key))
	}
	return min(len(j.plan.Core), len(j.Homes(key)))
}

// Damaged reports whether the record of a key at one of homes fails its checksum. Unless another
// home holds the key, no node can know what the record held.
func (j *Judge) Damaged(key string, homes []string) bool {
	return slices.ContainsFunc(homes, func(h string) bool {
		b, _ := j.world.Host(h).Reader().Get(store.Data, record.DataKey([]byte(key)))
		_, err := record.Decode(b)
		return b != nil && err != nil
	})
}

// AnyDamaged reports whether the record of any key is damaged at a home.
func (j *Judge) AnyDamaged() bool {
	return slices.ContainsFunc(j.keys, func(key string) bool { return j.Damaged(key, j.Homes(key)) })
}

// Ruined reports whether so many homes of a key are damaged, and the others hold so little, that no
// node can tell what was there. A read is then refused until a client puts the key.
func (j *Judge) Ruined(key string, homes []string) bool {
	sound, held := 0, 0
	for _, h := range homes {
		if j.Damaged(key, []string{h}) {
			continue
		}
		sound++
		for _, r := range j.stored(j.world.Host(h), key) {
			held += len(r.Versions)
		}
	}
	return sound < len(homes)-1 && held == 0
}

// Doubtful reports whether no node of the core holds a key, while a node outside of the core might:
// via has a connection to that node, which does not answer. A get via that node cannot tell that
// the key has no value (absence.go of package quorum).
func (j *Judge) Doubtful(key, via string) bool {
	for _, name := range j.plan.Core {
		if len(j.held(j.world.Host(name), key)) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(j.world.Names(), func(name string) bool {
		return !slices.Contains(j.plan.Core, name) && !j.world.LinkDown(via, name)
	})
}

// Final judges the cluster after it has come to rest.
func (j *Judge) Final() {
	for _, key := range j.keys {
		j.membership.onlyAtHomes(key)
		j.settled("in the end", key, idsOf(j.Agree(key, j.Homes(key))))
	}
}

// settled compares what all homes of a key hold with what was acknowledged.
func (j *Judge) settled(when, key string, left []uint64) {
	j.siblings.concurrent(key, key, left)
	j.deletes.resurfacedBefore(finding{when, key, left, "its homes"}, j.world.Now())
	j.durability.allKept(key, left)
}

// lullOver judges the cluster at the end of a lull. Keys that clients have used since nodes could
// notice the lull are left out.
func (j *Judge) lullOver(began time.Duration) {
	age := j.world.Now() - began
	if left := j.membership.unsettled(); left != "" {
		j.fail(P12, "%v after the beginning of a lull %s", age, left)
		return // no ring tells the homes of the keys
	}
	noticed, idle := began+plan.NoticeTime, true
	for _, key := range j.keys {
		if !j.untouchedSince(key, noticed) {
			idle = false
			continue
		}
		j.membership.onlyAtHomes(key)
		if j.plan.AntiEntropy > 0 {
			j.settled("in a lull", key, idsOf(j.Agree(key, j.Homes(key))))
		}
	}
	j.durability.kept()
	if idle {
		j.bounds.idle()
	}
	j.hosts(j.Audit)
}

// Audit checks P10: the trees that a node has kept up to date are those that its store makes.
func (j *Judge) Audit(h *kernel.Host) {
	if !h.Up() || h.Rotten() {
		return
	}
	if err := h.Node().Audit(); err != nil {
		j.fail(P10, "%s: %v", h.Name(), err)
	}
}

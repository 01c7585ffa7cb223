package check

import (
	"fmt"
	"slices"

	"ringside/engine/record"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
)

// The methods below answer the questions of the phases of a run, which package sim plays after the
// last fault.

// HintsAmong describes the hints that one of nodes keeps for another, "" if there are none.
func (j *Judge) HintsAmong(nodes []string) string {
	for _, n := range nodes {
		left, example := 0, ""
		_ = j.e.world.Host(n).Reader().Scan(store.Hints, nil, nil, func(k, v []byte) bool {
			homeName, _, ok := record.SplitHintKey(k)
			if _, err := record.Decode(v); err == nil && ok && slices.Contains(nodes, string(homeName)) {
				left, example = left+1, string(homeName)
			}
			return true
		})
		if left > 0 {
			return fmt.Sprintf("%s keeps %d hints, for example for %s", n, left, example)
		}
	}
	return ""
}

// Homes returns the homes of a key in the world's ring.
func (j *Judge) Homes(key string) []string { return j.e.world.Members().Ring().Homes([]byte(key)) }

// CoreHomes returns the homes of a key that are in the plan's core.
func (j *Judge) CoreHomes(key string) []string {
	outside := func(h string) bool { return !slices.Contains(j.e.plan.Core, h) }
	return slices.DeleteFunc(slices.Clone(j.Homes(key)), outside)
}

// Reach returns the number of nodes in the core that can hold replicas of a key.
func (j *Judge) Reach(key string) int {
	if j.e.plan.Quorum == plan.Strict {
		return len(j.CoreHomes(key))
	}
	return min(len(j.e.plan.Core), len(j.Homes(key)))
}

// Damaged reports whether the record of a key at one of homes fails its checksum. Unless another
// home holds the key, no node can know what the record held.
func (j *Judge) Damaged(key string, homes []string) bool {
	return slices.ContainsFunc(homes, func(h string) bool {
		return j.e.damaged(j.e.world.Host(h), key)
	})
}

// damaged reports whether the record of a key at a host fails its checksum.
func (e *evidence) damaged(h Host, key string) bool {
	b, _ := h.Reader().Get(store.Data, record.DataKey([]byte(key)))
	_, err := record.Decode(b)
	return b != nil && err != nil
}

// AnyDamaged reports whether the record of any key is damaged at a home.
func (j *Judge) AnyDamaged() bool {
	return slices.ContainsFunc(j.e.keys, func(key string) bool { return j.Damaged(key, j.Homes(key)) })
}

// Unrecoverable reports whether at least two of the homes have a damaged record of key, and the
// other homes hold no version. A read is then refused until a client puts the key.
func (j *Judge) Unrecoverable(key string, homes []string) bool {
	sound, held := 0, 0
	for _, h := range homes {
		if j.Damaged(key, []string{h}) {
			continue
		}
		sound++
		for _, r := range j.e.stored(j.e.world.Host(h), key) {
			held += len(r.Versions)
		}
	}
	return sound < len(homes)-1 && held == 0
}

// Doubtful reports whether no core node holds the key, and via still considers its connection to
// some node outside the core as up. That node may hold the key but does not answer. A get through
// via then cannot tell that the key has no value (absence.go of package quorum).
func (j *Judge) Doubtful(key, via string) bool {
	for _, name := range j.e.plan.Core {
		if len(j.e.held(j.e.world.Host(name), key)) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(j.e.world.Names(), func(name string) bool {
		return !slices.Contains(j.e.plan.Core, name) && !j.e.world.LinkDown(via, name)
	})
}

package ring

// §4.6: "the preference list of a key is constructed such that the storage nodes
// are spread across multiple data centers".

import (
	"cmp"
	"slices"
)

// spread reorders a preference list so that each next node is of a zone that has had
// the fewest so far, and otherwise keeps the order. It returns the first limit.
func (r *Ring) spread(walked []string, limit int) []string {
	zone := make(map[string]string, len(r.members))
	for _, m := range r.members {
		zone[m.Name] = m.Zone
	}
	var zones []*zoneQueue // as they were met
	for i, n := range walked {
		z := zone[n]
		k := slices.IndexFunc(zones, func(q *zoneQueue) bool { return q.zone == z })
		if k < 0 {
			k = len(zones)
			zones = append(zones, &zoneQueue{zone: z})
		}
		zones[k].places = append(zones[k].places, i)
	}
	out := make([]string, 0, limit)
	for len(out) < limit {
		next := slices.MinFunc(zones, (*zoneQueue).compare)
		out = append(out, walked[next.places[0]])
		next.places = next.places[1:]
		next.had++
	}
	return out
}

// A zoneQueue is a zone's nodes that are not in the list yet.
type zoneQueue struct {
	zone   string
	places []int // in the walk
	had    int   // nodes in the list
}

// compare puts first whose turn it is.
func (q *zoneQueue) compare(o *zoneQueue) int {
	if len(q.places) == 0 || len(o.places) == 0 {
		return len(o.places) - len(q.places)
	}
	return cmp.Or(q.had-o.had, q.places[0]-o.places[0])
}

package ring

// §4.6: "the preference list of a key is constructed such that the storage nodes
// are spread across multiple data centers".

import (
	"cmp"
	"slices"
)

// spread returns the first limit nodes of a preference list after it was reordered: each next node
// is of a zone with the fewest nodes so far. Otherwise the order of walked stays.
func (r *Ring) spread(walked []string, limit int) []string {
	zone := make(map[string]string, len(r.members))
	for _, m := range r.members {
		zone[m.Name] = m.Zone
	}
	var zones []*zoneQueue // in the order in which walked has them
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

// A zoneQueue has the nodes of a zone that are not in the list yet.
type zoneQueue struct {
	zone   string
	places []int // indices in the walk
	had    int   // number of nodes of the zone in the list
}

// compare orders the zones by whose node comes next. Zones without nodes come last.
func (q *zoneQueue) compare(o *zoneQueue) int {
	if len(q.places) == 0 || len(o.places) == 0 {
		return len(o.places) - len(q.places)
	}
	return cmp.Or(q.had-o.had, q.places[0]-o.places[0])
}

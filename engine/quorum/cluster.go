package quorum

import "slices"

// A Cluster says what the coordinator believes of other nodes and of the ring. That may change
// while a request is under way.
type Cluster interface {
	// Replicas returns the number of homes of a key: N, or the number of members if that is
	// smaller.
	Replicas() int
	// Healthy reports whether a node is believed to answer.
	Healthy(node string) bool
	// Connected reports whether a message to a node may arrive. The node may be suspected.
	Connected(node string) bool
	// Leavers lists the nodes that leave and have not handed over yet what they hold.
	Leavers() []string
}

// A Need is what the quorum of a request asks for (§4.5).
type Need struct {
	Count     int  // R or W
	Primaries int  // so many of the nodes that count must be homes
	Homes     int  // only so many homes of the preference list count; 0: all of them
	Strict    bool // no fallbacks
}

// names is a small set of nodes.
type names []string

func (s names) has(node string) bool { return slices.Contains(s, node) }

func (s *names) add(node string) {
	if !s.has(node) {
		*s = append(*s, node)
	}
}

// candidates are the nodes that may hold a key.
type candidates struct {
	cluster Cluster
	pref    []string // the key's whole preference list, which may be of an earlier ring
	asked   names
	strict  bool // homes only
	n       int  // only so many homes count; 0: all of them
}

// Homes returns the homes of the key, best first. The caller must not change the result.
func (c *candidates) Homes() []string { return c.pref[:min(c.replicas(), len(c.pref))] }

// replicas returns the number of homes that count.
func (c *candidates) replicas() int {
	if c.n > 0 {
		return min(c.n, c.cluster.Replicas())
	}
	return c.cluster.Replicas()
}

// IsHome reports whether a node is a home of the key.
func (c *candidates) IsHome(node string) bool { return slices.Contains(c.Homes(), node) }

// homesAmong returns the number of homes among nodes.
func (c *candidates) homesAmong(nodes []string) int {
	count := 0
	for _, node := range nodes {
		if c.IsHome(node) {
			count++
		}
	}
	return count
}

// take returns the first node of list that was not asked yet and is fit, and notes that it is asked
// now. It returns "" if there is no such node.
func (c *candidates) take(list []string, fit func(node string) bool) string {
	for _, node := range list {
		if !c.asked.has(node) && fit(node) {
			c.asked.add(node)
			return node
		}
	}
	return ""
}

// takeAll yields each node of list that was not asked yet and is fit, and notes that it is asked
// now. The loop's body may have other nodes asked.
func (c *candidates) takeAll(list []string, fit func(node string) bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, node := range list {
			if !c.asked.has(node) && fit(node) {
				c.asked.add(node)
				if !yield(node) {
					return
				}
			}
		}
	}
}

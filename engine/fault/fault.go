package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Kind is a kind of fault.
type Kind string

// Kinds of faults.
const (
	Split   Kind = "partition" // cuts the network into Groups
	Heal    Kind = "heal"      // ends the split, all delays and all losses
	Slow    Kind = "slow"      // delays the messages of Link by Delay
	Loss    Kind = "loss"      // loses Percent of the messages of Link
	Kill    Kind = "kill"      // crashes Nodes; their disks stay
	Pause   Kind = "pause"     // stops Nodes; their connections stay
	Resume  Kind = "resume"    // ends Pause
	Restart Kind = "restart"   // crashes Nodes that run, and starts Nodes on their disks
	Wipe    Kind = "wipe"      // crashes Nodes, and starts them on empty disks
	Skew    Kind = "skew"      // crashes Nodes, and starts them on their disks with clocks that are Ahead
)

// A Fault is one fault, or the end of faults. Check returns an error for a field that its Kind does
// not have.
type Fault struct {
	Kind    Kind          `json:"kind"`
	Groups  [][]string    `json:"groups,omitempty"`  // Split; nodes in no group are a last group
	OneWay  bool          `json:"one_way,omitempty"` // Split: later groups still reach earlier ones
	For     time.Duration `json:"for,omitempty"`     // Split: until the split heals by itself; 0: never
	Nodes   []string      `json:"nodes,omitempty"`   // Kill, Pause, Resume, Restart, Wipe, Skew
	Link    string        `json:"link,omitempty"`    // Slow, Loss: "n1>n3", "n1-n3" or "n1"
	Delay   time.Duration `json:"delay,omitempty"`   // Slow: one way, up to MaxDelay; 0 ends the delay
	Percent float64       `json:"percent,omitempty"` // Loss: 0 to 100; 0 ends the loss
	Ahead   time.Duration `json:"ahead,omitempty"`   // Skew: of the cluster's clock, up to MaxAhead
}

// A Link is one direction between two nodes.
type Link struct{ From, To string }

func (l Link) String() string { return l.From + ">" + l.To }

// A Condition is the state of one link.
type Condition struct {
	Cut     bool
	Delay   time.Duration
	Percent float64
}

// MaxDelay bounds the Delay of Slow. A longer delay could not be told from a split.
const MaxDelay = time.Minute

// MaxAhead bounds the Ahead of Skew. A clock that is wrong by more shows nothing else.
const MaxAhead = 24 * time.Hour

// A Net is the state of the network between a set of nodes.
type Net struct {
	nodes  []string
	groups [][]string     // of the split; nil: there is no split
	side   map[string]int // index of each node's group
	oneWay bool
	slow   map[Link]time.Duration
	loss   map[Link]float64
}

// NewNet returns the state of a network without faults.
func NewNet(nodes []string) *Net {
	return &Net{nodes: slices.Clone(nodes), slow: map[Link]time.Duration{}, loss: map[Link]float64{}}
}

// Apply applies a fault of kind Split, Heal, Slow or Loss. After an error the network is unchanged.
func (n *Net) Apply(f Fault) error {
	switch f.Kind {
	case Split:
		groups, err := n.complete(f.Groups)
		if err != nil {
			return err
		}
		n.split(groups, f.OneWay)
	case Heal:
		n.split(nil, false)
		clear(n.slow)
		clear(n.loss)
	case Slow:
		if err := CheckDelay(f.Delay); err != nil {
			return err
		}
		return n.setLinks(f.Link, func(l Link) { setOrClear(n.slow, l, f.Delay) })
	case Loss:
		if err := CheckPercent(f.Percent); err != nil {
			return err
		}
		return n.setLinks(f.Link, func(l Link) { setOrClear(n.loss, l, f.Percent) })
	default:
		return fmt.Errorf("%s is not a fault of the network", f.Kind)
	}
	return nil
}

func setOrClear[V comparable](m map[Link]V, l Link, v V) {
	var zero V
	if v == zero {
		delete(m, l)
		return
	}
	m[l] = v
}

// complete checks the groups of a split, and adds a last group of the nodes that are in no group.
func (n *Net) complete(groups [][]string) ([][]string, error) {
	seen := map[string]bool{}
	var out [][]string
	for _, g := range groups {
		if len(g) == 0 {
			return nil, errors.New("partition: a group is empty; name its nodes as in n1,n2")
		}
		for _, node := range g {
			if err := n.known(node); err != nil {
				return nil, fmt.Errorf("partition: %w", err)
			}
			if seen[node] {
				return nil, fmt.Errorf("partition: %s is in two groups", node)
			}
			seen[node] = true
		}
		out = append(out, slices.Clone(g))
	}
	var rest []string
	for _, node := range n.nodes {
		if !seen[node] {
			rest = append(rest, node)
		}
	}
	if len(rest) > 0 {
		out = append(out, rest)
	}
	if len(out) < 2 {
		return nil, errors.New("partition: one group holds every node; name at least two groups, as in n1,n2 n3,n4,n5")
	}
	return out, nil
}

func (n *Net) known(node string) error {
	if !slices.Contains(n.nodes, node) {
		return fmt.Errorf("there is no node %s; there are %s", quote(node), strings.Join(n.nodes, " "))
	}
	return nil
}

// setLinks calls set for each direction that link names.
func (n *Net) setLinks(link string, set func(Link)) error {
	links, err := n.parse(link)
	if err != nil {
		return err
	}
	for _, l := range links {
		set(l)
	}
	return nil
}

// parse returns the directions that a link names: "n1>n3" (one way), "n1-n3" (both ways) or "n1"
// (all links of n1, both ways). Node names may contain '-', so parse tries each '-' until both
// sides are known nodes.
func (n *Net) parse(link string) ([]Link, error) {
	if a, b, ok := strings.Cut(link, ">"); ok {
		if err := errors.Join(n.known(a), n.known(b)); err != nil {
			return nil, fmt.Errorf("link %s: %w", quote(link), err)
		}
		if a == b {
			return nil, fmt.Errorf("link %s: a node has no link to itself", quote(link))
		}
		return []Link{{a, b}}, nil
	}
	for i, c := range link {
		a, b := link[:i], link[min(i+1, len(link)):]
		if c == '-' && a != b && n.known(a) == nil && n.known(b) == nil {
			return []Link{{a, b}, {b, a}}, nil
		}
	}
	if err := n.known(link); err != nil {
		return nil, fmt.Errorf("link %s: want n1>n3, n1-n3 or n1: %w", quote(link), err)
	}
	var out []Link
	for _, o := range n.nodes {
		if o != link {
			out = append(out, Link{link, o}, Link{o, link})
		}
	}
	return out, nil
}

// Add makes a node known. During a split the node joins the group of the node beside, or the last
// group if beside is not known.
func (n *Net) Add(node, beside string) {
	if slices.Contains(n.nodes, node) {
		return
	}
	n.nodes = append(n.nodes, node)
	if len(n.groups) == 0 {
		return
	}
	i, known := n.side[beside]
	if !known {
		i = len(n.groups) - 1
	}
	n.groups = slices.Clone(n.groups) // events may keep the old groups
	n.groups[i] = append(slices.Clip(n.groups[i]), node)
	n.side[node] = i
}

// Knows reports whether all nodes that a link names are known.
func (n *Net) Knows(link string) bool {
	_, err := n.parse(link)
	return err == nil
}

// Remove forgets a node, and the split if less than two groups remain.
func (n *Net) Remove(node string) {
	is := func(o string) bool { return o == node }
	n.nodes = slices.DeleteFunc(n.nodes, is)
	var left [][]string
	for _, g := range n.groups {
		if g = slices.DeleteFunc(slices.Clone(g), is); len(g) > 0 {
			left = append(left, g)
		}
	}
	if len(left) < 2 {
		left = nil
	}
	n.split(left, n.oneWay && left != nil)
	maps.DeleteFunc(n.slow, func(l Link, _ time.Duration) bool { return is(l.From) || is(l.To) })
	maps.DeleteFunc(n.loss, func(l Link, _ float64) bool { return is(l.From) || is(l.To) })
}

// Groups returns the groups of the split, nil if there is no split. They do not change; a node that
// is added or removed makes others.
func (n *Net) Groups() [][]string { return n.groups }

// OneWay reports whether later groups of the split still reach earlier ones.
func (n *Net) OneWay() bool { return n.oneWay }

// Condition returns the state of one link.
func (n *Net) Condition(l Link) Condition {
	return Condition{Cut: n.Cut(l), Delay: n.slow[l], Percent: n.loss[l]}
}

// Cut reports whether the split cuts a link.
func (n *Net) Cut(l Link) bool {
	if n.groups == nil {
		return false
	}
	from, to := n.side[l.From], n.side[l.To]
	if n.oneWay {
		return from < to
	}
	return from != to
}

// split replaces the split; nil groups end it.
func (n *Net) split(groups [][]string, oneWay bool) {
	n.groups, n.oneWay, n.side = groups, oneWay, map[string]int{}
	for i, g := range groups {
		for _, node := range g {
			n.side[node] = i
		}
	}
}

// ParseGroups reads the groups of a split. Each argument is one group, or several groups separated
// by '|'. Names in a group are separated by ','.
func ParseGroups(args []string) ([][]string, error) {
	var out [][]string
	for _, a := range args {
		for _, g := range strings.Split(a, "|") {
			names := strings.Split(strings.TrimSpace(g), ",")
			for i, n := range names {
				if names[i] = strings.TrimSpace(n); names[i] == "" {
					return nil, fmt.Errorf("partition: empty node name in %q; write groups as n1,n2 n3,n4,n5", a)
				}
			}
			out = append(out, names)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("partition: no groups; write them as n1,n2 n3,n4,n5")
	}
	return out, nil
}

// Package fault is the vocabulary of what can be broken, shared by the real
// cluster and the simulated one: splits, slow and lossy links, and what can be
// done to a node. It only keeps the books; drivers act on them.
//
// The paper's partition is a range of keys, so a network cut is called a split here.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Kind of fault.
type Kind string

const (
	Split   Kind = "partition" // cut the network into Groups
	Heal    Kind = "heal"      // end splits, slowness and loss
	Slow    Kind = "slow"      // Delay on Links
	Loss    Kind = "loss"      // lose Percent of the messages on Links
	Kill    Kind = "kill"      // crash Nodes; their disks stay
	Pause   Kind = "pause"     // Nodes stop working; their connections stay
	Resume  Kind = "resume"    // end of Pause
	Restart Kind = "restart"   // crash if up, and start again with the disk as it is
	Wipe    Kind = "wipe"      // crash, lose the disk, start again empty
)

// A Fault is one thing to break, or to mend.
type Fault struct {
	Kind    Kind          `json:"kind"`
	Groups  [][]string    `json:"groups,omitempty"`  // Split
	OneWay  bool          `json:"one_way,omitempty"` // Split: earlier groups cannot reach later ones, but later ones reach them
	For     time.Duration `json:"for,omitempty"`     // Split: heals by itself after that; 0 never
	Nodes   []string      `json:"nodes,omitempty"`   // Kill, Pause, Resume, Restart, Wipe
	Link    string        `json:"link,omitempty"`    // Slow, Loss: "n1>n3", "n1-n3" or "n1"
	Delay   time.Duration `json:"delay,omitempty"`   // Slow: one way; 0 ends it
	Percent float64       `json:"percent,omitempty"` // Loss: 0 to 100; 0 ends it
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

// MaxDelay bounds Slow: a longer one is a split that nobody can tell apart.
const MaxDelay = time.Minute

// Net is the state of the network between a set of nodes.
type Net struct {
	nodes  []string
	groups [][]string
	side   map[string]int // index in groups of each node
	oneWay bool
	slow   map[Link]time.Duration
	loss   map[Link]float64
}

// NewNet returns a healthy network.
func NewNet(nodes []string) *Net {
	return &Net{nodes: slices.Clone(nodes), slow: map[Link]time.Duration{}, loss: map[Link]float64{}}
}

// Apply changes the network by a fault of kind Split, Heal, Slow or Loss; an error
// says what is wrong with f and changes nothing.
func (n *Net) Apply(f Fault) error {
	switch f.Kind {
	case Split:
		groups, err := n.complete(f.Groups)
		if err != nil {
			return err
		}
		n.part(groups, f.OneWay)
	case Heal:
		n.part(nil, false)
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

// complete checks the groups of a split and puts the nodes in none of them into a last one.
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

// parse reads "n1>n3" (one way), "a-b" (both), or "n1" (all its links, both
// ways). Node names may hold '-' themselves: the split that gives two known nodes counts.
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

// Add makes a node known. A split that is on puts it into the group of the node beside, or into
// the last group if there is no such node.
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
	n.groups[i] = append(n.groups[i], node)
	n.side[node] = i
}

// Knows says whether all nodes that a link names are known.
func (n *Net) Knows(link string) bool {
	_, err := n.parse(link)
	return err == nil
}

// Remove forgets a node that is there no more.
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
	n.part(left, n.oneWay && left != nil)
	maps.DeleteFunc(n.slow, func(l Link, _ time.Duration) bool { return is(l.From) || is(l.To) })
	maps.DeleteFunc(n.loss, func(l Link, _ float64) bool { return is(l.From) || is(l.To) })
}

// Groups returns the groups of the split that is on, nil if there is none.
func (n *Net) Groups() [][]string { return n.groups }

// Condition returns the state of one link.
func (n *Net) Condition(l Link) Condition {
	return Condition{Cut: n.Cut(l), Delay: n.slow[l], Percent: n.loss[l]}
}

// Cut says whether a split parts the two ends of a link in its direction.
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

// part makes groups the split that is on; nil is none.
func (n *Net) part(groups [][]string, oneWay bool) {
	n.groups, n.oneWay, n.side = groups, oneWay, map[string]int{}
	for i, g := range groups {
		for _, node := range g {
			n.side[node] = i
		}
	}
}

// ParseGroups reads the groups of a split: one group an argument, or all in
// one argument parted by '|'.
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

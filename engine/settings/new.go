package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringside/engine/ring"
)

// Defaults of a new cluster: five nodes, and the paper's (N, R, W) of §6.
const (
	DefaultNodes = 5
	DefaultN     = 3
	DefaultR     = 2
	DefaultW     = 2
	DefaultSeeds = 2 // the first nodes
)

// NodeNames returns the names of n nodes that the caller did not name: n1, n2 and so on.
func NodeNames(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("n%d", i+1)
	}
	return out
}

// New returns the settings of a new cluster: want, with the default for each zero field. It returns
// an error if no cluster can have them.
func New(name string, want Cluster) (Cluster, error) {
	s := want
	s.Name = name
	if s.Nodes == nil {
		s.Nodes = NodeNames(DefaultNodes)
	}
	s.Nodes = slices.Clone(s.Nodes)
	for _, n := range s.Nodes {
		if err := CheckNewNode(n); err != nil {
			return s, err
		}
	}
	s.Strategy = cmp.Or(s.Strategy, int(ring.EqualPartitions))
	if err := s.CheckStrategy(want); err != nil {
		return s, err
	}
	for _, seed := range s.Seeds {
		if !slices.Contains(s.Nodes, seed) {
			return s, fmt.Errorf("invalid seed %q: want a node of the cluster, %s", seed, strings.Join(s.Nodes, " "))
		}
	}
	if s.Seeds == nil {
		s.Seeds = slices.Clone(s.Nodes[:min(DefaultSeeds, len(s.Nodes))])
	}
	s.N = cmp.Or(s.N, min(DefaultN, len(s.Nodes)))
	s.R = cmp.Or(s.R, min(DefaultR, s.N))
	s.W = cmp.Or(s.W, min(DefaultW, s.N))
	s.Q = cmp.Or(s.Q, max(ring.DefaultQ, len(s.Nodes)))
	s.T = cmp.Or(s.T, ring.DefaultT)
	s.Mode = cmp.Or(s.Mode, ModeSiblings)
	s.Clocks = s.clocks()
	return s, s.Check()
}

// clocks returns the kind of clocks that s means.
func (s Cluster) clocks() string { return cmp.Or(s.Clocks, ClocksDotted) }

// Differences lists, in words, the settings of s that are not what want asks for. A zero field of
// want asks for nothing.
func (s Cluster) Differences(want Cluster) []string {
	var out []string
	differ := func(what string, asked bool, have, want any) {
		if asked {
			out = append(out, fmt.Sprintf("%s is %v, not %v", what, have, want))
		}
	}
	born := names(s.InitialMembers())
	differ("the list of nodes that it was made with", want.Nodes != nil && !slices.Equal(born, want.Nodes),
		strings.Join(born, " "), strings.Join(want.Nodes, " "))
	differ("weights and zones", want.Founders != nil && !slices.Equal(s.InitialMembers(), want.Founders),
		weights(s.InitialMembers()), weights(want.Founders))
	differ("the list of seeds", want.Seeds != nil && !slices.Equal(s.Seeds, want.Seeds),
		strings.Join(s.Seeds, " "), strings.Join(want.Seeds, " "))
	for _, f := range []struct {
		what       string
		have, want int
	}{
		{"N", s.N, want.N}, {"R", s.R, want.R}, {"W", s.W, want.W},
		{"strategy", s.Strategy, want.Strategy}, {"Q", s.Q, want.Q}, {"T", s.T, want.T},
		{"the threshold of truncation", s.Truncate, want.Truncate}, {"buffer", s.Buffer, want.Buffer},
	} {
		differ(f.what, f.want != 0 && f.want != f.have, f.have, f.want)
	}
	differ("mode", want.Mode != "" && want.Mode != s.Mode, s.Mode, want.Mode)
	differ("the kind of clocks", want.Clocks != "" && want.Clocks != s.clocks(), s.clocks(), want.Clocks)
	differ("strict", want.Strict && !s.Strict, s.Strict, want.Strict)
	differ("sync", want.NoSync && !s.NoSync, !s.NoSync, !want.NoSync)
	return out
}

func names(members []ring.Member) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Name
	}
	return out
}

// weights describes the weights of members, and their zones if they have any.
func weights(members []ring.Member) string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = fmt.Sprintf("%s=%d", m.Name, m.Weight)
		if m.Zone != "" {
			out[i] += " in " + m.Zone
		}
	}
	return strings.Join(out, ", ")
}

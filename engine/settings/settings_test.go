package settings

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/ring"
	"ringside/engine/wire"
)

func TestDefaults(t *testing.T) {
	s, err := New("c", Cluster{})
	want := Cluster{
		Name: "c", Nodes: []string{"n1", "n2", "n3", "n4", "n5"}, N: 3, R: 2, W: 2, Mode: ModeSiblings,
		Strategy: int(ring.EqualPartitions), Q: 60, T: 12, Seeds: []string{"n1", "n2"}, Clocks: ClocksDotted,
	}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v, %v\nwant %+v", s, err, want)
	}
	if s, err = New("one", Cluster{Nodes: []string{"a"}}); err != nil || s.N != 1 || s.R != 1 || s.W != 1 || len(s.Seeds) != 1 {
		t.Errorf("one node: %+v, %v", s, err)
	}
	if s, err = New("many", Cluster{Nodes: NodeNames(64)}); err != nil || s.Q != 64 {
		t.Errorf("64 nodes: Q=%d, %v", s.Q, err)
	}
}

// New keeps all that the caller chose and shares no list of nodes with the caller.
func TestChoicesAreKept(t *testing.T) {
	want := Cluster{
		Name: "c", Nodes: []string{"a", "b", "c"}, N: 2, R: 1, W: 2, Mode: ModeLWW, Strict: true, Strategy: 1, T: 8,
		Buffer: 10, Seeds: []string{"c"}, Clocks: ClocksLiteral, Truncate: 4, NoAntiEntropy: true, Tombstones: time.Minute,
	}
	got, err := New("c", want)
	want.Q = ring.DefaultQ
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if got.Nodes[0] = "x"; want.Nodes[0] != "a" {
		t.Error("the caller's nodes changed")
	}
}

func TestInvalidSettings(t *testing.T) {
	for want, s := range map[string]Cluster{
		"at least 1 node":          {Nodes: []string{}},
		`invalid node name "A"`:    {Nodes: []string{"A"}},
		"begins with '-'":          {Nodes: []string{"-a"}},
		"two nodes are called a":   {Nodes: []string{"a", "a"}},
		"N=6: want 1 to":           {N: 6},
		"N=-1":                     {N: -1},
		"R=4: want 1 to N=3":       {R: 4},
		"W=4: want 1 to N=3":       {W: 4},
		"a buffer of 100001":       {Buffer: MaxBuffer + 1},
		"a buffer of -1":           {Buffer: -1},
		`mode "x"`:                 {Mode: "x"},
		`clocks "x"`:               {Clocks: "x"},
		"truncate -1":              {Truncate: -1},
		"truncate 1025":            {Truncate: wire.MaxClock + 1},
		"tombstones collected":     {Tombstones: MinTombstones - 1},
		"tombstones collected aft": {Tombstones: MaxTombstones + 1},
		`invalid seed "x"`:         {Seeds: []string{"x"}},
		"-q 8: strategy 1":         {Strategy: 1, Q: 8},
		"--tokens 8: strategy 3":   {T: 8},
		"strategy 4":               {Strategy: 4},
	} {
		if _, err := New("c", s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", s, err, want)
		}
	}
}

func TestDifferences(t *testing.T) {
	have, err := New("c", Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	for _, same := range []Cluster{{}, {N: 3, R: 2, W: 2}, {Nodes: have.Nodes, Seeds: have.Seeds, Mode: have.Mode, Clocks: ClocksDotted}} {
		if d := have.Differences(same); d != nil {
			t.Errorf("%+v differs: %q", same, d)
		}
	}
	for want, ask := range map[string]Cluster{
		"N is 3, not 2":                             {N: 2},
		"mode is siblings, not lww":                 {Mode: ModeLWW},
		"the kind of clocks is dotted, not literal": {Clocks: ClocksLiteral},
		"strict is false, not true":                 {Strict: true},
		"sync is true, not false":                   {NoSync: true},
		"the list of nodes that it was made with is n1 n2 n3 n4 n5, not a":    {Nodes: []string{"a"}},
		"weights and zones is n1=1, n2=1, n3=1, n4=1, n5=1, not n1=2 in east": {Founders: []ring.Member{{Name: "n1", Weight: 2, Zone: "east"}}},
		"the list of seeds is n1 n2, not n3":                                  {Seeds: []string{"n3"}},
		"the threshold of truncation is 0, not 9":                             {Truncate: 9},
	} {
		if d := have.Differences(ask); !slices.Equal(d, []string{want}) {
			t.Errorf("%+v: %q, want %q", ask, d, want)
		}
	}
}

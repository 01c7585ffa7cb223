package ring

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func members(n int) []Member {
	out := make([]Member, n)
	for i := range out {
		out[i] = Member{Name: fmt.Sprintf("n%d", i+1), Weight: 1}
	}
	return out
}

func mustNew(t testing.TB, cfg Config, m []Member) *Ring {
	t.Helper()
	r, err := New(cfg, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// §4.3, Figure 2: N=3, nodes A to G in ring order. A key in (A,B] is stored at B, C and D, so D
// stores (A,B], (B,C] and (C,D].
func TestFigure2(t *testing.T) {
	r := &Ring{cfg: Config{Strategy: TokensRandom, N: 3}}
	for i, n := range strings.Split("ABCDEFG", "") {
		r.members = append(r.members, Member{Name: n, Weight: 1})
		r.tokens = append(r.tokens, Token{At: equalPosition(i, 7), Node: n})
	}
	r.findHolders()
	r.ranges = cutByTokens(r.tokens)
	var storedAtD []string
	for i := range r.ranges {
		homes := slices.Collect(r.walk(r.ranges[i].token, 3))
		if slices.Contains(homes, "D") {
			storedAtD = append(storedAtD, r.tokens[(i+6)%7].Node+r.tokens[i].Node)
		}
		if i == 1 && strings.Join(homes, "") != "BCD" {
			t.Errorf("(A,B] is stored at %v", homes)
		}
	}
	if strings.Join(storedAtD, " ") != "AB BC CD" {
		t.Errorf("D stores %v", storedAtD)
	}
}

// §4.3: preference lists have distinct nodes, homes first. Ranges cover the ring without gap or
// overlap.
func TestRingLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.IntRange(1, 12).Draw(t, "nodes")
		m := members(s)
		for i := range m {
			m[i].Weight = rapid.IntRange(1, 3).Draw(t, "weight")
		}
		cfg := Config{
			Strategy: Strategy(rapid.IntRange(1, 3).Draw(t, "strategy")), N: rapid.IntRange(1, 5).Draw(t, "n"),
			Q: rapid.IntRange(s, 100).Draw(t, "q"), T: rapid.IntRange(1, 10).Draw(t, "t"),
		}
		r, err := New(cfg, m)
		if err != nil {
			t.Fatal(err)
		}
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		pref := r.Preference(key)
		if len(pref) != s || len(slices.Compact(slices.Sorted(slices.Values(pref)))) != s {
			t.Fatalf("preference list %v of %d nodes", pref, s)
		}
		if !slices.Equal(r.Homes(key), pref[:min(cfg.N, s)]) {
			t.Fatalf("homes %v, preference list %v", r.Homes(key), pref)
		}
		holding, size := 0, 0.0
		if len(r.Ranges()) == 0 {
			t.Fatal("no ranges")
		}
		for i, rg := range r.Ranges() {
			if rg.Start != r.Ranges()[(i+len(r.Ranges())-1)%len(r.Ranges())].End {
				t.Fatalf("gap before range %d", i)
			}
			if rg.Holds(Of(key)) {
				holding++
			}
			size += rg.Size()
		}
		for _, node := range pref {
			hosted := slices.DeleteFunc(slices.Clone(r.Ranges()), func(rg Range) bool { return !slices.Contains(rg.Homes, node) })
			if got := slices.Collect(r.HostedBy(node)); !reflect.DeepEqual(got, hosted) && len(got)+len(hosted) > 0 {
				t.Fatalf("%s hosts %v, want %v", node, got, hosted)
			}
		}
		if r.Has("absent") || slices.Collect(r.HostedBy("absent")) != nil {
			t.Fatal("a node that is not a member hosts ranges")
		}
		if len(r.Ranges()) > 1 && holding != 1 || size < .999 || size > 1.001 {
			t.Fatalf("%d ranges hold the key, all have size %v", holding, size)
		}
	})
}

// §6.2 strategy 3: each node has Q/S tokens, by weight. A node that joins takes tokens from others
// and moves no other token.
func TestEqualPartitions(t *testing.T) {
	for s := 1; s <= 30; s++ {
		r := mustNew(t, Config{Strategy: EqualPartitions, N: 3, Q: 60}, members(s))
		for _, m := range r.Members() {
			n, c := m.Name, r.TokenCount()[m.Name]
			if c < 60/s || c > 60/s+2 {
				t.Errorf("%d nodes: %s holds %d of 60 tokens", s, n, c)
			}
		}
	}
	before := mustNew(t, Config{Strategy: EqualPartitions, N: 3, Q: 60}, members(5)).Tokens()
	after := mustNew(t, Config{Strategy: EqualPartitions, N: 3, Q: 60}, members(6)).Tokens()
	stolen := 0
	for i := range before {
		if before[i] != after[i] {
			stolen++
			if after[i].Node != "n6" {
				t.Errorf("token %d moved from %s to %s", i, before[i].Node, after[i].Node)
			}
		}
	}
	if stolen != 10 {
		t.Errorf("n6 stole %d tokens, want 10", stolen)
	}
	m := members(3)
	m[2].Weight = 2
	if c := mustNew(t, Config{Strategy: EqualPartitions, N: 1, Q: 60}, m).TokenCount(); c["n3"] != 30 {
		t.Errorf("a node of weight 2 among 1 and 1 holds %d of 60 tokens", c["n3"])
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		m    []Member
		want string
	}{
		{Config{Strategy: 3, N: 3, Q: 60}, nil, "no members"},
		{Config{Strategy: 3, N: 0, Q: 60}, members(3), "N is 0"},
		{Config{Strategy: 4, N: 3, Q: 60}, members(3), "strategy 4"},
		{Config{Strategy: 3, N: 3, Q: 2}, members(3), "Q is 2"},
		{Config{Strategy: 1, N: 3}, members(3), "T is 0"},
		{Config{Strategy: 1, N: 3, T: MaxTokens}, members(2), "use a smaller T"},
		{Config{Strategy: 3, N: 3, Q: 60}, []Member{{Name: "a"}}, "weight"},
		{Config{Strategy: 3, N: 3, Q: 60}, []Member{{Name: "a", Weight: 1}, {Name: "a", Weight: 1}}, "two members"},
	} {
		if _, err := New(c.cfg, c.m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): %v, want %q", c.cfg, err, c.want)
		}
	}
}

func BenchmarkPreference(b *testing.B) {
	r := mustNew(b, Config{Strategy: EqualPartitions, N: 3, Q: 60}, members(5))
	for b.Loop() {
		r.Homes([]byte("cart"))
	}
}

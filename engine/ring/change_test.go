package ring

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ringOfTokens returns a ring of nodes with one token each, at places of a ring of q.
func ringOfTokens(n, q int, at map[string]int) *Ring {
	r := &Ring{cfg: Config{Strategy: TokensRandom, N: n}}
	for name, i := range at {
		r.members = append(r.members, Member{Name: name, Weight: 1})
		r.tokens = append(r.tokens, Token{At: equalPosition(i, q), Node: name})
	}
	slices.SortFunc(r.tokens, func(a, b Token) int { return a.At.Compare(b.At) })
	r.findHolders()
	r.ranges = cutByTokens(r.tokens)
	for i := range r.ranges {
		r.ranges[i].Homes = r.list(i, n)
	}
	return r
}

// §4.9: X joins between A and B. X becomes responsible for (F,G], (G,A] and (A,X]. B, C and D no
// longer hold them, in this order.
func TestSection49Vector(t *testing.T) {
	at := map[string]int{"A": 1, "B": 5, "C": 7, "D": 9, "E": 11, "F": 13, "G": 15}
	before := ringOfTokens(3, 16, at)
	at["X"] = 3
	after := ringOfTokens(3, 16, at)
	name := func(p Position) string {
		for n, i := range at {
			if equalPosition(i, 16) == p {
				return n
			}
		}
		return p.String()
	}
	var got []string
	for _, s := range Shifts(before, after) {
		got = append(got, fmt.Sprintf("%v takes (%s,%s] from %v", s.Gained(), name(s.Start), name(s.End), s.Lost()))
	}
	want := []string{"[X] takes (G,A] from [C]", "[X] takes (A,X] from [D]", "[X] takes (F,G] from [B]"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), strings.Join(want, "; "))
	}
	reverse := Shifts(after, before)
	if len(reverse) != len(want) {
		t.Errorf("when X leaves, %d ranges move, want %d", len(reverse), len(want))
	}
	for _, s := range reverse { // removal is the reverse
		if len(s.Lost()) != 1 || s.Lost()[0] != "X" {
			t.Errorf("when X leaves, (%s,%s] goes from %v to %v", name(s.Start), name(s.End), s.Lost(), s.Gained())
		}
	}
}

// §6.2: after any joins and leaves the ranges cover the ring and have no node that left. Under
// strategy 3 each member has about Q/S tokens for its weight.
func TestReplayLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Strategy: Strategy(rapid.IntRange(1, 3).Draw(t, "strategy")), N: 3, Q: 60, T: 6}
		there := map[string]bool{}
		var steps []Step
		prev := Replay(cfg, nil)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			s := Step{Member: Member{Name: fmt.Sprintf("n%d", rapid.IntRange(1, 9).Draw(t, "node")), Weight: 1}, Leave: rapid.Bool().Draw(t, "leave")}
			last := s.Leave && len(prev.Members()) == 1 && prev.Has(s.Name) // stays, whatever is said
			there[s.Name] = !s.Leave || last
			steps = append(steps, s)
			r := Replay(cfg, steps)
			for _, m := range r.Members() {
				if !there[m.Name] {
					t.Fatalf("%s left and is a member", m.Name)
				}
			}
			for n, is := range there {
				if is != r.Has(n) {
					t.Fatalf("%s: member %v, want %v", n, r.Has(n), is)
				}
			}
			if len(prev.Members()) > 0 && len(r.Members()) == 0 {
				t.Fatal("no member is left")
			}
			checkBalance(t, r)
			for _, sh := range Shifts(prev, r) {
				if slices.Equal(sh.Before, sh.After) {
					t.Fatalf("nothing moves in %+v", sh)
				}
			}
			prev = r
		}
	})
}

func checkBalance(t *rapid.T, r *Ring) {
	s := len(r.Members())
	if r.cfg.Strategy != EqualPartitions || s == 0 {
		return
	}
	for _, m := range r.Members() {
		n, c := m.Name, r.TokenCount()[m.Name]
		if c < r.cfg.Q/s-3 || c > r.cfg.Q/s+3 {
			t.Fatalf("%d nodes: %s holds %d of %d tokens", s, n, c, r.cfg.Q)
		}
	}
}

// §6.2 strategy 3: the tokens of a node that leaves go to the others, and no other token moves.
func TestLeaveMovesOnlyItsTokens(t *testing.T) {
	cfg := Config{Strategy: EqualPartitions, N: 3, Q: 60}
	var steps []Step
	for _, m := range members(6) {
		steps = append(steps, Step{Member: m})
	}
	before := Replay(cfg, steps).Tokens()
	after := Replay(cfg, append(steps, Step{Member: Member{Name: "n2"}, Leave: true})).Tokens()
	if len(before) != len(after) {
		t.Fatalf("%d tokens became %d", len(before), len(after))
	}
	freed := 0
	for i := range before {
		switch {
		case after[i].Node == "n2":
			t.Errorf("n2 left and holds token %d", i)
		case before[i].Node == "n2":
			freed++
		case before[i] != after[i]:
			t.Errorf("token %d moved from %s to %s", i, before[i].Node, after[i].Node)
		}
	}
	if freed != cfg.Q/6 {
		t.Errorf("n2 left %d tokens behind, want %d", freed, cfg.Q/6)
	}
}

// §4.6: homes and fallbacks are spread over zones.
func TestZones(t *testing.T) {
	m := members(9)
	for i := range m {
		m[i].Zone = string(rune('a' + i%3))
	}
	for _, s := range []Strategy{TokensRandom, TokensOverPartitions, EqualPartitions} {
		r := mustNew(t, Config{Strategy: s, N: 3, Q: 60, T: 4}, m)
		for _, rg := range r.Ranges() {
			for _, pref := range [][]string{rg.Homes, r.Preference([]byte(rg.End.String()))} {
				for i := 0; i+3 <= len(pref); i += 3 {
					zones := map[byte]bool{}
					for _, n := range pref[i : i+3] {
						zones[m[n[1]-'1'].Zone[0]] = true
					}
					if len(zones) != 3 {
						t.Fatalf("strategy %d: %v are of %d zones", s, pref[i:i+3], len(zones))
					}
				}
			}
		}
	}
}

// A joining node of any weight leaves each other node a token.
func TestHeavyNodeLeavesTheOthersSomething(t *testing.T) {
	members := []Member{{Name: "a", Weight: 1}, {Name: "b", Weight: 1}, {Name: "c", Weight: 1}, {Name: "d", Weight: 100}}
	for q := len(members); q < 100; q++ {
		r, err := New(Config{Strategy: EqualPartitions, N: 1, Q: q}, members)
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]int{}
		for _, tok := range r.Tokens() {
			held[tok.Node]++
		}
		if len(held) != len(members) || held["d"] < q/2-1 && q > 8 {
			t.Fatalf("of %d partitions the nodes hold %v", q, held)
		}
	}
}

package cart

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestUnion(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"milk,eggs", "milk,beer"}, "milk,eggs,beer"},
		{[]string{" milk , eggs", "", "eggs"}, "milk,eggs"},
		{[]string{`["milk","eggs"]`, `["milk", "beer"]`}, `["milk","eggs","beer"]`},
		{[]string{`[{"a":1,"b":2},1.0]`, `[{"b":2, "a":1},1,"<&>"]`}, `[{"a":1,"b":2},1.0,1,"<&>"]`},
		{[]string{`[]`, `[]`}, `[]`},
		{[]string{`["milk"]`, `beer`}, `milk,beer`},
		{[]string{`null`, `[1]`}, `null,1`},
		{[]string{"[\"\xff\"]", "[\"\xfe\"]"}, "[\"\xff\"],[\"\xfe\"]"}, // not UTF-8, so no JSON
	} {
		l := ParseList([]byte(c.values[0]))
		for _, v := range c.values[1:] {
			l = l.Merge(ParseList([]byte(v)))
		}
		if got := string(l.Encode()); got != c.want {
			t.Errorf("%q: got %s, want %s", c.values, got, c.want)
		}
	}
}

func TestListItems(t *testing.T) {
	for _, value := range []string{"milk,eggs", `["milk","eggs"]`} {
		l, err := ParseList([]byte(value)).Remove("milk").Add("tea")
		if err != nil || !slices.Equal(l.Items(), []string{"eggs", "tea"}) {
			t.Errorf("%s: %q %v", value, l.Items(), err)
		}
	}
	if l, err := ParseList([]byte(`["a"]`)).Add("b,c"); err != nil || string(l.Encode()) != `["a","b,c"]` {
		t.Errorf("%s %v", l.Encode(), err)
	}
	if _, err := ParseList([]byte("a")).Add("b,c"); err == nil {
		t.Error("a comma went into a list that commas part")
	}
}

// §4.4: one side removes milk, the other adds eggs: in the union the milk is back, in the
// observed-remove set it is not; the eggs are there in both.
func TestResurfacing(t *testing.T) {
	l := ParseList([]byte("milk,beer"))
	with, err := l.Add("eggs")
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Remove("milk").Merge(with).Items(); !slices.Equal(got, []string{"beer", "milk", "eggs"}) {
		t.Errorf("union: %q", got)
	}
	s := Set{}.Add("milk", "1").Add("beer", "2")
	if got := s.Remove("milk").Merge(s.Add("eggs", "3")).Items(); !slices.Equal(got, []string{"beer", "eggs"}) {
		t.Errorf("or-set: %q", got)
	}
	if got := s.Remove("milk").Merge(s.Add("milk", "3")).Items(); !slices.Equal(got, []string{"beer", "milk"}) {
		t.Errorf("or-set, add wins: %q", got)
	}
}

func TestParseSet(t *testing.T) {
	s := Set{}.Add("milk", "1").Add("beer", "2").Add("milk", "3").Remove("beer")
	if got := string(s.Encode()); got != `{"cart":"or-set","items":{"milk":["1","3"]},"removed":["2"]}` {
		t.Error(got)
	}
	for _, bad := range []string{``, `milk`, `[]`, `{}`, `{"cart":"or-set","more":1}`, `{"cart":"or-set"} {}`,
		`{"cart":"or-set","items":[]}`} {
		if _, err := ParseSet([]byte(bad)); err == nil {
			t.Errorf("%s is taken for a set", bad)
		}
	}
	if !IsSet(s.Encode()) || IsSet([]byte(`{"cart":"list"}`)) || IsSet([]byte("milk")) {
		t.Error("IsSet is wrong")
	}
}

// drawSets plays a few replicas of a cart that now and then merge, as siblings that clients
// resolve. It returns them, and what must be in a replica: by tag, whether it saw the addition and
// whether it saw a removal of it.
func drawSets(t *rapid.T) (sets []Set, saw, lost []map[string]bool, item map[string]string) {
	sets, item = make([]Set, 3), map[string]string{}
	for range sets {
		saw, lost = append(saw, map[string]bool{}), append(lost, map[string]bool{})
	}
	for n := range rapid.IntRange(0, 25).Draw(t, "steps") {
		i := rapid.IntRange(0, 2).Draw(t, "replica")
		name := rapid.SampledFrom([]string{"milk", "eggs", "beer"}).Draw(t, "item")
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			tag := fmt.Sprint(n)
			sets[i], item[tag], saw[i][tag] = sets[i].Add(name, tag), name, true
		case 1:
			sets[i] = sets[i].Remove(name)
			for tag := range saw[i] {
				lost[i][tag] = lost[i][tag] || item[tag] == name
			}
		case 2:
			j := rapid.IntRange(0, 2).Draw(t, "other")
			sets[i] = sets[i].Merge(sets[j])
			for tag := range saw[j] {
				saw[i][tag], lost[i][tag] = true, lost[i][tag] || lost[j][tag]
			}
		}
	}
	return sets, saw, lost, item
}

// Merging sets is commutative, associative and idempotent; what is written is what is read.
func TestSetLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, _, _, _ := drawSets(t)
		a, b, c := sets[0], sets[1], sets[2]
		if !a.Merge(b).Equal(b.Merge(a)) || !a.Merge(b).Merge(c).Equal(a.Merge(b.Merge(c))) || !a.Merge(a).Equal(a) ||
			!a.Merge(b).Merge(b).Equal(a.Merge(b)) {
			t.Fatalf("%s\n%s\n%s", a.Encode(), b.Encode(), c.Encode())
		}
		if again, err := ParseSet(a.Encode()); err != nil || !again.Equal(a) {
			t.Fatalf("%s is read as %s, %v", a.Encode(), again.Encode(), err)
		}
	})
}

// An item is in a set exactly if the set has seen an addition of it, and no removal that had seen
// that addition: add wins, and what was removed does not come back by itself.
func TestAddWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, saw, lost, item := drawSets(t)
		for i, s := range sets {
			want := map[string]bool{}
			for tag := range saw[i] {
				if !lost[i][tag] {
					want[item[tag]] = true
				}
			}
			if got := s.Items(); !slices.Equal(got, sorted(want)) {
				t.Fatalf("replica %d holds %q, want %q", i, got, sorted(want))
			}
		}
	})
}

// The union loses no addition in any order of merging; only the order of the items depends on
// it.
func TestUnionLaws(t *testing.T) {
	list := rapid.Custom(func(t *rapid.T) List {
		value := rapid.SampledFrom([]string{"", "[]"}).Draw(t, "kind")
		l := ParseList([]byte(value))
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"milk", "eggs", "beer", "1", "<&>"}), 0,
			5).Draw(t, "items") {
			l, _ = l.Add(name)
		}
		return l
	})
	same := func(a, b List) bool {
		return slices.Equal(slices.Sorted(slices.Values(a.Items())), slices.Sorted(slices.Values(b.Items())))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := list.Draw(t, "a"), list.Draw(t, "b"), list.Draw(t, "c")
		if !same(a.Merge(b), b.Merge(a)) || !same(a.Merge(b).Merge(c), a.Merge(b.Merge(c))) || !same(a.Merge(a), a) {
			t.Fatalf("%q %q %q", a.Items(), b.Items(), c.Items())
		}
		for _, l := range []List{a, b} {
			for _, name := range l.Items() {
				if !slices.Contains(a.Merge(b).Items(), name) {
					t.Fatalf("%q is lost", name)
				}
			}
		}
		if !same(ParseList(a.Encode()), a) {
			t.Fatalf("%q is read as %q", a.Encode(), ParseList(a.Encode()).Items())
		}
	})
}

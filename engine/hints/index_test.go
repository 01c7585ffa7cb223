package hints

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func always() bool { return true }

func waiting(x *Index, home string) (out []string) {
	for k := range x.Waiting(home, always) {
		out = append(out, string(k))
	}
	return out
}

// Hints wait in the order in which they were added, unless they are in flight or postponed.
func TestOrder(t *testing.T) {
	x := New(10)
	for i, k := range []string{"c", "a", "b"} {
		x.Add("n4", []byte(k), time.Duration(i+1))
	}
	check := func(what string, want ...string) {
		t.Helper()
		if got := waiting(x, "n4"); !slices.Equal(got, want) {
			t.Fatalf("%s: %q wait, want %q", what, got, want)
		}
	}
	check("added", "c", "a", "b")
	c := x.Get("n4", []byte("c"))
	x.Launch("n4", c)
	check("c is in flight", "a", "b")
	if x.InFlight("n4") != 1 || x.MostInFlight() != 1 {
		t.Fatalf("%d in flight, at most %d", x.InFlight("n4"), x.MostInFlight())
	}
	x.Land("n4", c)
	check("c landed", "c", "a", "b")
	x.Postpone("n4", []byte("c"))
	check("c is postponed", "a", "b", "c")
	x.Remove("n4", []byte("a"))
	check("a is removed", "b", "c")
	if got := x.Counts(); !slices.Equal(got, []Count{{Home: "n4", Keys: 2, Oldest: 3}}) {
		t.Fatalf("counts %+v", got)
	}
	if got := x.OldestKeys("n4", 1); len(got) != 1 || string(got[0]) != "b" {
		t.Fatalf("the oldest is %q", got)
	}
	for k := range x.Waiting("n4", func() bool { return false }) {
		t.Fatalf("%q waits though there is no room for it", k)
	}
	if waiting(x, "n5") != nil || x.OldestKeys("n5", 1) != nil {
		t.Error("there are hints for n5")
	}
}

// A hint that changes while it is in flight is marked as changed.
func TestChangedInFlight(t *testing.T) {
	x := New(10)
	x.Add("n4", []byte("k"), 1)
	h := x.Get("n4", []byte("k"))
	x.Launch("n4", h)
	h.Read()
	if h.Changed() {
		t.Fatal("nothing has changed since the replica was read")
	}
	x.Add("n4", []byte("k"), 2)
	if !h.Changed() || x.Len() != 1 || x.Counts()[0].Oldest != 1 {
		t.Fatalf("changed: %v, %d hints, %+v", h.Changed(), x.Len(), x.Counts())
	}
}

// A hint that was removed in flight may land, and is another one than a new hint for its key.
func TestRemovedInFlight(t *testing.T) {
	x := New(10)
	x.Add("n4", []byte("k"), 1)
	old := x.Get("n4", []byte("k"))
	x.Launch("n4", old)
	x.Remove("n4", []byte("k"))
	x.Add("n4", []byte("k"), 2)
	if x.Get("n4", []byte("k")) == old || x.InFlight("n4") != 1 {
		t.Fatal("the removed hint is back, or no longer in flight")
	}
	if x.Land("n4", old); x.InFlight("n4") != 0 {
		t.Fatalf("%d in flight", x.InFlight("n4"))
	}
}

// The index agrees with a plain set of pairs.
func TestIndexIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 5
		type pair struct{ home, key string }
		x, model, flying := New(limit), map[pair]bool{}, map[*Hint]string{}
		names := rapid.SampledFrom([]string{"n1", "n2", "n3"})
		keys := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				p := pair{names.Draw(t, "home"), keys.Draw(t, "key")}
				x.Add(p.home, []byte(p.key), 1)
				model[p] = true
			},
			"remove": func(t *rapid.T) {
				p := pair{names.Draw(t, "home"), keys.Draw(t, "key")}
				if model[p] {
					x.Remove(p.home, []byte(p.key))
					delete(model, p)
				}
			},
			"postpone": func(t *rapid.T) {
				p := pair{names.Draw(t, "home"), keys.Draw(t, "key")}
				if model[p] {
					x.Postpone(p.home, []byte(p.key))
				}
			},
			"launch": func(t *rapid.T) {
				home := names.Draw(t, "home")
				for _, h := range x.Waiting(home, always) {
					x.Launch(home, h)
					flying[h] = home
					break
				}
			},
			"land": func(t *rapid.T) {
				for h, home := range flying {
					x.Land(home, h)
					delete(flying, h)
				}
			},
			"": func(t *rapid.T) {
				byHome, inFlight := map[string]int{}, map[string]int{}
				for p := range model {
					byHome[p.home]++
					if x.Get(p.home, []byte(p.key)) == nil || !slices.Contains(x.HomesOf([]byte(p.key)), p.home) {
						t.Fatalf("%v is missing", p)
					}
				}
				for _, home := range flying {
					inFlight[home]++
				}
				if x.Len() != len(model) || x.Full() != (len(model) >= limit) || len(x.Homes()) != len(byHome) {
					t.Fatalf("%d hints for %v, want %d for %v", x.Len(), x.Homes(), len(model), byHome)
				}
				for _, c := range x.Counts() {
					if c.Keys != byHome[c.Home] || !x.HasFor(c.Home) {
						t.Fatalf("%+v, want %d keys", c, byHome[c.Home])
					}
				}
				for _, home := range []string{"n1", "n2", "n3"} {
					if x.InFlight(home) != inFlight[home] || x.MostInFlight() < inFlight[home] {
						t.Fatalf("%d in flight to %s, want %d", x.InFlight(home), home, inFlight[home])
					}
					for k, h := range x.Waiting(home, always) {
						if !model[pair{home, string(k)}] || flying[h] != "" {
							t.Fatalf("%s for %s waits", k, home)
						}
					}
				}
			},
		})
	})
}

package shard_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringside/cli/shard"
)

// Each unit is in exactly one of the shards, and Unit and Count list those of Has.
func TestUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards, units := rapid.IntRange(0, 9).Draw(t, "shards"), rapid.IntRange(0, 40).Draw(t, "units")
		seen := make([]int, units)
		for i := range max(1, shards) {
			s := shard.Shard{}
			if shards > 0 {
				s = shard.Shard{I: i + 1, K: shards}
			}
			for n := range s.Count(units) {
				u := s.Unit(n)
				if !s.Has(u) || u >= units {
					t.Fatalf("unit %d is not in %+v of %d units", u, s, units)
				}
				seen[u]++
			}
			if s.Unit(s.Count(units)) < units {
				t.Fatalf("%+v has more than %d of %d units", s, s.Count(units), units)
			}
		}
		for u, n := range seen {
			if n != 1 {
				t.Fatalf("unit %d is in %d shards", u, n)
			}
		}
	})
}

func TestParse(t *testing.T) {
	if s, err := shard.Parse("2/3"); err != nil || s != (shard.Shard{I: 2, K: 3}) {
		t.Errorf("2/3: %+v %v", s, err)
	}
	for _, bad := range []string{"", "1", "0/3", "4/3", "1/", "/3", "a/3", "1/3/4", "-1/3", "1/9999999"} {
		if s, err := shard.Parse(bad); err == nil {
			t.Errorf("%s is %+v", bad, s)
		}
	}
}

// A sum is a job for the test.
type sum struct {
	shard.Header
	Values []int `json:"values"`
}

func (s *sum) Job() []shard.Property { return nil }

// Shards that agree with each other, but not with the running binary, are refused.
func TestForeignCommit(t *testing.T) {
	read := func(commit string) ([]shard.File[*sum], error) {
		files := map[string]io.Reader{}
		for i, name := range []string{"b", "a"} { // read in the order of the shards, not of the names
			h := shard.Shard{I: i + 1, K: 2}.Header(2)
			h.Commit += commit
			text, err := json.Marshal(&sum{h, []int{i}})
			if err != nil {
				t.Fatal(err)
			}
			files[name] = strings.NewReader(string(text))
		}
		return shard.Read[*sum](files)
	}
	if parts, err := read(""); err != nil || len(parts) != 2 || parts[1].Name != "a" || parts[1].Content.Values[0] != 1 {
		t.Errorf("%+v %v", parts, err)
	}
	if _, err := read("other"); err == nil || !strings.Contains(err.Error(), "is of commit "+shard.Commit()+"other") {
		t.Errorf("a foreign commit: %v", err)
	}
}

package verbs

import (
	"slices"
	"strings"
	"testing"
)

// onForeign are the verbs that act on a foreign cluster.
var onForeign = []string{"get", "put", "del", "resolve", "cart", "as", "load", "keys", "status", "where", "clock", "wait",
	"expect", "help"}

// Each verb acts on a foreign cluster or says why it cannot.
func TestEachVerbKnowsForeignClusters(t *testing.T) {
	for _, name := range Names() {
		if slices.Contains(onForeign, name) == (lacking[name] != "") {
			t.Errorf("%s is in both of onForeign and lacking, or in neither", name)
		}
	}
	for name := range lacking {
		if Lookup(name) == nil {
			t.Errorf("the verb %s does not exist", name)
		}
	}
	for name, flags := range lackingFlags {
		for flag := range flags {
			if Lookup(name).flag(flag) == nil {
				t.Errorf("%s has no flag %s", name, flag)
			}
		}
	}
}

func TestLack(t *testing.T) {
	for line, want := range map[string]string{
		"get cart -R 2 --via n1":                    "",
		"get cart --no-repair":                      "get --no-repair",
		"put cart milk --overwrite":                 "put --overwrite",
		"keys --deleted":                            "keys --deleted",
		"partition n1 n2":                           "partition",
		"as alice get cart":                         "",
		"as alice get cart --no-repair":             "get --no-repair",
		"expect --exit 3 -- get cart":               "",
		"expect --exit 3 -- kill n1":                "kill",
		"expect siblings(cart)==2":                  "",
		"expect 'value(cart)==\"x\" || up(n1)'":     "",
		"wait up down=n3":                           "",
		"wait up hints=0":                           "wait hints",
		"wait converged":                            "wait converged",
		"expect len(homes(cart))==3":                "expect homes",
		"expect 'siblings(cart)==2 && split'":       "expect split",
		"expect nonsense":                           "", // the verb reports it
		"settle":                                    "settle",
		"clock compare {n1:1} {n1:2}":               "",
		"expect 'found(cart) && clock(cart)==\"\"'": "expect clock",
	} {
		words, err := Split(line)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(Lookup(words[0]), words[1:])
		if err != nil {
			t.Fatal(line, err)
		}
		got := ""
		if lack := c.Lack(nil); lack != nil {
			got = lack.What
			if text := lack.Error("riak://h").Error(); !strings.Contains(text, got+": riak://h cannot do this: ") {
				t.Errorf("%s: %s", line, text)
			}
		}
		if got != want {
			t.Errorf("%s lacks %q, want %q", line, got, want)
		}
	}
}

func TestWithoutFlags(t *testing.T) {
	known := append(slices.Clone(Common), Flag{Name: "target", Kind: String}, Flag{Name: ClusterFlag, Kind: String})
	for line, want := range map[string]string{
		"get cart":                          "get cart",
		"--json --target riak://h get cart": "get cart",
		"--target=riak://h get cart --json": "get cart --json",
		"--cluster a get cart":              "get --cluster a cart",
		"--json":                            "",
		"--target":                          "",
	} {
		if got := strings.Join(WithoutFlags(strings.Fields(line), known), " "); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

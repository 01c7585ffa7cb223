package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/sim/check"
)

// realTimes are the parts of a report that tell the real time.
var realTimes = regexp.MustCompile(`"wall_s":[^,]*,|, [^ ]+ of real time \([^)]*\)`)

// playShards plays a campaign in parts, and returns the names of their files.
func playShards(t *testing.T, dir, line string, shards int) []string {
	t.Helper()
	var names []string
	for i := range shards {
		name := fmt.Sprintf("%d.json", i+1)
		r := ringside(t, dir, fmt.Sprintf("%s --shard %d/%d --out %s", line, i+1, shards, name))
		if r.exit != 0 || !strings.Contains(r.out, "ringside sim --merge "+name) {
			t.Fatalf("%+v", r)
		}
		names = append(names, name)
	}
	return names
}

// The files of all shards give what the campaign without shards prints and writes, byte for byte
// except for the real time. The campaigns hold, fail, and have fewer seeds than shards.
func TestShardsMakeTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		line   string
		shards int
		fails  bool
	}{
		"holds": {"sim --seeds 10 --seed 4 --ops 40 --legs DISK --probes 0,10ms", 3, false},
		"fails": {"sim --seeds 12 --clocks literal --ops 60 --nodes 3 --N 3 --keys 1 --truncate off", 4, true},
		"few":   {"sim --seeds 1 --ops 20 --faults wipe", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			merge := "sim --merge " + strings.Join(playShards(t, dir, c.line, c.shards), " ")
			for _, format := range []string{"", " --json"} {
				whole, merged := ringside(t, dir, c.line+format), ringside(t, dir, merge+format)
				a, b := realTimes.ReplaceAllString(whole.out, ""), realTimes.ReplaceAllString(merged.out, "")
				if a != b || whole.exit != merged.exit || whole.err != merged.err || len(a) < 100 {
					t.Errorf("whole, exit %d: %s%s\nmerged, exit %d: %s%s", whole.exit, a, whole.err, merged.exit, b,
						merged.err)
				}
				if (whole.exit == exit.Expectation) != c.fails {
					t.Errorf("exit %d: %s", whole.exit, whole.out)
				}
			}
		})
	}
}

// A set of files that is not one campaign is refused.
func TestShardsRefuse(t *testing.T) {
	dir := t.TempDir()
	const line = "sim --seeds 3 --ops 20 --nodes 3"
	names := playShards(t, dir, line, 3)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	second := read(names[1])
	for _, bad := range []struct{ why, was, is string }{
		{"differ in the commit", `"commit":"`, `"commit":"other`},
		{"differ in the number of units", `"all":3`, `"all":4`},
		{"differ in the number of shards", `"shards":3`, `"shards":4`},
		{"differ in the options", `"ops":"20"`, `"ops":"30"`},
		{"differ in the first seed", `"first_seed":1`, `"first_seed":2`},
		{"are both shard 1", `"shard":2`, `"shard":1`},
		{"lacks seeds", `"done":1`, `"done":0`},
		{"says shard 9 of 3", `"shard":2`, `"shard":9`},
		{"unknown field", `"totals"`, `"total"`},
	} {
		text := strings.Replace(second, bad.was, bad.is, 1)
		if text == second {
			t.Fatalf("the file has no %s: %s", bad.was, second)
		}
		if err := os.WriteFile(filepath.Join(dir, "bad.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := ringside(t, dir, "sim --merge 1.json bad.json 3.json")
		if r.exit != exit.Usage || !strings.Contains(r.err, bad.why) {
			t.Errorf("want %q: %+v", bad.why, r)
		}
	}
	// A shard with other options is refused as it is written, and not only after a change.
	if r := ringside(t, dir, line+" --R 1 --shard 2/3 --out other.json"); r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	for words, why := range map[string]string{
		"--merge 1.json other.json 3.json":              "differ in the options",
		"--merge 1.json 3.json":                         "shard 2 of 3 is missing",
		"--merge 1.json 1.json":                         "given twice",
		"--merge":                                       "needs the files",
		"--merge nowhere.json":                          "nowhere.json",
		"--merge 1.json --ops 20":                       "leave out --ops",
		"1.json":                                        "files are for --merge",
		"--seeds 3 --shard 1/3":                         "belong together",
		"--seeds 3 --shard 4/3 --out a":                 "want I/K",
		"--for 1s --shard 1/3 --out a":                  "leave out --for",
		"--seed 1 --shard 1/3 --out a":                  "give --seeds",
		"--seeds 3 --shard 1/3 --out nowhere/file.json": "cannot be written",
	} {
		if r := ringside(t, dir, "sim "+words); r.exit != exit.Usage || !strings.Contains(r.err, why) {
			t.Errorf("sim %s: want %q: %+v", words, why, r)
		}
	}
}

// A campaign keeps the violations of the lowest seeds, whichever order runs end in.
func TestViolationsOfLowestSeeds(t *testing.T) {
	c := &campaign{}
	for seed := uint64(3 * maxReported); seed > 0; seed-- {
		c.keep([]check.Violation{{Seed: seed, Property: "P1"}, {Seed: seed, Property: "P2"}})
	}
	if n := len(c.violations); n != 2*maxReported || c.violations[n-1].Seed != maxReported ||
		c.violations[0].Property != "P1" {
		t.Errorf("%d violations: %+v", n, c.violations[n-1])
	}
}

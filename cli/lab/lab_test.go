package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/shard"
)

// coins is an experiment whose results are known: each seed tosses a coin that falls on one side in
// seed of 10 cases, and measures its own number.
func coins() *lab.Experiment {
	return &lab.Experiment{
		Name: "coins", Clock: lab.Virtual, Seeds: 9,
		Measures: []lab.Measure{{Name: "heads", Share: true}, {Name: "number"}},
		Params:   []lab.Param{{Name: "plus", Kind: lab.Whole, Default: "0", Max: 5}},
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			var out []lab.Unit
			for _, seed := range seeds {
				for x := range 2 {
					out = append(out, lab.Unit{Seed: seed, Run: func(context.Context) ([]lab.Sample, error) {
						return []lab.Sample{
							lab.Share("heads", "coin", float64(x), int(seed), 10),
							lab.Point("number", "seed", float64(x), float64(seed)+v.Number("plus")),
						}, nil
					}})
				}
			}
			return out, nil
		},
		Published: func(lab.Values) []lab.Published {
			return []lab.Published{{Measure: "number", Series: "seed", X: 1, Value: 5, Within: .5, Source: "arithmetic"}}
		},
		Claims: []lab.Claim{{Text: "at most all are heads", Holds: func(_ lab.Values, rows lab.Rows) (bool, string, error) {
			row, err := rows.At("heads", "coin", 0)
			return row.Mean <= 100, fmt.Sprint(row.Mean), err
		}}},
	}
}

func find(name string, _ map[string]string) (*lab.Experiment, error) {
	if e := coins(); e.Name == name {
		return e, nil
	}
	return nil, errors.New("no such experiment")
}

func job(t *testing.T, given map[string]string, shard shard.Shard) lab.Job {
	t.Helper()
	e := coins()
	v, err := lab.NewValues(e.Params, given)
	if err != nil {
		t.Fatal(err)
	}
	return lab.Job{Experiment: e, Values: v, Seeds: lab.SeedsFrom(1, e.Seeds), Shard: shard}
}

func outcome(t *testing.T, j lab.Job) *lab.Outcome {
	t.Helper()
	out, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func reportOf(t *testing.T, o *lab.Outcome) *lab.Report {
	t.Helper()
	r, err := o.Report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReport(t *testing.T) {
	r := reportOf(t, outcome(t, job(t, nil, shard.Shard{})))
	heads, err := r.Rows.At("heads", "coin", 0)
	if err != nil || heads.Mean != 50 || heads.Cases != 90 || heads.N != 9 || heads.High-heads.Low < 20 {
		t.Errorf("%+v %v", heads, err)
	}
	number, err := r.Rows.At("number", "seed", 1)
	if err != nil || number.Mean != 5 || number.Low > 3 || number.Low < 2.5 {
		t.Errorf("%+v %v", number, err)
	}
	if r.Verdict != lab.Agrees || !r.Complete {
		t.Errorf("%s: %s", r.Verdict, r.Text)
	}
	other := reportOf(t, outcome(t, job(t, map[string]string{"plus": "1"}, shard.Shard{})))
	if other.Verdict != lab.Differs || *other.Published[0].Difference != 1 {
		t.Errorf("one more than published: %s", other.Text)
	}
}

// A claim whose rows are missing, or leave both possible, has no verdict.
func TestUndecided(t *testing.T) {
	for _, why := range []error{lab.ErrMissing, lab.Undecided("1 and 2"), nil} {
		j := job(t, nil, shard.Shard{})
		j.Experiment.Published = nil
		j.Experiment.Claims = []lab.Claim{{Text: "c", Holds: func(lab.Values, lab.Rows) (bool, string, error) {
			return false, "1 and 2", why
		}}}
		want := lab.NoClaim
		if why == nil {
			want = lab.Differs
		}
		if r := reportOf(t, outcome(t, j)); r.Verdict != want || r.Claims[0].Verdict != want {
			t.Errorf("%v: %+v", why, r.Claims)
		}
		j.Experiment.Claims = append(j.Experiment.Claims, coins().Claims...) // of which one holds
		text := reportOf(t, outcome(t, j)).Text
		if says := strings.Contains(text, "without a verdict: 1"); says != (why != nil) {
			t.Errorf("%v: %s", why, text)
		}
	}
}

// The sentence about one claim is in the singular.
func TestOneClaim(t *testing.T) {
	for holds, want := range map[bool]string{
		true:  "agrees: the only published figure or claim that decides holds here",
		false: "differs: the only published figure or claim that decides does not hold here",
	} {
		j := job(t, nil, shard.Shard{})
		j.Experiment.Published = nil
		j.Experiment.Claims = []lab.Claim{{Text: "c", Holds: func(lab.Values, lab.Rows) (bool, string, error) {
			return holds, "1", nil
		}}}
		if r := reportOf(t, outcome(t, j)); r.Text != want {
			t.Errorf("text %q, want %q", r.Text, want)
		}
	}
}

// The files of shards give the bytes of the run without shards, and a wrong set of files is
// refused.
func TestShards(t *testing.T) {
	whole, err := json.Marshal(reportOf(t, outcome(t, job(t, nil, shard.Shard{}))))
	if err != nil {
		t.Fatal(err)
	}
	const shards = 4
	files := map[string]string{}
	for i := range shards {
		var b bytes.Buffer
		if err := outcome(t, job(t, nil, shard.Shard{I: i + 1, K: shards})).Write(&b); err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprint(i+1)] = b.String()
	}
	merge := func(files map[string]string) (*lab.Outcome, error) {
		readers := map[string]io.Reader{}
		for name, text := range files {
			readers[name] = strings.NewReader(text)
		}
		return lab.Merge(readers, find)
	}
	out, err := merge(files)
	if err != nil {
		t.Fatal(err)
	}
	if merged, _ := json.Marshal(reportOf(t, out)); !bytes.Equal(merged, whole) {
		t.Errorf("merged:\n%s\nwhole:\n%s", merged, whole)
	}
	elsewhere := maps.Clone(files)
	elsewhere["3"] = strings.Replace(elsewhere["3"], `"machine":"`, `"machine":"not `, 1)
	if out, err = merge(elsewhere); err != nil || reportOf(t, out).Machine != "any: time is virtual; not any: time is virtual" {
		t.Errorf("two machines: %+v %v", out, err)
	}
	for _, bad := range []struct {
		why    string
		change func(map[string]string)
	}{
		{"shard 3 of 4 is missing", func(f map[string]string) { delete(f, "3") }},
		{"both shard 2", func(f map[string]string) { f["x"] = f["2"] }},
		{"differ in the commit", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"commit":"`, `"commit":"other`, 1)
		}},
		{"differ in the parameters", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"plus":"0"`, `"plus":"1"`, 1)
		}},
		{"is not one of shard 2", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"number":1,`, `"number":2,`, 1)
		}},
		{"lack units", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"done":true`, `"done":false`, 1)
		}},
		{"not the file of a shard", func(f map[string]string) { f["2"] = "{}" }},
		{"has seed 7, want 1", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"seed":1,`, `"seed":7,`, 1)
		}},
		{"has 11 hits of 10", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"hits":1,`, `"hits":11,`, 1)
		}},
		{"does not measure", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"heads"`, `"tails"`, 1)
		}},
		{"has the value 1e+308", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"value":1`, `"value":1e308`, 1)
		}},
		{"more than the file of one shard", func(f map[string]string) { f["2"] += f["1"] }},
		{"there twice", func(f map[string]string) {
			f["2"] = strings.Replace(f["2"], `"number":5,"seed":3`, `"number":1,"seed":1`, 1)
		}},
		{"the job has 18", func(f map[string]string) {
			for k := range f {
				f[k] = strings.Replace(f[k], `"all":18`, `"all":17`, 1)
			}
		}},
		{"needs the files", func(f map[string]string) { clear(f) }},
	} {
		broken := map[string]string{}
		for k, v := range files {
			broken[k] = v
		}
		bad.change(broken)
		if _, err := merge(broken); err == nil || !strings.Contains(err.Error(), bad.why) {
			t.Errorf("want an error with %q, got %v", bad.why, err)
		}
	}
}

// An interrupted job has what ended, and says so; its shard is not written.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := job(t, nil, shard.Shard{I: 1, K: 1})
	j.Progress = func(p lab.Progress) {
		if p.Done >= 4 {
			cancel()
		}
	}
	out, err := j.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r := reportOf(t, out); r.Complete || len(r.Rows) == 0 || !strings.Contains(r.Text, "interrupted") {
		t.Errorf("%+v", r)
	}
	if err := out.Write(io.Discard); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("an interrupted shard was written: %v", err)
	}
	j = job(t, nil, shard.Shard{})
	j.Experiment.Units = func(lab.Values, []uint64) ([]lab.Unit, error) {
		return []lab.Unit{{Run: func(context.Context) ([]lab.Sample, error) { return nil, errors.New("broken") }}}, nil
	}
	if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("the error of a unit: %v", err)
	}
}

// A job of too many units is refused before their list fills the memory.
func TestTooManyUnits(t *testing.T) {
	j := job(t, nil, shard.Shard{})
	j.Seeds = lab.SeedsFrom(1, 6_000_000) // with two units each
	if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "lower --seeds") {
		t.Errorf("12 million units: %v", err)
	}
}

// A row counts the seeds that have cases. If nothing is measured, the rows are an empty list.
func TestSeedsWithoutCases(t *testing.T) {
	e := coins()
	samples := []lab.Sample{lab.Share("heads", "coin", 0, 1, 4), lab.Share("heads", "coin", 0, 0, 0)}
	e.Units = func(_ lab.Values, seeds []uint64) (out []lab.Unit, _ error) {
		for i, seed := range seeds {
			out = append(out, lab.Unit{Seed: seed, Run: func(context.Context) ([]lab.Sample, error) {
				return samples[i : i+1], nil
			}})
		}
		return out, nil
	}
	j := job(t, nil, shard.Shard{})
	j.Experiment = e
	j.Seeds = []uint64{1, 2}
	if row, err := reportOf(t, outcome(t, j)).Rows.At("heads", "coin", 0); err != nil || row.N != 1 || row.Cases != 4 {
		t.Errorf("one of two seeds has cases: %+v %v", row, err)
	}
	j.Seeds = nil
	if b, err := json.Marshal(reportOf(t, outcome(t, j)).Rows); err != nil || string(b) != "[]" {
		t.Errorf("no rows: %s %v", b, err)
	}
}

func TestValues(t *testing.T) {
	params := []lab.Param{
		{Name: "n", Kind: lab.Whole, Default: "3", Min: 1, Max: 9},
		{Name: "t", Kind: lab.Numbers, Default: "0,1.5", Max: 100},
		{Name: "fit", Kind: lab.Word, Default: "A", Words: []string{"A", "B"}},
		{Name: "free", Kind: lab.Text, Default: "x", Check: func(text string) error {
			if text == "" {
				return errors.New("want a word")
			}
			return nil
		}},
		{Name: "set", Kind: lab.WordSet, Default: "A,B", Words: []string{"A", "B"}},
		{Name: "sizes", Kind: lab.Wholes, Default: "1,2", Min: 1, Max: 9},
	}
	v, err := lab.NewValues(params, map[string]string{"t": "2,4"})
	if err != nil || v.Whole("n") != 3 || len(v.Numbers("t")) != 2 || v.Word("fit") != "A" || len(v.WordSet("set")) != 2 {
		t.Errorf("%+v %v", v, err)
	}
	if sizes := v.Numbers("sizes"); len(sizes) != 2 || sizes[1] != 2 {
		t.Errorf("sizes: %v", sizes)
	}
	if c := v.Changed(); len(c) != 1 || c[0] != "t" {
		t.Errorf("changed: %v", c)
	}
	for name, texts := range map[string][]string{
		"n": {"0", "10", "1.5", "x", ""}, "t": {"1,,2", "NaN", "-1", "101", strings.Repeat("1,", 70) + "1"},
		"fit": {"C", ""}, "free": {""}, "set": {"A,C", "A,B,A"}, "other": {"1"}, "sizes": {"1.5", "1,2,1.0", ""},
	} {
		for _, text := range texts {
			if _, err := lab.NewValues(params, map[string]string{name: text}); err == nil {
				t.Errorf("%s=%q is taken", name, text)
			}
		}
	}
}

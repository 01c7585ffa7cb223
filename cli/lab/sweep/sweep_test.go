package sweep_test

import (
	"strings"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
	"ringside/cli/lab/sweep"
)

const good = `
title = "stale gets by R"
seeds = 4
[fixed]
nodes = 4
N = 3
W = 1
ops = 60
faults = "partition"
fault-every = "2s"
length = "20s"
odd = 0
[x]
option = "R"
values = [1, 3]
[[series]]
name = "sloppy"
quorum = "sloppy"
[[series]]
name = "strict"
quorum = "strict"
[[measure]]
value = "stale.gets"
of = "gets.ok"
[[measure]]
value = "gets.latency_ms.mean"
unit = "ms"
`

// The figures of a file follow from its options: a strict quorum with R+W>N has no stale get.
func TestRun(t *testing.T) {
	e, err := sweep.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	r := labtest.Run(t, e, nil, 4)
	stale := func(series string, x float64) float64 {
		row, err := r.Rows.At("stale.gets", series, x)
		if err != nil || row.N != 4 || row.Cases == 0 {
			t.Fatalf("%s at %g: %+v %v", series, x, row, err)
		}
		return row.Mean
	}
	if stale("strict", 3) != 0 || stale("strict", 1) == 0 || stale("sloppy", 1) == 0 {
		t.Errorf("%+v", r.Rows)
	}
	if rows, err := r.Rows.Of("gets.latency_ms.mean", "sloppy"); err != nil || len(rows) != 2 || rows[0].Mean <= 0 {
		t.Errorf("%+v %v", rows, err)
	}
	if r.Verdict != lab.NoClaim {
		t.Errorf("%s", r.Text)
	}
}

// The values of the x axis may be words.
func TestNames(t *testing.T) {
	e, err := sweep.Parse(`
[x]
option = "anti-entropy"
values = ["1s", "off"]
[[measure]]
value = "traffic.anti_entropy.bytes"
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.X.Names) != 2 || e.X.Names[1] != "off" || e.Seeds == 0 || e.Title == "" {
		t.Errorf("%+v", e)
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ old, new, why string }{
		{`values = [1, 3]`, `values = []`, "no [x]"},
		{`option = "R"`, `option = "seed"`, "not an option of a run"},
		{`option = "R"`, `option = "Q"`, "not an option of a run"},
		{`values = [1, 3]`, `values = [1, 9]`, "R"},
		{`name = "strict"`, `name = "sloppy"`, "have the name sloppy"},
		{`name = "strict"`, ``, "needs a name"},
		{`value = "stale.gets"`, `value = "stale.getz"`, "there are age_ms"},
		{`value = "stale.gets"`, `value = "stale"`, "not a number"},
		{`of = "gets.ok"`, `of = "gets.okay"`, "not measured"},
		{`value = "gets.latency_ms.mean"`, `value = "stale.gets"`, "measured twice"},
		{`seeds = 4`, `seeds = -4`, "from 1 on"},
		{`title =`, `titel =`, "titel, which means nothing"},
		{`title =`, `title`, "not as lab run wants it"},
		{`faults = "partition"`, `faults = "partitio"`, "no fault"},
		{`[[measure]]`, `[[measures]]`, "means nothing"},
		{`seeds = 4`, `seeds = 4000000000000`, "at most"},
		{`values = [1, 3]`, `values = [1, 3, 1.0]`, "given twice"},
		{`quorum = "strict"`, `R = 2`, "is in [x] and in the [[series]] strict"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s is not in the file", c.old)
		}
		if _, err := sweep.Parse(text); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s in place of %s: %v, want %q", c.new, c.old, err, c.why)
		}
	}
	if _, err := sweep.Parse(strings.Repeat("#", sweep.MaxFile+1)); err == nil {
		t.Error("a file without end is taken")
	}
}

// A share of more than all cases ends the experiment, and so does a run that breaks a promise.
func TestBadRuns(t *testing.T) {
	for _, c := range []struct{ old, new, why string }{
		{`value = "stale.gets"`, `value = "gets.asked"`, "gets.asked of gets.ok is not a share"},
		{`value = "stale.gets"`, `value = "gets.latency_ms.mean"`, "measured twice"},
		{`of = "gets.ok"`, `of = "puts.latency_ms.mean"`, "is not a share"},
	} {
		e, err := sweep.Parse(strings.Replace(good, c.old, c.new, 1))
		if err == nil {
			var v lab.Values
			if v, err = lab.NewValues(e.Params, nil); err == nil {
				_, err = lab.Job{Experiment: e, Values: v, Seeds: []uint64{1}}.Run(t.Context())
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s in place of %s: %v, want %q", c.new, c.old, err, c.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("[x]\noption=\"R\"\nvalues=[[1,2],{a=1},nan]\n[[measure]]\nvalue=\"..\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := sweep.Parse(text); err == nil && len(e.Measures) == 0 {
			t.Error("nothing is measured")
		}
	})
}

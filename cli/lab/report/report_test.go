package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/report"
	"ringside/cli/render"
)

// sample returns a report whose texts must not become markup.
func sample() *lab.Report {
	e := &lab.Experiment{
		Name: "sample", Title: "what <b> is", Question: "Is 1 < 2?", Method: "It is counted & compared.",
		X: lab.Axis{Label: "load", Unit: "ops/s", Log: true}, Clock: lab.Virtual,
		Measures: []lab.Measure{{Name: "stale", Label: "stale <gets>", Unit: "%", Share: true}, {Name: "none", Label: "nothing"}},
	}
	ours, difference := 12.5, .5
	return &lab.Report{
		Lab: e.Name, Title: e.Title, Clock: e.Clock, Seeds: []uint64{3, 4}, Commit: "abc", Machine: "any",
		Rows: lab.Rows{
			{Measure: "stale", Series: "a & b", X: 10, Mean: 12.5, Low: 11, High: 14, N: 2, Cases: 800},
			{Measure: "stale", Series: "a & b", X: 100, Mean: 25, Low: 20, High: 30, N: 2, Cases: 800},
			{Measure: "stale", Series: "c", X: 100, Mean: 1234567, Low: 1234567, High: 1234567, N: 1},
		},
		Published: []lab.Compared{
			{Published: lab.Published{Measure: "stale", Series: "a & b", X: 10, Value: 12, Within: 1, Source: "a <paper>"},
				Ours: &ours, Difference: &difference, Verdict: lab.Agrees},
			{Published: lab.Published{Measure: "stale", Series: "c", X: 5, Value: 1, Source: "another"}, Verdict: lab.NoClaim},
		},
		Claims:  []lab.Decided{{Claim: "more load is worse", Figures: "25 > 12.5", Verdict: lab.Agrees}},
		Verdict: lab.Agrees, Text: "agrees: all", Complete: true, Experiment: e,
	}
}

func TestText(t *testing.T) {
	got := report.Text(sample(), render.Painter{}, "ringside lab sample")
	want := `sample: what <b> is

stale <gets>, %
  load, ops/s         a & b        c
           10  12.5 (11–14)        –
          100    25 (20–30)  1234567

published
  series  load  ours  published  difference                     source
  a & b     10  12.5         12        +0.5  agrees (within 1)  a <paper>
  c          5     –          1           –  no claim           another

claims
  agrees   more load is worse: 25 > 12.5

agrees: all
2 seeds from 3 on; intervals are at 95 %, over seeds
ringside lab sample
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Texts of the user's files cannot steer the terminal.
func TestTextIsSafe(t *testing.T) {
	r := sample()
	evil := "\x1b[2J\u202e"
	r.Title, r.Experiment.X.Label, r.Experiment.Measures[0].Label = evil, evil, evil
	for i := range r.Rows {
		r.Rows[i].Series += evil
	}
	got := report.Text(r, render.Painter{}, evil)
	if strings.ContainsAny(got, "\x1b\u202e") || strings.Count(got, "[2J") < 5 {
		t.Errorf("%q", got)
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := report.CSV(&b, []report.Answer{{Report: sample()}}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "lab,measure,unit,series,x,name,mean,low,high,n,cases\n"+
		"sample,stale,%,a & b,10,,12.5,11,14,2,800\n") {
		t.Error(b.String())
	}
}

var (
	elsewhere = regexp.MustCompile(`(src|href)="[^#]|@import|url\(`)
	voids     = regexp.MustCompile(`<(meta[^>]*)>`)
)

// The page is well-formed, needs nothing from elsewhere, takes no text for markup, and is the same
// each time.
func TestPage(t *testing.T) {
	answers := []report.Answer{{Report: sample(), Command: "ringside lab sample"}, {Report: sample(), Command: "again"}}
	page, err := report.Page(answers)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := report.Page(answers); !bytes.Equal(again, page) {
		t.Error("the page differs the second time")
	}
	if m := elsewhere.Find(page); m != nil {
		t.Errorf("the page refers to something else: %s", m)
	}
	d := xml.NewDecoder(strings.NewReader(voids.ReplaceAllString(string(page), "<$1/>")))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
	for _, want := range []string{"what &lt;b&gt; is", "Is 1 &lt; 2?", "stale &lt;gets&gt;", "a &lt;paper&gt;", "25 (20–30)",
		"ringside lab sample", "2 seeds from 3 on", "more load is worse"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if bytes.Count(page, []byte("<svg")) != 2 {
		t.Error("a figure is missing, or one of nothing is there")
	}
}

package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/wire"
	"ringside/localcluster/bench"
)

// report returns a report of two stores and both floors.
func report() *bench.Report {
	row := func(store string, op bench.Op, clients int, ops, p50 float64) bench.Row {
		return bench.Row{Store: store, Op: op, Concurrency: clients, OpsS: ops, Samples: 5000, P50: p50, P99: 4 * p50, P999: 20 * p50,
			Mean: p50, Max: 30 * p50, CPU: 40, Allocs: 30, Rounds: []float64{ops}}
	}
	r := &bench.Report{Store: "mem,sync", Ready: 40, RSS: 90, Ratio: map[string]float64{"mem/put/1": .5, "sync/put/64": .25},
		RatioMux: map[string]float64{"mem/put/1": .4}, Machine: bench.Machine{OS: "linux", Arch: "amd64", Cores: 2,
			CPU: "<b>fast</b>", Go: "go1.26", Version: "v1", Commit: "abc", Changed: true, Date: "2026-11-26"},
		Settings: bench.Settings{Nodes: 3, N: 3, R: 2, W: 2, ForS: 2, Rounds: 3, Keys: 100, Size: 10}}
	for _, clients := range []int{1, 64} {
		c := float64(clients)
		r.Floor = append(r.Floor, row("", bench.Put, clients, 10000*math.Sqrt(c), 30*c))
		r.FloorMux = append(r.FloorMux, row("", bench.Put, clients, 9000*c, 40*c))
		r.Rows = append(r.Rows, row("mem", bench.Put, clients, 5000*c, 90*c), row("sync", bench.Put, clients, 400*c, 900*c))
	}
	return r
}

// The page is well-formed, needs nothing else, and has each figure.
func TestPage(t *testing.T) {
	call, err := verbs.Parse(Verb, []string{"--store", "mem,sync", "--op", "put", "--floor", "--html", "x.html"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := page(report(), commandLine(call))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"put, p50", "put, p99.9", "ringside bench --store mem,sync --op put --floor=true",
		"&lt;b&gt;fast&lt;/b&gt;", "ringside v1 of commit abc with changes", "<td>0.50</td>", "floor mux", "1.15s"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, banned := range []string{"<script", "http:", "https:", "url(", "NaN", "Inf", "ZgotmplZ"} {
		if strings.Contains(text, banned) {
			t.Errorf("the page has %q", banned)
		}
	}
	svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(svgs) != len(percentiles) {
		t.Fatalf("%d charts", len(svgs))
	}
	for _, svg := range svgs {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(svg, "<circle"); n != 8 {
			t.Errorf("%d points, want 8", n)
		}
		for _, m := range regexp.MustCompile(`c[xy]="([^"]*)"`).FindAllStringSubmatch(svg, -1) {
			if at, err := strconv.ParseFloat(m[1], 64); err != nil || at < marginTop || at > marginLeft+plotWidth {
				t.Errorf("a point at %s", m[1])
			}
		}
	}
}

// A report without floors, and with rates that were not reached, errors and an interrupt.
func TestTextOfAPoorRun(t *testing.T) {
	r := report()
	r.Floor, r.FloorMux, r.Ratio, r.RatioMux, r.Interrupted = nil, nil, nil, nil, true
	r.InterruptedAt = "window 2 of 9 (floor put, clients: 1)"
	r.Rows = r.Rows[:1]
	r.Rows[0].Rate, r.Rows[0].Missed = 9000, 7
	r.Rows[0].Errors, r.Rows[0].Error = 2, "quorum_not_reached: no luck\x1b"
	r.Rows[0].Failure = &bench.Failure{Code: wire.QuorumNotReached, Message: "no luck"}
	out := text(r, render.Painter{})
	for _, want := range []string{"! mem put/1@9000: the rate was not reached: 5000 of 9000 a second; 7 requests waited",
		"2 requests failed and are not in the figures; the first: quorum_not_reached: no luck\\x1b", "interrupted in window 2 of 9 (floor put, clients: 1):",
		"put 9000/s"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "÷") {
		t.Errorf("ratios without floors:\n%s", out)
	}
	if _, err := page(r, ""); err != nil {
		t.Error(err)
	}
	e := exit.As(failed(r))
	if e == nil || e.Exit != exit.Quorum || e.Code != "quorum_not_reached" {
		t.Errorf("%+v", e)
	}
	if err := failed(report()); err != nil {
		t.Error(err)
	}
}

// An interrupt in the first round leaves rows of floors only, which the text and the page show.
func TestFloorsOnly(t *testing.T) {
	r := report()
	r.Rows, r.FloorMux, r.Ratio, r.RatioMux = nil, nil, nil, nil
	r.Floor = r.Floor[:1]
	out := text(r, render.Painter{})
	if !regexp.MustCompile(`(?m)^put +1 +floor +10000 +30µs`).MatchString(out) {
		t.Errorf("no row of the floor in:\n%s", out)
	}
	b, err := page(r, "")
	if err != nil || strings.Count(string(b), "<circle") != len(percentiles) || !strings.Contains(string(b), "<td>10000</td>") {
		t.Errorf("%v; the page:\n%s", err, b)
	}
}

// The 99.9th percentile of few requests is their maximum, so neither table nor chart has it.
func TestFewSamples(t *testing.T) {
	r := report()
	r.Rows[0].Samples = bench.MinSamplesP999 - 1
	out := text(r, render.Painter{})
	if !regexp.MustCompile(`(?m)^put +1 +mem +5000 +0.50 +0.40 +90µs +360µs +- `).MatchString(out) ||
		strings.Count(out, "fewer than 1000 requests") != 1 {
		t.Errorf("the row has a p99.9, or there is no note:\n%s", out)
	}
	b, err := page(r, "")
	if n := strings.Count(string(b), `<circle class="dot mem"`); err != nil || n != 5 {
		t.Errorf("%d points, want 2 of p50, 2 of p99 and 1 of p99.9; %v", n, err)
	}
	if strings.Contains(text(report(), render.Painter{}), "fewer than") {
		t.Error("a note without reason")
	}
}

// Each row whose rate was not reached is marked, floors also, and is a hollow point beside the
// line. A row without an answer has neither a cost nor a point.
func TestRatesThatWereNotReached(t *testing.T) {
	r := report()
	for _, rows := range [][]bench.Row{r.Floor, r.FloorMux, r.Rows} {
		for i := range rows {
			rows[i].Rate, rows[i].Concurrency = 1000*(1+len(rows)*i), 64
		}
	}
	r.Floor[1].Rate, r.Floor[1].Missed = 1e6, 9
	r.Rows[2].Rate, r.Rows[2].OpsS, r.Rows[2].CPU, r.Rows[2].P999 = 1e6, 0, 0, 6e7
	out := text(r, render.Painter{})
	for _, want := range []string{"! floor put/64@1000000: the rate was not reached: 80000 of 1000000 a second; 9 requests",
		"! mem put/64@1000000: the rate was not reached: 0 of 1000000"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if !regexp.MustCompile(`floor +!80000 `).MatchString(out) || !regexp.MustCompile(`mem +!0 .* - +- +0`).MatchString(out) {
		t.Errorf("a row is not marked in:\n%s", out)
	}
	b, err := page(r, "")
	if err != nil {
		t.Fatal(err)
	}
	svg := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindString(string(b))
	hollow := strings.Count(svg, `<circle class="line floor"`)
	if hollow != 1 || strings.Count(svg, `<circle class="dot mem"`) != 1 || strings.Contains(svg, "1e+06, 0 a second") ||
		strings.Contains(svg, "100 s<") || !strings.Contains(string(b), "A hollow point") {
		t.Errorf("%d hollow points, or a point of no answer:\n%s", hollow, svg)
	}
}

// Lines of an open loop join the rates of one concurrency only.
func TestPartsOfALine(t *testing.T) {
	row := func(clients, rate int) bench.Row { return bench.Row{Concurrency: clients, Rate: rate} }
	for want, rows := range map[int][]bench.Row{
		0: nil,
		1: {row(1, 0), row(16, 0)},
		2: {row(1, 10), row(1, 20), row(16, 10), row(16, 20)},
	} {
		if got := len(line{rows: rows}.parts()); got != want {
			t.Errorf("%d parts of %v, want %d", got, rows, want)
		}
	}
}

func TestNiceSteps(t *testing.T) {
	for x, want := range map[float64]float64{0: 1, 1: 1, 1.5: 2, 3: 5, 7: 10, 1200: 2000, 6000: 10000} {
		if got := niceStep(x); got != want {
			t.Errorf("step for %v is %v, want %v", x, got, want)
		}
	}
}

// The page takes the place of a file, which is not written in place: another name of the old file
// still leads to the old page.
func TestPageReplacesAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o644), os.Link(file, file+".old")); err != nil {
		t.Skip(err)
	}
	if err := writePage(file, report(), ""); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(file + ".old")
	if b, err := os.ReadFile(file); err != nil || len(b) < 1000 || string(old) != "old" {
		t.Errorf("a page of %d bytes, the old one holds %q: %v", len(b), old, err)
	}
}

package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/localcluster/bench"
)

// heading describes what was measured.
func heading(r *bench.Report) string {
	s, m := r.Settings, r.Machine
	keys := "uniform"
	if s.Zipf {
		keys = "Zipf"
	}
	if s.Target != "" {
		return fmt.Sprintf("%s (%s), %d keys (%s) of %d bytes; medians of %s of %s\n%s, %s, %s", s.Target,
			render.Count(s.Nodes, "host"), s.Keys, keys, s.Size, render.Count(s.Rounds, "round"),
			render.Duration(time.Duration(s.ForS*float64(time.Second))), render.Count(m.Cores, "core"), m.Go, m.Version)
	}
	routing := "through a load balancer"
	if s.ClientDriven {
		routing = "clients know the ring"
	}
	return fmt.Sprintf("%s, N=%d R=%d W=%d, %d keys (%s) of %d bytes, %s; medians of %s of %s\n"+
		"%s, %s, %s; the cluster was ready after %.0fms, the process has %.0f MB",
		render.Count(s.Nodes, "node"), s.N, s.R, s.W, s.Keys, keys, s.Size, routing, render.Count(s.Rounds, "round"),
		render.Duration(time.Duration(s.ForS*float64(time.Second))),
		render.Count(m.Cores, "core"), m.Go, m.Version, r.Ready, r.RSS)
}

// text returns a report for people.
func text(r *bench.Report, p render.Painter) string {
	t := render.Table{}
	titles, rows := tableOf(r)
	t.Head(titles...)
	for _, row := range rows {
		t.Row(row...)
	}
	return heading(r) + "\n" + t.Render(p) + notes(r, p)
}

// tableOf returns the titles and the rows of the table: for each load the floors and the stores.
func tableOf(r *bench.Report) (titles []string, rows [][]render.Cell) {
	titles = []string{"op", "clients>", "store", "ops/s>", "÷ floor>", "÷ mux>", "p50>", "p99>", "p99.9>", "cpu>",
		"allocs>", "errors>"}
	if len(r.Floor) == 0 {
		titles = slices.Delete(titles, firstRatio, firstRatio+ratios)
	}
	for _, row := range named(r) {
		own, mux := "", ""
		if row.Store != "" {
			key := r.RatioKey(row.Row)
			own, mux = ratio(r.Ratio, key), ratio(r.RatioMux, key)
		}
		cells := cellsOf(row.Row, row.name, own, mux)
		if len(r.Floor) == 0 {
			cells = slices.Delete(cells, firstRatio, firstRatio+ratios)
		}
		rows = append(rows, cells)
	}
	return titles, rows
}

// The columns of the ratios, which are left out without floors.
const (
	firstRatio = 4
	ratios     = 2
)

// withKey returns the rows of a load.
func withKey(rows []bench.Row, key string) []bench.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r bench.Row) bool { return r.Key() != key })
}

// ratio returns a ratio, "" if there is none.
func ratio(m map[string]float64, key string) string {
	if x, ok := m[key]; ok {
		return fmt.Sprintf("%.2f", x)
	}
	return ""
}

// cellsOf returns the cells of a row. name is the store, or the kind of floor.
func cellsOf(row bench.Row, name, own, mux string) []render.Cell {
	op := string(row.Op)
	if row.Rate > 0 {
		op += fmt.Sprintf(" %d/s", row.Rate)
	}
	tone := render.Bold
	if row.Store == "" {
		tone = render.Dim
	}
	errors := render.Number(int(row.Errors))
	if row.Errors > 0 {
		errors.Tone = render.Bad
	}
	ops := render.Flush(fmt.Sprintf("%.0f", row.OpsS))
	if !row.Reached() {
		ops.Text, ops.Tone = notReached+ops.Text, render.Warn
	}
	cpu, allocs := render.Flush("-"), render.Flush("-")
	if row.OpsS > 0 { // without an answer, no request has a cost
		cpu, allocs = render.Flush(fmt.Sprintf("%.0fµs", row.CPU)), render.Flush(fmt.Sprintf("%.0f", row.Allocs))
	}
	p999 := render.Flush("-")
	if row.HasP999() {
		p999 = latency(row.P999)
	}
	return []render.Cell{{Text: op}, render.Number(row.Concurrency), render.Toned(tone, name), ops, render.Flush(own),
		render.Flush(mux), latency(row.P50), latency(row.P99), p999, cpu, allocs, errors}
}

// notReached marks the throughput of a row whose rate was not reached.
const notReached = "!"

func latency(us float64) render.Cell {
	if us < 1000 {
		return render.Flush(fmt.Sprintf("%.0fµs", us))
	}
	return render.Flush(render.Duration(time.Duration(us * float64(time.Microsecond))))
}

// A namedRow is a row with the name of its system.
type namedRow struct {
	bench.Row
	name string
}

// named returns all rows, in the order of the table.
func named(r *bench.Report) []namedRow {
	var out []namedRow
	var keys []string
	for _, row := range slices.Concat(r.Floor, r.FloorMux, r.Rows) {
		if !slices.Contains(keys, row.Key()) {
			keys = append(keys, row.Key())
		}
	}
	for _, key := range keys {
		for _, row := range withKey(r.Floor, key) {
			out = append(out, namedRow{row, "floor"})
		}
		for _, row := range withKey(r.FloorMux, key) {
			out = append(out, namedRow{row, "floor mux"})
		}
		for _, row := range withKey(r.Rows, key) {
			out = append(out, namedRow{row, row.Store})
		}
	}
	return out
}

// notes says what the reader must know about the figures.
func notes(r *bench.Report, p render.Painter) string {
	var out strings.Builder
	for _, named := range named(r) {
		row, name := named.Row, named.name+" "+named.Key()
		if row.Errors > 0 {
			out.WriteString(p.Paint(render.Bad, fmt.Sprintf("%s: %s failed and are not in the figures; the first: %s\n",
				name, render.Count(int(row.Errors), "request"), render.Text(row.Error))))
		}
		if !row.Reached() {
			out.WriteString(p.Paint(render.Warn, fmt.Sprintf("%s %s: the rate was not reached: %.0f of %d a second; %s "+
				"waited for a client at the end, so latency would grow with the time\n", notReached, name, row.OpsS, row.Rate,
				render.Count(row.Missed, "request"))))
		}
	}
	if slices.ContainsFunc(named(r), func(row namedRow) bool { return !row.HasP999() }) {
		fmt.Fprintf(&out, "- p99.9 is left out where a round has fewer than %d requests, because it is their maximum; "+
			"choose a longer --for\n", bench.MinSamplesP999)
	}
	if r.Machine.NoDisk && r.Store != string(bench.Mem) {
		out.WriteString(p.Paint(render.Warn, "the data was in a folder in memory (tmpfs), so no disk was measured; "+
			"choose a folder on a disk with --dir\n"))
	}
	if r.Interrupted {
		fmt.Fprintf(&out, "interrupted in %s: the figures are those of the windows that ended before\n", r.InterruptedAt)
	}
	return out.String()
}

package paper

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ringside/engine/wire"
)

// attempts bounds how often a measurement is repeated: a busy machine can stand still for longer
// than an artificial delay.
const attempts = 5

// repeat calls measure until it returns no complaint, each time with delays twice as long. A delay
// that is long enough shows on every machine.
func repeat(t *testing.T, measure func(times time.Duration) string) {
	t.Helper()
	for i := range attempts {
		said := measure(1 << i)
		if said == "" {
			return
		}
		t.Log(said)
	}
	t.Errorf("so %d times in a row", attempts)
}

// §6.1, Figure 5: with the buffer, a put does not wait for a disk. Without the buffer, a put takes
// at least one flush.
func TestFigure5(t *testing.T) {
	repeat(t, func(times time.Duration) string {
		flush := 50 * time.Millisecond * times
		scale := BufferScale{Low: 20, Peak: 60, Length: 500 * time.Millisecond * times, Objects: 1000,
			Hop: time.Millisecond, Disk: Disk{Flush: flush}}
		f, err := Figure5(t.Context(), scale)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Rows) != 4 || len(f.Ratios) != 2 || f.Ratios[1].Published == nil || *f.Ratios[1].Published != 5 {
			t.Fatalf("%+v", f)
		}
		for _, r := range f.Rows {
			switch {
			case r.Count == 0:
				t.Fatalf("nothing was measured: %+v", r)
			case r.Buffer == 0 && r.Least < millis(flush): // whatever the machine does
				t.Fatalf("a put took %v ms, and one flush takes %v", r.Least, flush)
			case r.Buffer > 0 && r.P50 > millis(flush):
				return f.Text()
			}
		}
		return ""
	})
}

// §6.4, Table 2: a request through the balancer takes at least its hops and a round trip to another
// replica. A request to a home saves two hops, and a put to a home is never forwarded.
func TestTable2(t *testing.T) {
	repeat(t, func(times time.Duration) string {
		hop := 10 * time.Millisecond * times
		scale := CoordinationScale{Clients: 4, Length: 700 * time.Millisecond * times, Keys: 50, Hop: hop}
		table, err := Table2(t.Context(), scale)
		if err != nil {
			t.Fatal(err)
		}
		if len(table.Rows) != 4 || len(table.Ratios) != 2 {
			t.Fatalf("%+v", table)
		}
		for _, r := range table.Rows {
			switch {
			case r.Count == 0:
				t.Fatalf("nothing was measured: %+v", r)
			case r.Approach == serverDriven && r.Least < millis(6*hop), r.Least < millis(4*hop): // whatever the machine does
				t.Fatalf("a %s %s took %v ms over hops of %v", r.Approach, r.Op, r.Least, hop)
			case r.Approach == clientDriven && r.P50 > millis(6*hop):
				return table.Text()
			}
		}
		return ""
	})
}

// The published numbers are those of the paper.
func TestPublishedTable2(t *testing.T) {
	table := CoordinationTable{}
	for k, v := range publishedTable2 {
		table.Rows = append(table.Rows, CoordinationRow{Approach: k[0], Op: k[1], PublishedP999: v[0],
			PublishedMean: v[1]})
	}
	for _, want := range []string{"68.9 3.9\n", "68.5 4.02\n", "30.4 1.55\n", "30.4 1.9\n"} {
		if !strings.Contains(table.Text(), want) {
			t.Errorf("no %q in\n%s", want, table.Text())
		}
	}
	b, err := json.Marshal(table)
	if err != nil || !strings.Contains(string(b), `"published_p999_ms":68.9,"published_mean_ms":3.9`) {
		t.Errorf("%s, %v", b, err)
	}
}

// An experiment that is interrupted ends and leaves no files.
func TestExperimentsCanBeInterrupted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, interrupt)
	if _, err := Figure5(ctx, UsualBuffer); err == nil {
		t.Error("Figure 5 was measured in no time")
	}
	if _, err := Table2(ctx, UsualCoordination); err == nil {
		t.Error("Table 2 was measured in no time")
	}
}

// A request that fails has no latency.
func TestLatencies(t *testing.T) {
	var s sample
	for i := range 1000 {
		s.add(time.Duration(i+1)*time.Millisecond, true)
	}
	s.add(time.Hour, false)
	if l := s.latencies(); l.Count != 1000 || l.Failed != 1 || l.P50 != 501 || l.P999 != 1000 || l.Mean != 500.5 ||
		l.Least != 1 {
		t.Errorf("%+v", l)
	}
	if l := (&sample{}).latencies(); l != (Latencies{}) {
		t.Errorf("%+v", l)
	}
	if putOK(wire.PutReply{Err: wire.Overloaded}, nil) || getOK(wire.PutReply{}, nil) || !getOK(wire.GetReply{}, nil) {
		t.Error("what failed passes for an answer")
	}
}

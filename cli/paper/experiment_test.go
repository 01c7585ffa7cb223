package paper

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"ringside/engine/wire"
)

// attempts bounds how often a measurement is repeated, because a busy machine can pause a process
// for longer than an artificial delay.
const attempts = 5

// repeat calls measure until it returns "". Otherwise measure returns the results that were not as
// expected. Each call gets times twice as large, by which measure multiplies its delays, so that
// the delays outweigh the pauses of a busy machine.
func repeat(t *testing.T, measure func(times time.Duration) string) {
	t.Helper()
	for i := range attempts {
		unexpected := measure(1 << i)
		if unexpected == "" {
			return
		}
		t.Log(unexpected)
	}
	t.Errorf("%d measurements in a row were not as expected; the log has their results", attempts)
}

// §6.1, Figure 5: with the buffer, a put does not wait for a disk. Without the buffer, a put takes
// at least one flush.
func TestFigure5(t *testing.T) {
	repeat(t, func(times time.Duration) string {
		flush := 50 * time.Millisecond * times
		scale := BufferScale{Low: 20, Peak: 60, Length: 500 * time.Millisecond * times, Objects: 1000,
			Hop: time.Millisecond, Flushes: FlushTimes{Flush: flush}}
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
			case r.Buffer == 0 && r.Least < millis(flush): // on any machine
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
			case r.Approach == ServerDriven && r.Least < millis(6*hop), r.Least < millis(4*hop): // on any machine
				t.Fatalf("a %s %s took %v ms over hops of %v", r.Approach, r.Op, r.Least, hop)
			case r.Approach == ClientDriven && r.P50 > millis(6*hop):
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
		table.Rows = append(table.Rows, CoordinationRow{Approach: k[0], Op: k[1], PublishedP999: v.P999,
			PublishedMean: v.Mean})
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

// An experiment whose context is cancelled returns context.Canceled and leaves no files.
func TestExperimentsCanBeInterrupted(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, interrupt)
	if _, err := Figure5(ctx, UsualBuffer); !errors.Is(err, context.Canceled) {
		t.Errorf("Figure5: got %v, want context.Canceled", err)
	}
	if _, err := Table2(ctx, UsualCoordination); !errors.Is(err, context.Canceled) {
		t.Errorf("Table2: got %v, want context.Canceled", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("the experiments left %v", left)
	}
}

// The statistics leave out the latency of a request that failed.
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
		t.Error("putOK and getOK must accept only a reply of their own kind whose code is OK")
	}
}

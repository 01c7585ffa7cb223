package recording

import (
	"bytes"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/sim/plan"
)

// A recording that was written as JSON is read as it was. A cut last line is left out.
func TestRead(t *testing.T) {
	r := played(t, plan.New(plan.Options{Seed: 4, Ops: 20, Nodes: 3, Faults: []string{"crash"}}))
	file := lines(t, r.events)
	got, err := Read(bytes.NewReader(file))
	if err != nil || len(got) != len(r.events) {
		t.Fatalf("%d of %d events: %v", len(got), len(r.events), err)
	}
	if !bytes.Equal(lines(t, got), file) {
		t.Errorf("the events that were read differ from those that were written: %s", firstDifference(lines(t, got), file))
	}
	cut, err := Read(bytes.NewReader(file[:len(file)-10]))
	if err != nil || len(cut) != len(got)-1 {
		t.Errorf("a cut file has %d of %d events: %v", len(cut), len(got), err)
	}
}

// lines returns events as the command events writes them with --json.
func lines(t *testing.T, events []event.Event) (out []byte) {
	t.Helper()
	for i := range events {
		var err error
		if out, err = event.AppendJSON(out, &events[i]); err != nil {
			t.Fatal(err)
		}
		out = append(out, '\n')
	}
	return out
}

func TestReadNamesTheLine(t *testing.T) {
	good := `{"seq":1,"time":"2026-01-02T12:04:20Z","node":"n1","kind":"node-up","section":"§4.8"}` + "\n"
	for text, want := range map[string]string{
		good + "nonsense\n" + good:     "line 2 is not an event",
		"nonsense\n":                   "line 1 is not an event",
		good + "{}\n" + good:           "line 2 is not an event",
		strings.Repeat("x", maxLine+1): "bytes",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) ||
			exit.As(err).Exit != exit.Usage {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"seq":1,"time":"2026-01-02T12:04:20Z","node":"","kind":"cluster","section":"§4","settings":{"nodes":["n1"],"n":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		r, err := New(events, "it")
		if err != nil {
			return
		}
		r.Step(len(events), all)
		if _, err := r.Snapshot(t.Context(), []byte("a")); err != nil {
			t.Error(err)
		}
	})
}

// firstDifference returns the first lines that differ.
func firstDifference(a, b []byte) string {
	left, right := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(left), len(right)) {
		if !bytes.Equal(left[i], right[i]) {
			return string(left[i]) + "\n" + string(right[i])
		}
	}
	return "one is longer"
}

// A capsule is refused as a recording, and the error says what shows the capsule.
func TestReadRefusesCapsules(t *testing.T) {
	if _, err := Read(strings.NewReader(`{"capsule":1,"commit":"","events":[]}`)); err == nil ||
		!strings.Contains(err.Error(), "ringside open FILE") {
		t.Errorf("%v", err)
	}
}

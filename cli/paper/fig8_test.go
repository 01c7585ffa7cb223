package paper

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"ringside/cli/golden"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/ring"
)

// tolerance is the accuracy with which the published points can be read off the plot.
const tolerance = .02

// figure is computed once for all tests, because that takes seconds.
var figure = sync.OnceValues(func() (*Figure, error) { return Figure8(context.Background(), PublishedSizes) })

// §6.2, Figure 8: the ring's code gives all twelve published points.
func TestFigure8(t *testing.T) {
	f, err := figure()
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Rows) != 3*len(PublishedSizes) {
		t.Fatalf("%d points", len(f.Rows))
	}
	for _, p := range f.Rows {
		if p.Published == nil {
			t.Errorf("strategy %d at %d: no published point", p.Strategy, p.Metadata)
		} else if math.Abs(p.Efficiency-*p.Published) > tolerance {
			t.Errorf("strategy %d at %d: %.3f, published %.2f", p.Strategy, p.Metadata, p.Efficiency, *p.Published)
		}
		if p.Error > figureError {
			t.Errorf("strategy %d at %d: %d rings leave a standard error of %.4f", p.Strategy, p.Metadata, p.Rings,
				p.Error)
		}
	}
}

// The figure as text and as JSON is the same on every machine.
func TestFigure8Output(t *testing.T) {
	f, err := figure()
	if err != nil {
		t.Fatal(err)
	}
	js, err := escape.JSON(f)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "fig8", f.Text(false))
	golden.Check(t, "fig8-ascii", f.Text(true))
	golden.Check(t, "fig8.json", string(js)+"\n")
	for _, r := range f.Text(true) {
		if r > '~' {
			t.Errorf("%q is not ASCII", r)
		}
	}
}

// A figure does not depend on other sizes, nor on the order in which points are computed.
func TestFigure8IsDeterministic(t *testing.T) {
	one, err := Figure8(t.Context(), []int{60})
	if err != nil {
		t.Fatal(err)
	}
	many, err := Figure8(t.Context(), []int{30, 60})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one.Rows, many.Rows[3:]) {
		t.Errorf("alone %+v, among others %+v", one.Rows, many.Rows[3:])
	}
}

// A ring has exactly as many tokens as its size, also if S does not divide the size.
func TestFigure8Sizes(t *testing.T) {
	for _, size := range []int{MinMetadata, 31, 100, 1023, 4000} {
		for _, strategy := range []ring.Strategy{ring.TokensRandom, ring.TokensOverPartitions, ring.EqualPartitions} {
			r, err := FigureRing(0, size, strategy)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(r.Tokens()); got != size {
				t.Errorf("strategy %d: %d tokens, want %d", strategy, got, size)
			}
			if e := efficiency(r); e <= 0 || e > 1+1e-9 {
				t.Errorf("strategy %d at %d: efficiency %v", strategy, size, e)
			}
		}
	}
	for _, sizes := range [][]int{{MinMetadata - 1}, {MaxMetadata + 1}, {-60}, slices.Repeat([]int{60}, MaxSizes+1)} {
		if _, err := Figure8(t.Context(), sizes); err == nil {
			t.Errorf("%v: no error", sizes)
		}
	}
	for size := range published {
		if !slices.Contains(PublishedSizes, size) {
			t.Errorf("%d is published and not shown", size)
		}
	}
}

func TestFigure8CanBeInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if _, err := Figure8(ctx, PublishedSizes); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// More sizes than fit side by side are drawn below each other, and odd ones are explained.
func TestFigure8Chart(t *testing.T) {
	f := &Figure{S: FigureNodes, N: FigureReplicas, Q: FigurePartitions}
	for i := range chartSizes + 1 {
		for s := range 3 {
			f.Rows = append(f.Rows, Point{Metadata: 30*i + 31, Strategy: s + 1, Efficiency: float64(s+i) / 10})
		}
	}
	text := f.Text(false)
	if strings.Count(text, "└") != 2 || !strings.Contains(text, "30 nodes do not divide 31, 61") {
		t.Error(text)
	}
	for line := range strings.Lines(f.chart(f.sizes()[:chartSizes])) {
		if n := render.Width(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

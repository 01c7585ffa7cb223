package admission

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A percentile is that of the last minute, and at most a quarter too high.
func TestSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sketch
		now := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "start")) * time.Second
		type sample struct{ at, d time.Duration }
		var all []sample
		for range rapid.IntRange(0, 300).Draw(t, "samples") {
			now += time.Duration(rapid.IntRange(0, 2000).Draw(t, "pause")) * time.Millisecond
			d := time.Duration(math.Exp(rapid.Float64Range(0, 20).Draw(t, "log")) * 1000)
			s.add(now, d)
			all = append(all, sample{now, d})
		}
		var recent []time.Duration
		for _, x := range all {
			if now/interval-x.at/interval < slots {
				recent = append(recent, x.d)
			}
		}
		slices.Sort(recent)
		p := rapid.IntRange(1, 100).Draw(t, "p")
		got, total := s.percentile(now, p)
		if total != len(recent) {
			t.Fatalf("%d samples, want %d", total, len(recent))
		}
		if total == 0 {
			return
		}
		want := recent[(total*p+99)/100-1]
		if got <= want || got > want+want/4+2*time.Microsecond {
			t.Fatalf("p%d of %d is %v, the sketch says %v", p, total, want, got)
		}
	})
}

// Classes are in order, and there is no gap between them.
func TestClasses(t *testing.T) {
	for class := range classes - 1 {
		top := upperBound(class)
		if classOf(top-time.Microsecond) != class || classOf(top) != class+1 {
			t.Fatalf("class %d ends at %v, which is of classes %d and %d",
				class, top, classOf(top-time.Microsecond), classOf(top))
		}
	}
}

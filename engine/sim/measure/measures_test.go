package measure

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Quantiles of a few values are exact: the least value that so many do not exceed.
func TestQuantiles(t *testing.T) {
	var d Distribution
	if d.Quantile(.5) != 0 || d.Mean() != 0 || d.N() != 0 {
		t.Errorf("an empty distribution: %+v", d)
	}
	for v := int64(1000); v >= 1; v-- {
		d.Add(v)
	}
	for q, want := range map[float64]int64{0: 1, .001: 1, .5: 500, .9: 900, .99: 990, .999: 999, .9991: 1000, 1: 1000} {
		if got := d.Quantile(q); got != want {
			t.Errorf("quantile %v of 1 to 1000 is %d, want %d", q, got, want)
		}
	}
	if d.Mean() != 500.5 || d.Max() != 1000 || d.N() != 1000 {
		t.Errorf("mean %v, max %d of %d", d.Mean(), d.Max(), d.N())
	}
	if d.Add(-1); d.Quantile(0) != 0 {
		t.Error("a negative value does not count as 0")
	}
}

// A distribution of many values stays within a thousandth, and its mean and maximum are exact.
func TestManyValues(t *testing.T) {
	var d Distribution
	for v := range int64(3 * maxExact) {
		d.Add(v)
	}
	if d.rough == nil || d.exact != nil {
		t.Fatal("the values are still kept")
	}
	for _, q := range []float64{.01, .5, .9, .999, 1} {
		want := q * 3 * maxExact
		if got := float64(d.Quantile(q)); math.Abs(got-want) > want/1000+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if d.Mean() != (3*maxExact-1)/2. || d.Max() != 3*maxExact-1 {
		t.Errorf("mean %v, max %d", d.Mean(), d.Max())
	}
}

// The sum of distributions depends neither on their order nor on how the values are dealt out, also
// where some of them are large.
func TestSumsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := make([]Distribution, 3)
		var all Distribution
		for i := range parts {
			values := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 0, 20).Draw(t, "values")
			if repeat := rapid.IntRange(0, 3).Draw(t, "many"); repeat == 0 && len(values) > 0 {
				values = slices.Repeat(values, maxExact/len(values)+1)
			}
			for _, v := range values {
				parts[i].Add(v)
				all.Add(v)
			}
		}
		var sum, reverse Distribution
		for i := range parts {
			sum.AddAll(&parts[i])
			reverse.AddAll(&parts[len(parts)-1-i])
		}
		a, b, c := text(t, &sum), text(t, &reverse), text(t, &all)
		if a != b || a != c {
			t.Fatalf("%s, in reverse %s, at once %s", a, b, c)
		}
	})
}

func text(t rapid.TB, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Times are written in milliseconds.
func TestTimesAreMilliseconds(t *testing.T) {
	var d Times
	d.Add(1500)
	want := `{"n":1,"mean":1.5,"p50":1.5,"p90":1.5,"p99":1.5,"p999":1.5,"max":1.5}`
	if got := text(t, &d); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := text(t, &struct{ D Times }{d}); got != text(t, &struct{ D *Times }{&d}) {
		t.Errorf("as a field it is %s", got)
	}
}

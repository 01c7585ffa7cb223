package measure

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every distribution of Measures has its place in the exact JSON.
func TestExactHasAllDistributions(t *testing.T) {
	var count func(reflect.Type) int
	count = func(typ reflect.Type) (n int) {
		if typ == reflect.TypeFor[Distribution]() {
			return 1
		}
		if typ.Kind() == reflect.Struct {
			for i := range typ.NumField() {
				n += count(typ.Field(i).Type)
			}
		}
		return n
	}
	if n, want := len((&Measures{}).distributions()), count(reflect.TypeFor[Measures]()); n != want {
		t.Errorf("%d of %d distributions", n, want)
	}
}

// Measures that went through JSON in parts add up to those that did not, below and above the number
// of values that a distribution keeps.
func TestExactAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, merged Measures
		for part := range rapid.IntRange(1, 4).Draw(t, "parts") {
			m := Measures{Runs: 1, Traffic: Traffic{Gossip: {part, int64(part)}}}
			values := rapid.SliceOfN(rapid.Int64Range(0, mostValue), 0, 50).Draw(t, "values")
			times := rapid.SampledFrom([]int{1, 2, maxExact/50 + 1}).Draw(t, "times")
			for i, d := range m.distributions() {
				for _, v := range values {
					for j := range times {
						d.Add(v>>(i*5) + int64(j))
					}
				}
			}
			m.Probes = []Probe{{AfterMS: 0.1 * float64(part), Gets: 1}}
			m.Gets.because(Timeout, part)
			text, err := json.Marshal(&Exact{m})
			if err != nil {
				t.Fatal(err)
			}
			var back Exact
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			whole.Add(&m)
			merged.Add(&back.Measures)
		}
		a, _ := json.Marshal(&whole)
		b, _ := json.Marshal(&merged)
		if string(a) != string(b) {
			t.Errorf("whole:\n%s\nmerged:\n%s", a, b)
		}
		for i, d := range whole.distributions() {
			o := merged.distributions()[i]
			if (d.rough == nil) != (o.rough == nil) || d.rough != nil && !d.rough.Equals(o.rough) {
				t.Errorf("distribution %d differs", i)
			}
		}
	})
}

// A form that contradicts itself is refused.
func TestExactRefuses(t *testing.T) {
	for bad, why := range map[string]string{
		`{"n":2,"values":[[1,1]]}`:                    "lacks 1",
		`{"n":1,"values":[[1,2]]}`:                    "2 times",
		`{"n":1,"values":[[-1,1]]}`:                   "the value -1",
		`{"n":100000,"values":[[1,100000]]}`:          "not a histogram",
		`{"n":1,"values":[[1,1],[2,1]],"rough":true}`: "1 times the value 2",
	} {
		var x exactDistribution
		if err := json.Unmarshal([]byte(bad), &x); err != nil {
			t.Fatal(err)
		}
		if err := new(Distribution).restore(&x); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{`{}`, `{"counts":{},"distributions":[null,null,null,null,null,null,null]}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), new(Exact)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

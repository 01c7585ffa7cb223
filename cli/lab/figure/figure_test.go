package figure_test

import (
	"math"
	"strings"
	"testing"

	"ringside/cli/lab/figure"
)

// Each figure can be drawn, also if its points are all at one place, if a logarithmic axis leaves
// none of them, and if an axis has names.
func TestDraws(t *testing.T) {
	at := func(x, y float64) []figure.Point { return []figure.Point{{X: x, Mean: y, Low: y, High: y}} }
	for name, points := range map[string][]figure.Point{
		"none": nil, "one": at(1, 1), "small": at(.01, .001), "zero": at(0, 0), "negative": at(-1, -1),
		"not a number": at(math.NaN(), math.Inf(1)), "two": append(at(1, 1), at(10, 1000)...),
	} {
		for _, logX := range []bool{false, true} {
			for _, logY := range []bool{false, true} {
				for _, names := range [][]string{nil, {"a", "b"}} {
					f := figure.Figure{Title: name, LogX: logX, LogY: logY, Names: names,
						Lines: []figure.Line{{Name: "line", Points: points, Marks: points}}}
					svg, err := f.SVG()
					if again, _ := f.SVG(); err != nil || svg != again || !strings.HasPrefix(svg, "<svg") {
						t.Errorf("%s, logarithmic %v %v, names %v: %v", name, logX, logY, names, err)
					}
				}
			}
		}
	}
}

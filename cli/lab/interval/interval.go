package interval

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence level of all intervals.
const Level = .95

// Mean returns the mean of independent values and Student's confidence interval of the mean. One
// value has no interval: low and high are then the value. values must not be empty.
func Mean(values []float64) (mean, low, high float64) {
	mean, deviation := stat.MeanStdDev(values, nil)
	n := float64(len(values))
	if n < 2 {
		return values[0], values[0], values[0]
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + Level) / 2)
	half := t * deviation / math.Sqrt(n)
	return mean, mean - half, mean + half
}

// A Count is how many of a number of cases were hits.
type Count struct{ Hits, Of float64 }

// Share returns the share of hits among all cases and Wilson's confidence interval of the share.
// Each Count is a group of cases that may depend on each other, such as those of one seed. If the
// groups differ by more than independent cases would, the interval is that of fewer cases (the
// design effect). With few groups that effect is uncertain, and the interval is wider, as Student's
// is (Korn and Graubard 1998). One group, or a share of 0 or 1, says nothing about the dependence:
// then all cases count as independent. There must be at least one case.
func Share(groups []Count) (share, low, high float64) {
	var hits, of float64
	for _, g := range groups {
		hits, of = hits+g.Hits, of+g.Of
	}
	share = hits / of
	low, high = wilson(share, of/designEffect(groups, share))
	if share == 0 { // not the least float above 0
		low = 0
	}
	return share, low, high
}

// wilson returns Wilson's score interval for a share of n cases.
func wilson(share, n float64) (low, high float64) {
	z := distuv.UnitNormal.Quantile((1 + Level) / 2)
	middle := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	low, high = max(middle-half, 0), min(middle+half, 1)
	switch share { // rounding errors would move these ends
	case 0:
		low = 0
	case 1:
		high = 1
	}
	return low, high
}

// designEffect returns the variance of the share as the groups show it, divided by the variance
// that independent cases would have; at least 1. The variance is that of a ratio of two sums. It is
// multiplied by the square of Student's quantile over the normal one.
func designEffect(groups []Count, share float64) float64 {
	var squares, of float64
	n := 0.
	for _, g := range groups {
		if g.Of == 0 {
			continue
		}
		n++
		of += g.Of
		d := g.Hits - share*g.Of
		squares += d * d
	}
	if n < 2 || share == 0 || share == 1 {
		return 1
	}
	variance := n / (n - 1) * squares / (of * of)
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + Level) / 2)
	wider := student / distuv.UnitNormal.Quantile((1+Level)/2)
	return max(1, wider*wider*variance/(share*(1-share)/of))
}

package experiments

import (
	"fmt"

	"ringside/cli/lab"
)

// oneValue is the error of a claim that compares values of an axis with only one.
const oneValue = lab.Undecided("one value, so there is nothing to compare")

// lower reports whether a measure has a lower mean in one series than in another at x.
func lower(rows lab.Rows, measure, series, than string, x float64) (bool, string, error) {
	a, err := rows.At(measure, series, x)
	if err != nil {
		return false, "", err
	}
	b, err := rows.At(measure, than, x)
	return a.Mean < b.Mean, fmt.Sprintf("%.3g with %s, %.3g with %s", a.Mean, series, b.Mean, than), err
}

// lowerOnWallClock is lower for rows that another run would not repeat. If the mean is not lower
// but the intervals overlap, lowerOnWallClock returns lab.Undecided.
func lowerOnWallClock(rows lab.Rows, measure, series, than string, x float64) (bool, string, error) {
	holds, figures, err := lower(rows, measure, series, than, x)
	if err != nil || holds {
		return holds, figures, err
	}
	a, _ := rows.At(measure, series, x) // lower has found both
	b, _ := rows.At(measure, than, x)
	if a.Low <= b.High {
		return false, figures, lab.Undecided(figures + "; the intervals overlap, so more seeds must decide")
	}
	return false, figures, nil
}

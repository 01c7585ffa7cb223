package verbs

import (
	"strings"
)

// maxTypos is how many letters a word may be off for a suggestion.
const maxTypos = 2

// didYouMean suggests the candidate that is nearest to word, "" if none is near.
func didYouMean(word string, candidates []string) string {
	if s := Nearest(word, candidates); s != "" {
		return "; did you mean " + s + "?"
	}
	return ""
}

// Nearest returns the candidate within maxTypos of word, "" if there is none.
// A word of which most is wrong is near to nothing.
func Nearest(word string, candidates []string) string {
	best, dist := "", maxTypos+1
	for _, c := range candidates {
		if d := distance(word, c); d < dist && d < len(strings.TrimLeft(c, "-")) {
			best, dist = c, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, change or swap with
// the next one to make b of a.
func distance(a, b string) int {
	var before, prev []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, prev, row = prev, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j]+cost, prev[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

package render

import (
	"strings"
	"unicode/utf8"
)

// maxTypos is how many letters a word may differ from a suggestion.
const maxTypos = 2

// shortWord is the length up to which a word may differ by one letter only.
const shortWord = 4

// DidYouMean returns "; did you mean X?" for the candidate nearest to word, "" if none is near.
func DidYouMean(word string, candidates []string) string {
	if s := Nearest(word, candidates); s != "" {
		return "; did you mean " + s + "?"
	}
	return ""
}

// Nearest returns the candidate within maxTypos of word, "" if there is none. A candidate of which
// every letter differs is not near, nor is a candidate that differs from a short word by more than
// one letter.
func Nearest(word string, candidates []string) string {
	best, dist := "", maxTypos+1
	for _, c := range candidates {
		if len(word) <= shortWord && distance([]rune(word), []rune(c)) > 1 {
			continue
		}
		letters := utf8.RuneCountInString(strings.TrimLeft(c, "-"))
		if d := distance([]rune(word), []rune(c)); d < dist && d < letters {
			best, dist = c, d
		}
	}
	return best
}

// distance returns how many letters must be inserted, deleted, changed or swapped with the next
// one to turn a into b.
func distance(a, b []rune) int {
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

package tui

import (
	"strconv"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/vclock"
)

// maxName is how many columns a node's name takes at most in tables and on the ring.
const maxName = 10

// name shows a node's name.
func name(n string) string { return escape.TerminalShort([]byte(n), maxName) }

// names shows nodes, parted by sep.
func names(nodes []string, sep string) string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = name(n)
	}
	return strings.Join(out, sep)
}

// groups shows the sides of a split: {n1 n2}│{n3 n4 n5}; sides of more than
// limit nodes are counted instead.
func groups(sides [][]string, limit int) string {
	out := make([]string, len(sides))
	for i, g := range sides {
		if len(g) > limit {
			out[i] = sideName(i) + " " + strconv.Itoa(len(g)) + " nodes"
			continue
		}
		out[i] = "{" + names(g, " ") + "}"
	}
	return strings.Join(out, "│")
}

// sideName is the letter of a side of a split.
func sideName(i int) string {
	switch {
	case i < 0:
		return "·"
	case i < 26:
		return string(rune('A' + i))
	}
	return strconv.Itoa(i + 1)
}

// labels gives every node a label of a column or two for the ring: the number
// its name ends in where that tells the nodes apart, else its place among them.
func labels(nodes []string) map[string]string {
	out, seen := make(map[string]string, len(nodes)), map[string]bool{}
	for _, n := range nodes {
		l := strings.TrimLeft(n[len(strings.TrimRight(n, "0123456789")):], "0")
		if l == "" || len(l) > 2 || seen[l] {
			return placeLabels(nodes)
		}
		out[n], seen[l] = l, true
	}
	return out
}

func placeLabels(nodes []string) map[string]string {
	out := make(map[string]string, len(nodes))
	for i, n := range nodes {
		out[n] = strconv.Itoa(i + 1)
	}
	return out
}

// ordinal is a rank in the preference list: 1st, 2nd, 3rd, 4th.
func ordinal(i int) string {
	switch {
	case i == 1:
		return "1st"
	case i == 2:
		return "2nd"
	case i == 3:
		return "3rd"
	}
	return strconv.Itoa(i) + "th"
}

// age shows how long ago something was, as minutes and seconds.
func age(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s >= 3600 {
		return strconv.Itoa(s/3600) + ":" + two(s/60%60) + ":" + two(s%60)
	}
	return two(s/60) + ":" + two(s%60)
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// elapsed shows how long something took, to about two digits.
func elapsed(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d >= time.Second:
		return strconv.FormatFloat(ms/1000, 'f', 2, 64) + "s"
	case ms >= 10:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	case ms >= 1:
		return strconv.FormatFloat(ms, 'f', 1, 64) + "ms"
	}
	return strconv.FormatFloat(ms, 'f', 2, 64) + "ms"
}

// clockTime shows a time since 1970 as the time of day in zone, to the millisecond.
func clockTime(t time.Duration, zone *time.Location) string {
	return time.Unix(0, int64(t)).In(zone).Format("15:04:05.000")
}

// plural shows a count of things: 1 hint, 2 hints.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// notation shows a version's clock.
func notation(v vclock.Version) string { return escape.Terminal([]byte(v.Notation())) }

// clocks shows the clocks of siblings.
func clocks(s vclock.Siblings) string { return escape.Terminal([]byte(s.String())) }

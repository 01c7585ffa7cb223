package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Count returns a number of things: "1 hint", "2 hints", "3 hashes", "0 entries". thing is a
// singular English noun phrase that ends in its noun.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + plural(thing)
}

// plural returns the regular plural of a noun.
func plural(thing string) string {
	for _, ending := range []string{"s", "x", "ch", "sh"} {
		if strings.HasSuffix(thing, ending) {
			return thing + "es"
		}
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok && stem == strings.TrimRight(stem, "aeiou") {
		return stem + "ies"
	}
	return thing + "s"
}

// Verb returns a verb in the form that fits a count of its subject: "differs" for 1, else
// "differ".
func Verb(n int, verb string) string {
	if n == 1 {
		return verb + "s"
	}
	return verb
}

// Ordinal returns a rank of at least 1: 1st, 2nd, 3rd, 4th, 11th, 21st.
func Ordinal(i int) string {
	ending := "th"
	if i/10%10 != 1 {
		switch i % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(i) + ending
}

// Bytes returns a size with decimal units: 412 B, 14.1 kB, 2.0 MB.
func Bytes(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Percent returns a percentage with up to digits significant digits: 20%, 0.25%.
func Percent(p float64, digits int) string { return strconv.FormatFloat(p, 'g', digits, 64) + "%" }

// Duration returns how long something took. It has two decimals of a millisecond below 1 ms, one
// below 10 ms and none below 1 s: 0.42ms, 3.9ms, 42ms. Below a minute it has two decimals of a
// second, 1.20s, and from a minute on none: 1m30s.
func Duration(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.2fms", ms)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0fms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Ahead says how far a clock is ahead: "1h0m0s ahead", "2s behind", "right".
func Ahead(d time.Duration) string {
	switch {
	case d > 0:
		return d.String() + " ahead"
	case d < 0:
		return (-d).String() + " behind"
	}
	return "right"
}

// Since returns the Duration since start.
func Since(start time.Time) string { return Duration(time.Since(start)) }

// Offset returns a time since the beginning of a list: 0.31ms, 120ms, 31.204s. Seconds have
// milliseconds, so that events close to each other differ.
func Offset(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2fms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0fms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.3fs", d.Seconds())
}

// Age returns how long ago something was, as minutes and seconds, and hours if there are any:
// 04:31, 1:04:31. A negative d counts as 0.
func Age(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// ClockTime returns a time since 1970 as the time of day in zone, to the millisecond.
func ClockTime(t time.Duration, zone *time.Location) string {
	return time.Unix(0, int64(t)).In(zone).Format("15:04:05.000")
}

// About returns a number that is not negative to two digits, with commas: "≈ 12,000".
func About(n int) string {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	s := strconv.Itoa((n + unit/2) / unit * unit)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return "≈ " + s
}

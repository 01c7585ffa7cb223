package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFor bounds how long a split lasts that heals by itself: a week.
// A split that is to stay has no end.
const MaxFor = 7 * 24 * time.Hour

// takes says which fields each kind of fault has.
var takes = map[Kind][]string{
	Split:   {"groups", "one_way", "for"},
	Heal:    {},
	Slow:    {"link", "delay"},
	Loss:    {"link", "percent"},
	Kill:    {"nodes"},
	Pause:   {"nodes"},
	Resume:  {"nodes"},
	Restart: {"nodes"},
	Wipe:    {"nodes"},
}

// Check says what is wrong with f, whatever cluster it is for: an unknown kind, a number out of its
// range, a field that its kind does not have. Whether the nodes exist is found out later.
func (f Fault) Check() error {
	allowed, known := takes[f.Kind]
	if !known {
		return fmt.Errorf("there is no fault %q", short(string(f.Kind)))
	}
	for _, field := range f.given() {
		if !slices.Contains(allowed, field) {
			return fmt.Errorf("%s: it has no field %s", f.Kind, field)
		}
	}
	switch f.Kind {
	case Split:
		if f.For < 0 || f.For > MaxFor {
			return fmt.Errorf("partition: it cannot last %v; want up to %v, or no end", f.For, MaxFor)
		}
		if len(f.Groups) == 0 {
			return errors.New("partition: no groups; write them as n1,n2 n3,n4,n5")
		}
	case Slow:
		return CheckDelay(f.Delay)
	case Loss:
		return CheckPercent(f.Percent)
	}
	return nil
}

// given lists the fields that are not zero, as they are written in JSON.
func (f Fault) given() []string {
	var out []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"groups", len(f.Groups) > 0}, {"one_way", f.OneWay}, {"for", f.For != 0}, {"nodes", len(f.Nodes) > 0},
		{"link", f.Link != ""}, {"delay", f.Delay != 0}, {"percent", f.Percent != 0}, // NaN is not zero
	} {
		if field.set {
			out = append(out, field.name)
		}
	}
	return out
}

// CheckDelay says whether the messages of a link can be delayed by d.
func CheckDelay(d time.Duration) error {
	if d < 0 || d > MaxDelay {
		return fmt.Errorf("slow: delay %v, want 0 to %v", d, MaxDelay)
	}
	return nil
}

// CheckPercent says whether a link can lose p percent of its messages; NaN it cannot.
func CheckPercent(p float64) error {
	if !(p >= 0 && p <= 100) {
		return fmt.Errorf("loss: %v%%, want 0 to 100", p)
	}
	return nil
}

// short shortens input of a client for an error message.
// quote shows a word of the user in single quotes, escaped.
func quote(s string) string {
	q := strconv.Quote(short(s))
	return "'" + strings.ReplaceAll(q[1:len(q)-1], `\\"`, `"`) + "'"
}

func short(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

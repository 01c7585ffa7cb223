package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFor bounds the For of a split that heals by itself. A split that stays longer has no end.
const MaxFor = 7 * 24 * time.Hour

// takes lists the fields that each kind of fault may have.
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
	Skew:    {"nodes", "ahead"},
}

// Check returns an error if f has an unknown kind, a number out of range, or a field that its kind
// does not have. Check does not know the nodes of the cluster.
func (f Fault) Check() error {
	allowed, known := takes[f.Kind]
	if !known {
		return fmt.Errorf("invalid fault %q: want partition, heal, slow, loss, kill, pause, resume, "+
			"restart, wipe or skew",
			short(string(f.Kind)))
	}
	for _, field := range f.given() {
		if !slices.Contains(allowed, field) {
			return fmt.Errorf("%s: field %s does not belong to this fault; leave it out", f.Kind, field)
		}
	}
	switch f.Kind {
	case Split:
		if f.For < 0 || f.For > MaxFor {
			return fmt.Errorf("partition: duration %v; want up to %v, or no duration", f.For, MaxFor)
		}
		if len(f.Groups) == 0 {
			return errors.New("partition: no groups; write them as n1,n2 n3,n4,n5")
		}
	case Slow:
		return CheckDelay(f.Delay)
	case Loss:
		return CheckPercent(f.Percent)
	case Skew:
		return CheckAhead(f.Ahead)
	}
	return nil
}

// given lists the JSON names of the fields that are not zero.
func (f Fault) given() []string {
	var out []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"groups", len(f.Groups) > 0}, {"one_way", f.OneWay}, {"for", f.For != 0}, {"nodes", len(f.Nodes) > 0},
		{"link", f.Link != ""}, {"delay", f.Delay != 0}, {"percent", f.Percent != 0}, // NaN is not zero
		{"ahead", f.Ahead != 0},
	} {
		if field.set {
			out = append(out, field.name)
		}
	}
	return out
}

// CheckDelay returns an error if d is not a delay of a link.
func CheckDelay(d time.Duration) error {
	if d < 0 || d > MaxDelay {
		return fmt.Errorf("slow: delay %v, want 0 to %v", d, MaxDelay)
	}
	return nil
}

// CheckAhead returns an error if a node's clock cannot be that far ahead.
func CheckAhead(d time.Duration) error {
	if d < 0 || d > MaxAhead {
		return fmt.Errorf("skew: %v ahead, want 0 to %v", d, MaxAhead)
	}
	return nil
}

// CheckPercent returns an error if p is not a percentage from 0 to 100.
func CheckPercent(p float64) error {
	if !(p >= 0 && p <= 100) {
		return fmt.Errorf("loss: %v%%, want 0 to 100", p)
	}
	return nil
}

// quote returns a word of the user in single quotes, shortened and escaped.
func quote(s string) string {
	q := strconv.Quote(short(s))
	return "'" + strings.ReplaceAll(q[1:len(q)-1], `\\"`, `"`) + "'"
}

// short shortens a word of the user for an error message.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

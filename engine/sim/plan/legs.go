package plan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Legs has the distributions of the delays of messages, by the leg of a request that a message
// makes, as PBS does (Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012: WARS). The
// zero Legs leaves all delays to Conditions. In a run with legs, a delay is all that a leg takes:
// disks and the links of clients take no time. Each message has a delay of its own and may overtake
// any other message, as in the paper's model.
type Legs struct {
	W, A  Delay // a put's replica on its way to a node, and the acknowledgement
	R, S  Delay // a get's question to a replica, and the answer
	Other Delay // each other message, also the repairs of replicas
}

// A Delay is a distribution of delays in milliseconds: with probability P a Pareto distribution,
// otherwise an exponential one. The zero Delay is not given: the usual delays hold.
type Delay struct {
	P      float64 // 0 to 1
	Least  float64 // x_m of the Pareto distribution; more than 0 unless P is 0
	Alpha  float64 // its exponent; more than 0 unless P is 0
	Lambda float64 // rate of the exponential distribution in 1/ms; more than 0 unless P is 1
}

// maxLeg bounds the delay of a message. The published fits exceed ten minutes less than once in a
// hundred million messages.
const maxLeg = 10 * time.Minute

// LegTime is the longest time that a request of a run with legs waits for a replica. Nodes with
// their usual patience would take slow messages for failures.
const LegTime = 4 * time.Second

// A Fit is a published fit of the delays of a system.
type Fit struct {
	Name, Description string
	Legs              Legs
}

var ssd = Delay{P: .9122, Least: .235, Alpha: 10, Lambda: 1.66}

// Fits lists the fits of Table 3 of PBS.
var Fits = []Fit{
	{"SSD", "LinkedIn's Voldemort on solid-state disks", Legs{W: ssd, A: ssd, R: ssd, S: ssd}},
	{"DISK", "LinkedIn's Voldemort on spinning disks", Legs{
		W: Delay{P: .38, Least: 1.05, Alpha: 1.51, Lambda: .183}, A: ssd, R: ssd, S: ssd,
	}},
	{"YMMR", "Yammer's Riak", Legs{
		W: Delay{P: .939, Least: 3, Alpha: 3.35, Lambda: .0028}, A: ymmr, R: ymmr, S: ymmr,
	}},
}

var ymmr = Delay{P: .982, Least: 1.5, Alpha: 3.8, Lambda: .0217}

// Given reports whether any leg has a distribution.
func (l Legs) Given() bool { return l != Legs{} }

// leg names one leg, as the command line does.
type leg struct {
	name  string
	delay *Delay
}

func (l *Legs) all() []leg {
	return []leg{{"W", &l.W}, {"A", &l.A}, {"R", &l.R}, {"S", &l.S}, {"other", &l.Other}}
}

// String returns the name of the fit, or the legs as ParseLegs reads them; "" for the zero Legs.
func (l Legs) String() string {
	for _, f := range Fits {
		if l == f.Legs {
			return f.Name
		}
	}
	var out []string
	for _, x := range l.all() {
		if *x.delay != (Delay{}) {
			out = append(out, x.name+"="+x.delay.String())
		}
	}
	return strings.Join(out, ";")
}

// ParseLegs reads the name of a fit, or legs such as
//
//	W=pareto(.38,1.05,1.51)exp(.183);A=exp(1.66)
//
// pareto(P,x_m,alpha) comes with probability P, exp(lambda) otherwise; all in milliseconds. A leg
// that is not named has the usual delays.
func ParseLegs(text string) (Legs, error) {
	if i := slices.IndexFunc(Fits, func(f Fit) bool { return f.Name == text }); i >= 0 {
		return Fits[i].Legs, nil
	}
	var l Legs
	for _, part := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(l.all(), func(x leg) bool { return x.name == name })
		if i < 0 {
			return Legs{}, fmt.Errorf("invalid leg %q: want SSD, DISK, YMMR, or legs such as W=%v;A=%v", part, ssd, ssd)
		}
		p := l.all()[i].delay
		d, err := parseDelay(value)
		switch {
		case err != nil:
			return Legs{}, fmt.Errorf("leg %s: %w", name, err)
		case *p != (Delay{}):
			return Legs{}, fmt.Errorf("leg %s is given twice", name)
		}
		*p = d
	}
	return l, nil
}

// String returns the distribution as ParseLegs reads it.
func (d Delay) String() string {
	text := ""
	if d.P > 0 {
		text = fmt.Sprintf("pareto(%v,%v,%v)", d.P, d.Least, d.Alpha)
	}
	if d.P < 1 {
		text += fmt.Sprintf("exp(%v)", d.Lambda)
	}
	return text
}

func parseDelay(text string) (Delay, error) {
	var d Delay
	rest, err := text, error(nil)
	if strings.HasPrefix(rest, "pareto(") {
		if rest, err = parseNumbers(rest, "pareto", &d.P, &d.Least, &d.Alpha); err != nil {
			return d, err
		}
	}
	if d.P < 1 {
		if rest, err = parseNumbers(rest, "exp", &d.Lambda); err != nil {
			return d, err
		}
	}
	if rest != "" {
		return d, fmt.Errorf("%q follows the distribution", rest)
	}
	return d, d.check()
}

// parseNumbers reads name(x,y,...) at the beginning of text, and returns what follows.
func parseNumbers(text, name string, into ...*float64) (rest string, err error) {
	inner, rest, closed := strings.Cut(text, ")")
	inner, ok := strings.CutPrefix(inner, name+"(")
	numbers := strings.Split(inner, ",")
	if !ok || !closed || len(numbers) != len(into) {
		return "", fmt.Errorf("%q: want pareto(P,x_m,alpha)exp(lambda), or one of the two", text)
	}
	for i, n := range numbers {
		if *into[i], err = strconv.ParseFloat(n, 64); err != nil || !(*into[i] > 0) || math.IsInf(*into[i], 0) {
			return "", fmt.Errorf("%s(%s): want %d numbers of more than 0", name, inner, len(into))
		}
	}
	return rest, nil
}

// check returns an error if no delay can be drawn.
func (d Delay) check() error {
	finite := func(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
	switch {
	case d == Delay{}:
		return nil
	case !(d.P >= 0 && d.P <= 1):
		return fmt.Errorf("%v: probability %g; want 0 to 1", d, d.P)
	case d.P > 0 && !(finite(d.Least) && finite(d.Alpha)), d.P < 1 && !finite(d.Lambda):
		return fmt.Errorf("%v: want numbers of more than 0", d)
	}
	return nil
}

func (l Legs) check() error {
	for _, x := range l.all() {
		if err := x.delay.check(); err != nil {
			return fmt.Errorf("legs: %s: %w", x.name, err)
		}
	}
	return nil
}

// Draw draws a delay, at most ten minutes.
func (d Delay) Draw(r *rand.Rand) time.Duration {
	pareto, x := r.Float64() < d.P, r.Float64()
	ms := -math.Log1p(-x) / d.Lambda
	if pareto {
		ms = d.Least * math.Pow(1-x, -1/d.Alpha)
	}
	return time.Duration(min(ms*float64(time.Millisecond), float64(maxLeg)))
}

package lab

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"ringside/engine/usage"
)

// A Param is a parameter of an experiment, a flag on the command line.
type Param struct {
	Name    string
	Default string
	Help    string
	Kind    Kind
	Words   []string // the possible values of a Word and a Word list
	// Check returns an error if a Text is not allowed.
	Check func(text string) error
	// Min and Max bound numbers and the numbers of lists.
	Min, Max float64
}

// A Kind is the type of a parameter.
type Kind int

const (
	Number  Kind = iota // a number
	Whole               // a whole number
	Numbers             // numbers, separated by commas
	Wholes              // whole numbers, separated by commas
	Word                // one of Words
	WordSet             // some of Words, separated by commas
	Text                // what Check allows; any text if Check is nil
)

// maxList bounds the values of a list. More make a run of hours by mistake.
const maxList = 64

// Values are the values of an experiment's parameters. A Values has every parameter, and all are
// valid. Its methods panic if the experiment has no such parameter of that kind.
type Values struct {
	params []Param
	texts  map[string]string
}

// NewValues returns the values that given sets, and the defaults of the others. It returns a usage
// error for a parameter that does not exist, and for a value that the parameter does not allow.
func NewValues(params []Param, given map[string]string) (Values, error) {
	v := Values{params: params, texts: map[string]string{}}
	for _, p := range params {
		v.texts[p.Name] = p.Default
	}
	for _, name := range slices.Sorted(maps.Keys(given)) { // so that the first error is always the same
		text := given[name]
		i := slices.IndexFunc(params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return Values{}, usage.Errorf("unknown parameter %s; the experiment has %s", name, names(params))
		}
		if err := params[i].check(text); err != nil {
			return Values{}, err
		}
		v.texts[name] = text
	}
	return v, nil
}

func names(params []Param) string {
	var out []string
	for _, p := range params {
		out = append(out, p.Name)
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// check returns a usage error if the parameter cannot have that value.
func (p Param) check(text string) error {
	switch p.Kind {
	case Text:
		if p.Check == nil {
			return nil
		}
		if err := p.Check(text); err != nil {
			return usage.Errorf("--%s %s: %w", p.Name, text, err)
		}
		return nil
	case Word, WordSet:
		words := []string{text}
		if p.Kind == WordSet {
			words = strings.Split(text, ",")
		}
		for i, w := range words {
			if !slices.Contains(p.Words, w) {
				return usage.Errorf("--%s %s: want %s", p.Name, text, strings.Join(p.Words, ", "))
			}
			if slices.Contains(words[:i], w) {
				return usage.Errorf("--%s %s: %s is given twice", p.Name, text, w)
			}
		}
		return nil
	}
	return p.checkNumbers(text)
}

// checkNumbers returns a usage error if the parameter, which is a number or a list of numbers,
// cannot have that value. The samples of a value that is given twice would count as independent of
// each other.
func (p Param) checkNumbers(text string) error {
	list := []string{text}
	if p.Kind == Numbers || p.Kind == Wholes {
		list = strings.Split(text, ",")
	}
	if len(list) > maxList {
		return usage.Errorf("--%s: %d values, the limit is %d", p.Name, len(list), maxList)
	}
	what, whole := "a number", p.Kind == Whole || p.Kind == Wholes
	if whole {
		what = "a whole number"
	}
	var seen []float64
	for _, s := range list {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(x) || x < p.Min || x > p.Max || whole && x != math.Trunc(x) {
			return usage.Errorf("--%s %s: want %s from %g to %g", p.Name, text, what, p.Min, p.Max)
		}
		if slices.Contains(seen, x) {
			return usage.Errorf("--%s %s: %s is given twice", p.Name, text, s)
		}
		seen = append(seen, x)
	}
	return nil
}

// text returns the text of a parameter of one of the kinds.
func (v Values) text(name string, kinds ...Kind) string {
	for _, p := range v.params {
		if p.Name == name && slices.Contains(kinds, p.Kind) {
			return v.texts[name]
		}
	}
	panic(fmt.Sprintf("lab: no parameter %s of that kind", name))
}

// Number returns a number.
func (v Values) Number(name string) float64 {
	x, _ := strconv.ParseFloat(v.text(name, Number, Whole), 64)
	return x
}

// Whole returns a whole number.
func (v Values) Whole(name string) int {
	x, _ := strconv.ParseFloat(v.text(name, Whole), 64)
	return int(x)
}

// Numbers returns the numbers of a list, in the order in which they were given.
func (v Values) Numbers(name string) []float64 {
	var out []float64
	for _, s := range strings.Split(v.text(name, Numbers, Wholes), ",") {
		x, _ := strconv.ParseFloat(s, 64)
		out = append(out, x)
	}
	return out
}

// Word returns a word.
func (v Values) Word(name string) string { return v.text(name, Word) }

// Text returns a text.
func (v Values) Text(name string) string { return v.text(name, Text) }

// WordSet returns the words of a list.
func (v Values) WordSet(name string) []string {
	return strings.Split(v.text(name, WordSet), ",")
}

// Map returns all values as texts, by parameter.
func (v Values) Map() map[string]string { return v.texts }

// Changed lists the parameters whose values differ from the defaults.
func (v Values) Changed() []string {
	var out []string
	for _, p := range v.params {
		if v.texts[p.Name] != p.Default {
			out = append(out, p.Name)
		}
	}
	return out
}

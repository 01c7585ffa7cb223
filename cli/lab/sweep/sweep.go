package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"ringside/cli/lab"
	"ringside/cli/simulate"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
)

// Name is the name of every experiment that comes from a file.
const Name = "run"

// Definition is the parameter of such an experiment that holds the text of its file.
const Definition = "definition"

const (
	defaultSeeds = 20
	// maxRuns bounds the settings of a file, each of which is played for each seed.
	maxRuns = 1000
	// maxSeeds bounds the seeds that a file may ask for.
	maxSeeds = 1_000_000
	// MaxFile bounds the bytes of a file.
	MaxFile = 1 << 20
)

// file is the content of a file.
type file struct {
	Title    string           `toml:"title"`
	Question string           `toml:"question"`
	Seeds    int              `toml:"seeds"`
	Fixed    map[string]any   `toml:"fixed"`
	X        axis             `toml:"x"`
	Series   []map[string]any `toml:"series"` // options, and a name
	Measures []measured       `toml:"measure"`
}

type axis struct {
	Option string `toml:"option"`
	Values []any  `toml:"values"`
	Label  string `toml:"label"`
	Unit   string `toml:"unit"`
	Log    bool   `toml:"log"`
}

type measured struct {
	Value string `toml:"value"` // a path into the measures of a run
	Of    string `toml:"of"`    // another one, if the measure is a share
	Label string `toml:"label"`
	Unit  string `toml:"unit"`
	Log   bool   `toml:"log"`
}

// Parse returns the experiment that the text of a file describes. A usage error says what is wrong
// with the file.
func Parse(text string) (*lab.Experiment, error) {
	if len(text) > MaxFile {
		return nil, usage.Errorf("the file has %d bytes, the limit is %d", len(text), MaxFile)
	}
	var f file
	meta, err := toml.Decode(text, &f)
	if err != nil {
		return nil, usage.Errorf("the file is not as lab run wants it: %w", err)
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return nil, usage.Errorf("the file has %s, which means nothing; there are title, question, seeds, [fixed], [x], "+
			"[[series]] and [[measure]]", keys[0])
	}
	settings, err := f.settings()
	if err != nil {
		return nil, err
	}
	e := &lab.Experiment{
		Name: Name, Title: f.Title, Question: f.Question, Clock: lab.Virtual, X: f.axis(), Seeds: f.Seeds,
		Method: "Each setting is played by the simulator once for each seed, with the same seeds for all settings. Options " +
			"that the file leaves out are drawn from the seed, also the sizes of clusters and the faults. A run in which " +
			"the engine breaks a promise ends the experiment, unless the file asks for literal clocks.",
		Params: []lab.Param{{Name: Definition, Kind: lab.Text, Default: text}},
		Units: func(_ lab.Values, seeds []uint64) ([]lab.Unit, error) {
			return units(settings, f.Measures, seeds), nil
		},
	}
	for _, m := range f.Measures {
		e.Measures = append(e.Measures, lab.Measure{Name: m.Value, Label: m.label(), Unit: m.unit(), Share: m.Of != "",
			Log: m.Log})
	}
	return e, f.check(e)
}

// check returns a usage error for a file that lacks something, or that names what a run does not
// measure.
func (f *file) check(e *lab.Experiment) error {
	if e.Title == "" {
		e.Title = "an experiment from a file"
	}
	if e.Seeds == 0 {
		e.Seeds = defaultSeeds
	}
	if e.Seeds < 0 || e.Seeds > maxSeeds {
		return usage.Errorf("seeds = %d: want a number from 1 on, at most %d", f.Seeds, maxSeeds)
	}
	if len(f.Measures) == 0 {
		return usage.Errorf("the file has no [[measure]]; the simplest is: value = \"gets.latency_ms.p99\"")
	}
	o := plan.Options{Seed: 1, Nodes: 1, Ops: 1, Faults: []string{}}
	m, err := sim.Measure(o) // the smallest run, for the names of what is measured
	if err != nil {
		return err
	}
	found, err := numbers(m)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, x := range f.Measures {
		if seen[x.Value] {
			return usage.Errorf("%s is measured twice", x.Value)
		}
		seen[x.Value] = true
		for _, path := range []string{x.Value, x.Of} {
			if _, err := found.at(path); path != "" && err != nil {
				return err
			}
		}
	}
	return nil
}

func (m measured) label() string {
	if m.Label != "" {
		return m.Label
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(m.Value)
}

func (m measured) unit() string {
	if m.Of != "" {
		return "%"
	}
	return m.Unit
}

// axis returns the x axis: numbers if all values are, otherwise names.
func (f *file) axis() lab.Axis {
	a := lab.Axis{Label: f.X.Label, Unit: f.X.Unit, Log: f.X.Log}
	if a.Label == "" {
		a.Label = f.X.Option
	}
	for _, v := range f.X.Values {
		a.Names = append(a.Names, fmt.Sprint(v))
	}
	if !slices.ContainsFunc(f.X.Values, func(v any) bool { _, ok := number(v); return !ok }) {
		a.Names = nil
	}
	return a
}

// number returns the number that a value of the file is.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// A setting is one place of the figures, with the options of its runs.
type setting struct {
	series  string
	x       float64
	options plan.Options
}

// settings returns each combination of a series and a value of the x axis.
func (f *file) settings() ([]setting, error) {
	if f.X.Option == "" || len(f.X.Values) == 0 {
		return nil, usage.Errorf("the file has no [x] with an option of sim and its values, such as option = \"R\" and " +
			"values = [1, 2, 3]")
	}
	series := f.Series
	if len(series) == 0 {
		series = []map[string]any{{"name": "all"}}
	}
	if n := len(series) * len(f.X.Values); n > maxRuns {
		return nil, usage.Errorf("the file has %d settings, the limit is %d", n, maxRuns)
	}
	names := f.axis().Names
	var out []setting
	for _, s := range series {
		name, ok := s["name"].(string)
		if !ok || name == "" {
			return nil, usage.Errorf("each [[series]] needs a name")
		}
		if slices.ContainsFunc(out, func(o setting) bool { return o.series == name }) {
			return nil, usage.Errorf("two [[series]] have the name %s", name)
		}
		if _, ok := s[f.X.Option]; ok {
			return nil, usage.Errorf("%s is in [x] and in the [[series]] %s; leave one of them out", f.X.Option, name)
		}
		for i, v := range f.X.Values {
			x, _ := number(v)
			if names != nil {
				x = float64(i)
			}
			options, err := f.optionsOf(s, v)
			if err != nil {
				return nil, usage.Errorf("%s, %s = %v: %w", name, f.X.Option, v, err)
			}
			if slices.ContainsFunc(f.X.Values[:i], func(w any) bool { return text(w) == text(v) }) {
				return nil, usage.Errorf("%s = %v is given twice", f.X.Option, v)
			}
			out = append(out, setting{name, x, options})
		}
	}
	return out, nil
}

// optionsOf returns the options of the runs of a series at a value of the x axis.
func (f *file) optionsOf(series map[string]any, x any) (plan.Options, error) {
	given := map[string]string{}
	for _, from := range []map[string]any{f.Fixed, series, {f.X.Option: x}} {
		for name, v := range from {
			if name != "name" {
				given[name] = text(v)
			}
		}
	}
	return simulate.Options(given)
}

// text returns a value of the file as the command line has it.
func text(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		var parts []string
		for _, p := range v {
			parts = append(parts, text(p))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// units returns a unit for each setting and seed. All settings of a seed come before the next seed,
// so that an interrupted job has rows of all settings.
func units(settings []setting, measures []measured, seeds []uint64) []lab.Unit {
	var out []lab.Unit
	for _, seed := range seeds {
		for _, s := range settings {
			out = append(out, lab.Unit{Seed: seed, Run: func(ctx context.Context) ([]lab.Sample, error) {
				o := s.options
				o.Seed = seed
				lab.Plays(ctx, plan.New(o))
				m, err := sim.Measure(o)
				if err != nil {
					return nil, err
				}
				if err := promises(o, m); err != nil {
					return nil, err
				}
				return samples(s, measures, m)
			}})
		}
	}
	return out
}

// promises returns an error if the engine broke a promise in a run, because such a run measures
// nothing. Literal clocks lose writes by design, so their runs may break all promises but one: no
// run panics.
func promises(o plan.Options, m sim.Measured) error {
	if len(m.Violations) == 0 || o.Clocks.Kind == settings.ClocksLiteral && !m.Broke(sim.Panic) {
		return nil
	}
	v := m.Violations[0]
	return fmt.Errorf("seed %d: %s does not hold: %s; please report it", v.Seed, v.Property, v.Detail)
}

// samples returns what a run says about each measure. A distribution without a value has no sample.
// A usage error says that a measure is not a share.
func samples(s setting, measures []measured, m sim.Measured) ([]lab.Sample, error) {
	found, err := numbers(m)
	if err != nil {
		return nil, err
	}
	var out []lab.Sample
	for _, x := range measures {
		v, err := found.at(x.Value)
		if err != nil {
			return nil, err
		}
		switch {
		case x.Of != "":
			of, err := found.at(x.Of)
			if err != nil {
				return nil, err
			}
			if v > of || v != math.Trunc(v) || of != math.Trunc(of) {
				return nil, usage.Errorf("%s of %s is not a share: a run has %g of %g", x.Value, x.Of, v, of)
			}
			out = append(out, lab.Share(x.Value, s.series, s.x, int(v), int(of)))
		case found.empty(x.Value):
		default:
			out = append(out, lab.Point(x.Value, s.series, s.x, v))
		}
	}
	return out, nil
}

// A tree is the JSON of the measures of a run: objects, and numbers as float64.
type tree map[string]any

func numbers(m sim.Measured) (tree, error) {
	b, err := json.Marshal(m.Measures)
	if err != nil {
		return nil, err
	}
	var t tree
	return t, json.Unmarshal(b, &t)
}

// at returns the number at a path such as gets.latency_ms.p99. A usage error lists what there is.
func (t tree) at(path string) (float64, error) {
	var v any = map[string]any(t)
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok || m[name] == nil {
			return 0, usage.Errorf("%s is not measured; %s", path, t.advice(v))
		}
		v = m[name]
	}
	n, ok := v.(float64)
	if !ok {
		return 0, usage.Errorf("%s is not a number; %s", path, t.advice(v))
	}
	return n, nil
}

// advice lists what there is in a part of the tree.
func (t tree) advice(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		m = t
	}
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return "there are " + strings.Join(names, ", ")
}

// empty reports whether the path leads into a distribution that has no value.
func (t tree) empty(path string) bool {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return false
	}
	n, err := t.at(path[:i] + ".n")
	return err == nil && n == 0
}

package mergefuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
)

const (
	// maxCases bounds --cases, of which each calls the program a few times.
	maxCases = 1_000_000
	// maxFile bounds the bytes of the file of --values, and maxValues its values.
	maxFile, maxValues = 1 << 20, 10_000
)

// Verb is the command fuzz-merge.
var Verb = &verbs.Verb{
	Name: "fuzz-merge", Group: verbs.GroupScript, Section: "§4.4",
	Args:  []verbs.Arg{{Name: "-- CMD", Many: true}},
	Usage: "look for faults in the merge function of your application",
	Help: `CMD is your merge. It reads the siblings of a key from standard input as one JSON array on a line, such as
[["milk"],["milk","eggs"]], and prints the merged value as JSON. It runs once for each merge.
Clients on three sides of a partition add and remove items, and merge when two sides meet. The laws:
  deterministic   the same siblings give the same bytes
  commutative     the order of siblings does not matter
  associative     siblings can be merged in any groups, and all at once
  idempotent      merging what is merged already changes nothing
  additions       no added item is lost
  removals        a removed item stays away, unless a client adds it again
Where a law is broken, clients that merge the same siblings get values that differ for ever, or items are lost. The
history that breaks a law shrinks to a few steps, and is printed with lines for a shell that show the fault.
--value list (arrays of strings) has no removals: with --removes each merge of plain arrays breaks additions or
removals, because an array does not tell a removed item from one that was never there. --value or-set has the sets of
cart --merge or-set, with removals. --values FILE has values of your own, one JSON value a line; their items are not
known, so the first four laws are checked. The order of an array does not count, unless --ordered is set.
Exit 8 means that a law is broken; exit 1 that CMD failed, hung or printed no JSON.
  ringside fuzz-merge -- python3 merge.py
  ringside fuzz-merge --value or-set --cases 1000 -- ./merge
JSON: {"ok","cases","merges","cut","seed","elapsed_ms","laws":[{"law","ok"}],"violations":[{"property","text",
"steps"?:[{"do","side","item"?,"other"?}],"history":[text],"calls":[{"siblings","merged"}],"lines":[text]}]}`,
	Flags: []verbs.Flag{
		{Name: "value", Kind: verbs.String, Default: List.Name, Value: "list|or-set", Words: []string{List.Name, Set.Name},
			Help: "what the values are"},
		{Name: "values", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
			Help: "check the laws on these values, one a line"},
		{Name: "removes", Kind: verbs.Bool, Help: "clients remove items also"},
		{Name: "ordered", Kind: verbs.Bool, Help: "the order of arrays counts"},
		{Name: "cases", Kind: verbs.Int, Default: "200", Value: "200", Max: maxCases, Help: "histories at most"},
		{Name: "for", Kind: verbs.Duration, Default: "30s", Value: "30s", Longest: 24 * time.Hour,
			Zero: "choose a time above 0", Help: "stop after that time"},
		{Name: "timeout", Kind: verbs.Duration, Default: "5s", Value: "5s", Longest: time.Hour,
			Zero: "choose a time above 0", Help: "of one call of CMD"},
		{Name: "seed", Kind: verbs.Int, Default: "1", Value: "1", Max: 1<<31 - 1, Help: "of the random histories"},
	},
}

// Run runs a call of Verb.
func Run(ctx context.Context, con *console.Console, c *verbs.Call) error {
	o, err := options(con, c)
	if err != nil {
		return err
	}
	program := Program{Args: c.Rest, Dir: con.Dir, Timeout: c.Duration("timeout")}
	if err := program.Find(); err != nil {
		return err
	}
	began := time.Now()
	r, err := Search(ctx, o, program.Merge)
	if err != nil {
		return err
	}
	if con.JSON {
		err = con.PrintJSON(r.json(o, program, time.Since(began)))
	} else {
		p := render.Painter{Color: console.IsTerminal(con.Stdout) && con.Colors()}
		err = con.Print(r.text(o, program, p, time.Since(began)))
	}
	if err == nil && len(r.Violations) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "merge_wrong", Message: "fuzz-merge: the merge is wrong",
			Reported: true}
	}
	return err
}

// options reads the flags of a call.
func options(con *console.Console, c *verbs.Call) (Options, error) {
	o := Options{Ordered: c.Bool("ordered"), Cases: c.Int("cases"), For: c.Duration("for"), Seed: uint64(c.Int("seed"))}
	at := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == c.String("value") })
	switch {
	case !c.Dash || len(c.Rest) == 0 || len(c.Args) > len(c.Rest):
		return o, c.Misusef("write the merge after --, as in  fuzz-merge -- python3 merge.py")
	case at < 0:
		return o, c.Misusef("--value %s: want %s or %s", render.Quoted(c.String("value")), List.Name, Set.Name)
	case c.Has("values") && (c.Has("value") || c.Bool("removes")):
		return o, c.Misusef("--values has values of your own; leave --value and --removes out")
	}
	o.Kind = Kinds[at]
	o.Kind.Removes = o.Kind.Removes || c.Bool("removes")
	if c.Has("values") {
		var err error
		if o.Values, err = readValues(con.Path(c.String("values"))); err != nil {
			return o, c.Misusef("--values %s: %w", render.Quoted(c.String("values")), err)
		}
	}
	return o, nil
}

// readValues reads a file with one JSON value a line.
func readValues(path string) ([]json.RawMessage, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("the file has %d bytes; want at most %d", info.Size(), maxFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for n, line := range bytes.Split(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, line); err != nil {
			return nil, fmt.Errorf("line %d is not JSON: %w", n+1, err)
		}
		out = append(out, compact.Bytes())
	}
	if len(out) == 0 || len(out) > maxValues {
		return nil, fmt.Errorf("the file has %d values; want 1 to %d, one a line", len(out), maxValues)
	}
	return out, nil
}

// violation returns the violation of a law, false if there is none.
func (r Result) violation(p Property) (Violation, bool) {
	i := slices.IndexFunc(r.Violations, func(v Violation) bool { return v.Property == p })
	if i < 0 {
		return Violation{}, false
	}
	return r.Violations[i], true
}

// lines returns lines of a shell that show a violation. Each begins with a call of the program.
func (v Violation) lines(p Program) []string {
	var out []string
	for _, call := range v.Calls {
		out = append(out, p.line(array(call.Siblings)))
	}
	return out
}

func (r Result) json(o Options, p Program, took time.Duration) any {
	type law struct {
		Law Property `json:"law"`
		OK  bool     `json:"ok"`
	}
	type violation struct {
		Violation
		Lines []string `json:"lines"`
	}
	laws, violations := []law{}, []violation{}
	for _, prop := range o.Properties() {
		_, broken := r.violation(prop)
		laws = append(laws, law{prop, !broken})
	}
	for _, v := range r.Violations {
		if v.Told == nil {
			v.Told = []string{}
		}
		violations = append(violations, violation{v, v.lines(p)})
	}
	return struct {
		OK         bool        `json:"ok"`
		Cases      int         `json:"cases"`
		Merges     int         `json:"merges"`
		Cut        bool        `json:"cut"`
		Seed       uint64      `json:"seed"`
		ElapsedMS  int64       `json:"elapsed_ms"`
		Laws       []law       `json:"laws"`
		Violations []violation `json:"violations"`
	}{len(violations) == 0, r.Cases, r.Merges, r.Cut, o.Seed, took.Milliseconds(), laws, violations}
}

func (r Result) text(o Options, program Program, p render.Painter, took time.Duration) string {
	var out strings.Builder
	for _, prop := range o.Properties() {
		v, broken := r.violation(prop)
		if !broken {
			fmt.Fprintf(&out, "%s  %s\n", p.Paint(render.Good, "ok   "), prop)
			continue
		}
		fmt.Fprintf(&out, "%s  %s: %s\n", p.Paint(render.Bad, "WRONG"), prop, escape.Terminal([]byte(v.Text)))
		for _, told := range v.Told {
			fmt.Fprintf(&out, "         %s\n", escape.Typed([]byte(told)))
		}
		for n, line := range v.lines(program) {
			fmt.Fprintf(&out, "       $ %s\n         %s\n", escape.Typed([]byte(line)), escape.Typed(v.Calls[n].Merged))
		}
	}
	fmt.Fprintf(&out, "%s, %s, %v", render.Count(r.Cases, "case"), render.Count(r.Merges, "merge"),
		took.Round(time.Millisecond))
	if r.Cut {
		out.WriteString("; the time was over before all cases were played, --for gives more")
	}
	out.WriteByte('\n')
	return out.String()
}

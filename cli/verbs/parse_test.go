package verbs

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringside/cli/exit"
	"ringside/cli/render"
)

func TestFlagsStandAnywhere(t *testing.T) {
	for _, line := range []string{
		"put cart milk --via n2 -c @old", "put --via n2 cart -c @old milk", "put -c=@old --via=n2 cart milk",
		"put cart --via n2 milk --context @old", "put --via n2 -c @old -- cart milk",
	} {
		words, err := Split(line)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(putVerb, words[1:])
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if c.Arg(0) != "cart" || c.Arg(1) != "milk" || c.String("via") != "n2" || c.String("c") != "@old" {
			t.Errorf("%s: got %q via %q -c %q", line, c.Args, c.String("via"), c.String("c"))
		}
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		line string
		args []string
		want string // part of the error; "" for none
	}{
		{"put cart -", []string{"cart", "-"}, ""},
		{"put cart -- -5", []string{"cart", "-5"}, ""},
		{"put -- cart --via", []string{"cart", "--via"}, ""},
		{"put cart ''", []string{"cart", ""}, ""},
		{`put cart "it's"`, []string{"cart", "it's"}, ""},
		{"put cart milk --via --", []string{"cart", "milk"}, ""}, // the value of --via
		{"slow n4>n2 20ms", []string{"n4>n2", "20ms"}, ""},
		{"partition n4,n5|n2", []string{"n4,n5|n2"}, ""},
		{"trace #41", []string{"#41"}, ""},
		{"put cart -5", nil, "unknown flag '-5'"},
		{"put cart milk --vai n4", nil, "did you mean --via"},
		{"put cart milk ---via n4", nil, "unknown flag"},
		{"put cart milk --via", nil, "--via wants a value"},
		{"put cart milk -W 0", nil, "is not a whole number from 1 to"},
		{"put cart milk -W -1", nil, "is not a whole number from 1 to"},
		{"put cart milk --strict=maybe", nil, "neither true nor false"},
		{"put cart", nil, "VALUE|- is missing"},
		{"put cart milk eggs", nil, "'eggs' is one argument too many; quote a value that has spaces"},
		{"down two", nil, "'two' is one argument too many; say --cluster two"},
		{"get cart eggs", nil, "'eggs' is one argument too many"},
		{"partition", nil, "GROUP is missing"},
		{"wait up --timeout soon", nil, "not a duration"},
		{"wait up --timeout -5s", nil, "not a duration"},
		{"get cart --help", []string{"cart"}, ErrHelp.Error()},
		{"get -h", nil, ErrHelp.Error()},
	} {
		words, err := Split(tc.line)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(Lookup(words[0]), words[1:])
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.line, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got error %v, want %q", tc.line, err, tc.want)
		case tc.want == "" && !slices.Equal(c.Args, tc.args):
			t.Errorf("%s: got %q, want %q", tc.line, c.Args, tc.args)
		}
		if err != nil && !errors.Is(err, ErrHelp) && !strings.Contains(exit.As(err).Message, "usage: "+words[0]) {
			t.Errorf("%s: no synopsis in %q", tc.line, exit.As(err).Message)
		}
	}
}

func TestSplitSaysWhatIsWrong(t *testing.T) {
	for _, line := range []string{"put cart it's", `put "cart`, `put cart \`} {
		if _, err := Split(line); strings.Contains(err.Error(), "it's") != strings.Contains(line, "it's") {
			t.Errorf("%s: got %v", line, err)
		}
		if _, err := Split(line); exit.As(err).Exit != exit.Usage {
			t.Errorf("%s: got %v", line, err)
		}
	}
}

func TestSplitRefusesTheShell(t *testing.T) {
	for line, want := range map[string]string{
		`heal && wait hints=0`:      "&& joins commands only in a shell; write each command on a line of its own",
		`get cart | cat`:            "| joins commands",
		`get cart ; get eggs`:       "; joins commands",
		`get cart > file`:           "> redirects only in a shell",
		`wait up && ringside ls`:    "&& joins commands",
		`put cart ">" # a && b`:     "",
		`put cart \; '#' x#y "# z"`: "",
		`wait hints == 0 && up`:     "",
	} {
		words, err := Split(line)
		if want == "" && (err != nil || slices.Contains(words, "a")) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %q, %v", line, words, err)
		}
	}
}

func TestJoinAndSplitAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		back, err := Split(Join(words))
		if err != nil || !slices.Equal(words, back) {
			t.Fatalf("%q became %q: %v", words, back, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("put cart milk -c @x --via n4")
	f.Add("wait --timeout= -- x")
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err != nil || len(words) == 0 {
			return
		}
		for _, v := range All() {
			if c, err := Parse(v, words); err == nil && c == nil {
				t.Fatal("neither call nor error")
			}
		}
	})
}

// The data from which help, completion and the manual are generated is complete and consistent.
func TestRegistryIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range All() {
		if seen[v.Name] || v.Usage == "" || v.Group == "" || v.Run == nil || v.Section == "" && v.Name != "help" {
			t.Errorf("%s: a name twice, or a field is missing", v.Name)
		}
		seen[v.Name] = true
		for i, a := range v.Args {
			if a.Many && i != len(v.Args)-1 {
				t.Errorf("%s: only the last argument can take many", v.Name)
			}
		}
		for _, f := range v.Flags {
			if f.Help == "" || f.Kind != Bool && f.Value == "" {
				t.Errorf("%s: flag %s lacks help or the name of its value", v.Name, f.Name)
			}
			if f.Default != "" {
				if err := (&flagValue{kind: f.Kind, most: f.Max, longest: f.Longest}).Set(f.Default); err != nil {
					t.Errorf("%s: flag %s: default %q: %v", v.Name, f.Name, f.Default, err)
				}
			}
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"git": "get", "pit": "put", "hela": "heal", "paritition": "partition",
		"statsu": "status", "xyzzy": "", "": "", "zz": ""} {
		if got := render.Nearest(word, Names()); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

// An error of a verb with many flags does not hide its message behind them.
func TestBriefSynopsis(t *testing.T) {
	few, many := &Verb{Name: "few", Args: []Arg{{Name: "KEY"}}}, &Verb{Name: "many", Args: []Arg{{Name: "KEY"}}}
	for i := range manyFlags {
		f := Flag{Name: "flag" + strconv.Itoa(i), Kind: Bool}
		if many.Flags = append(many.Flags, f); i > 0 {
			few.Flags = append(few.Flags, f)
		}
	}
	if got := few.brief(); got != few.Synopsis() {
		t.Errorf("few flags: %s", got)
	}
	if got, want := many.brief(), "many KEY [FLAGS]; ringside help many lists them"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

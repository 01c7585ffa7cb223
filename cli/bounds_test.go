package cli

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// senseless lists values that are invalid for every number and every duration.
var senseless = []string{"", "0", "-0", "-1", "-1s", "NaN", "nan", "Inf", "-Inf", "+Inf", "1e9", "0x10", "1_000",
	" 5", "5 ", "1.5", "٣", "99999999999999999999", "-99999999999999999999",
	"9999999999999h", "1e99s", "NaNs", "two", "5\x00"}

// lookOnce lists the flags for which 0 is valid: wait and settle then check once.
var lookOnce = map[string]bool{"wait --timeout": true, "settle --timeout": true}

// Each flag that is a number or a duration has an upper bound of its own. It refuses an invalid
// value with an error that names the flag and the reason, and with the usage exit code.
func TestFlagsAreBounded(t *testing.T) {
	for _, v := range allVerbs() {
		for _, f := range v.Flags {
			switch f.Kind {
			case verbs.Int:
				if f.Max < 1 {
					t.Errorf("%s %s has no largest value", v.Name, verbs.Dashed(f.Name))
				}
			case verbs.Port:
				if port, err := strconv.Atoi(f.Value); err != nil || port < 1 || port > f.Max || f.Max > 65535 {
					t.Errorf("%s %s has no usual port", v.Name, verbs.Dashed(f.Name))
				}
				for _, value := range []string{"-1", "x", "", "65536", "8087.0"} {
					_, err := verbs.Parse(v, []string{verbs.Dashed(f.Name) + "=" + value}, globals...)
					var refused *usage.Error
					if !errors.As(err, &refused) || !strings.Contains(err.Error(), verbs.Dashed(f.Name)) {
						t.Errorf("%s %s=%s: %v", v.Name, verbs.Dashed(f.Name), value, err)
					}
				}
				continue
			case verbs.Duration:
				if f.Longest <= 0 || f.Zero == "" && !lookOnce[v.Name+" "+verbs.Dashed(f.Name)] {
					t.Errorf("%s %s has no bounds", v.Name, verbs.Dashed(f.Name))
				}
			default:
				continue
			}
			for _, value := range senseless {
				refuses(t, v, f, value)
			}
		}
	}
}

func refuses(t *testing.T, v *verbs.Verb, f verbs.Flag, value string) {
	t.Helper()
	if (value == "0" || value == "-0") && lookOnce[v.Name+" "+verbs.Dashed(f.Name)] {
		return
	}
	words := []string{verbs.Dashed(f.Name), value}
	for _, a := range v.Args {
		if !a.Optional {
			words = append(words, "x")
		}
	}
	_, err := verbs.Parse(v, words, globals...)
	var refused *usage.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), verbs.Dashed(f.Name)) {
		t.Errorf("%s %s %q: %v", v.Name, verbs.Dashed(f.Name), value, err)
	}
}

package condition

import (
	"slices"
	"strings"
	"testing"
)

func TestHelpNamesAllFunctions(t *testing.T) {
	for name := range functions {
		names := func(w string) bool { return w == name || strings.HasPrefix(w, name+"(") }
		if !slices.ContainsFunc(strings.Fields(Help), names) {
			t.Errorf("the help of wait and expect does not name %s", name)
		}
	}
}

// A condition that is not a comparison says how to make it one.
func TestParseExplains(t *testing.T) {
	for text, want := range map[string]string{
		"siblings(cart)":   "invalid condition 'siblings(cart)': it is a number; compare it, as in siblings(cart)==2",
		"siblings(cart)=2": "invalid condition 'siblings(cart)=2': write == to compare: siblings(cart)==2",
		"5":                "invalid condition '5': it does not depend on the cluster; use one of " + strings.Join(functionNames, " "),
	} {
		if _, err := Parse([]string{text}, Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := Parse([]string{strings.Repeat("(", maxExpression+1)}, Options{}); err == nil {
		t.Error("a condition that is too long is compiled")
	}
}

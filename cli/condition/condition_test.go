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
		"keys=3":           "invalid condition 'keys=3': keys takes 1 argument; write keys(NODE)",
		"nodes=5":          "invalid condition 'nodes=5': nodes is a list; compare its length, as in len(nodes)==5",
		"nodes==5":         "invalid condition 'nodes==5': nodes is a list; compare its length, as in len(nodes)==5",
		"hints=abc":        "invalid condition 'hints=abc': hints is a number; compare it with a number, as in hints==2",
		"cart=milk":        `invalid condition 'cart=milk': there is no name 'cart'; for the value of a key write value(cart)=="milk"`,
		"foo=1":            `invalid condition 'foo=1': there is no name 'foo'; for the value of a key write value(foo)=="1"`,
		"value(cart)=5":    `invalid condition 'value(cart)=5': value(cart) is text; compare it with text, as in value(cart)=="5"`,
		"up(n1)=5":         `invalid condition 'up(n1)=5': up(n1) is true or false; leave out the comparison`,
		"keys":             "invalid condition 'keys': keys takes 1 argument; write keys(NODE)",
		"hints >= 0":       "invalid condition 'hints >= 0': the result is always the same, because a count is a whole number of at least 0",
		"5":                "invalid condition '5': it does not depend on the cluster; use one of " + strings.Join(functionNames, " "),
	} {
		if _, err := Parse([]string{text}, Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{"hints=0 0", "hi nts=0", "up=n1 n2", "u p"} {
		if _, err := Parse([]string{text}, Options{}); err == nil || strings.Contains(err.Error(), "func(") {
			t.Errorf("%s: got %v, want a plain error", text, err)
		}
	}
	if _, err := Parse([]string{strings.Repeat("(", maxExpression+1)}, Options{}); err == nil {
		t.Error("a condition that is too long is compiled")
	}
}

// The parts of a key with hyphens may be names of functions that need arguments. Arithmetic with a
// function that lacks its arguments is refused.
func TestHyphens(t *testing.T) {
	for _, text := range []string{
		`siblings(my-keys)==2`, `seq(hint-stored)>0`, `found(replica-of-x)`, `hints - 1 == 2`, `keys(n1)-keys(n2)==1`,
	} {
		if _, err := Parse([]string{text}, Options{}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Parse([]string{"keys - 1 == 2"}, Options{}); err == nil || !strings.Contains(err.Error(), "write keys(NODE)") {
		t.Error(err)
	}
}

// An expression may have any type, and has to depend on the cluster.
func TestParseExpression(t *testing.T) {
	for _, text := range []string{"siblings(cart)", "homes(cart)[0]", `up(n1) ? "a" : "b"`, "took(put,cart)+1"} {
		if _, err := ParseExpression(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"5":                                  "does not depend on the cluster",
		"sibling(cart)":                      "did you mean siblings?",
		strings.Repeat("x", maxExpression+1): "is longer than",
	} {
		if _, err := ParseExpression(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

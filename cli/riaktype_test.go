package cli

import (
	"errors"
	"strings"
	"testing"

	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// Each invalid --riak-type is a usage error that says what is right, and is found from the flag
// alone.
func TestRiakTypes(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{`pets:{}`, ""},
		{`pets:{"n_val":2,"r":"all","pr":0,"last_write_wins":true,"dvv_enabled":false}`, ""},
		{`write:{"write_once":true}`, ""},
		{`plain:{"n_val":2}`, ""},
		{`pets`, `want NAME:{"property":value}`},
		{`:{}`, "invalid name of a type: want 1 to 256 bytes"},
		{` pets:{}`, "invalid name"},
		{"a\nb:{}", "invalid name"},
		{"a\xffb:{}", "invalid name"},
		{strings.Repeat("x", 257) + ":{}", "invalid name"},
		{`default:{}`, "the type default cannot be changed"},
		{`pets:`, "must be a JSON object, such as"},
		{`pets:{`, "must be a JSON object"},
		{`pets:{} {}`, "must be a JSON object"},
		{`pets:null`, "must be a JSON object"},
		{`pets:{"n_vall":2}`, "unknown bucket property 'n_vall'; did you mean n_val?"},
		{`pets:{"colour":2}`, "want some of allow_mult"},
		{`pets:{"n_val":2,"r":1,"n_val":3}`, "the property n_val is given twice"},
		{`pets:{"n_val":0}`, "n_val: want a whole number of at least 1"},
		{`pets:{"n_val":"2"}`, "n_val: want"},
		{`pets:{"r":0}`, `r: want a whole number of at least 1, or "one", "quorum" or "all"`},
		{`pets:{"pw":"most"}`, `pw: want a whole number of at least 0`},
		{`pets:{"allow_mult":"yes"}`, "allow_mult: want true or false"},
		{`pets:{"backend":1}`, "backend: want a text"},
		{`pets:{"linkfun":1}`, `linkfun: want {"mod":`},
		{`pets:{"precommit":[{"mod":"m","fun":"f"}]}`, "precommit: want [], because"},
		{`pets:{"search":true}`, "search: want false, because"},
		{`pets:{"consistent":true}`, "consistent: want false, because"},
		{`pets:{"datatype":"map"}`, "datatype: want nothing, because"},
		{`pets:{"last_write_wins":true}`, "dvv_enabled: want false, if last_write_wins is true"},
		{`pets:{"dvv_enabled":1}`, "dvv_enabled: want true or false"},
		{`pets:{"n_val":0,"allow_mult":"x"}`, "allow_mult: want true or false; n_val: want"},
	} {
		c, err := verbs.Parse(upCommand.verb, []string{"--riak=0", "--riak-type", tt.value}, globals...)
		if err != nil {
			t.Fatal(err)
		}
		setup, err := riakOf(c)
		var refused *usage.Error
		switch {
		case tt.want == "" && (err != nil || len(setup.types) != 1):
			t.Errorf("%s: %v", tt.value, err)
		case tt.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v; want %s", tt.value, err, tt.want)
		}
	}
}

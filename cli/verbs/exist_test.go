package verbs

import (
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/member"
)

// The name of a node or kind that does not exist is a usage error that lists the existing ones, in
// every command and condition.
func TestNamesMustExist(t *testing.T) {
	const nodes, functions = "there are n1 n2 n3 n4 n5", "use one of acks apart"
	for line, want := range map[string]string{
		"events --kind nosuch":                       "there are ack alive",
		"events --kind hint-strored":                 "did you mean hint-stored?",
		"events --kind ack,":                         "there is no kind of event ''",
		"events --kind ack --node n99":               nodes,
		"events -f --node n99":                       nodes,
		"expect 'hints(n1,n99)==0'":                  nodes,
		"expect 'hints(n99)==0'":                     nodes,
		"expect 'keys(n99)==0'":                      nodes,
		"expect 'buffered(n99)==0'":                  nodes,
		"expect '!up(n99)'":                          nodes,
		"expect '!paused(n99)'":                      nodes,
		`expect 'replica(n99,cart)==""'`:             nodes,
		"expect 'hints==3 || down(n99)'":             nodes,
		"expect 'n99 not in homes(cart)'":            nodes,
		"expect '!(n99 in nodes)'":                   nodes,
		"expect 'homes(cart)[0]!=n99'":               nodes,
		"expect 'n99!=homes(cart)[0]'":               nodes,
		"expect 'homes(cart)[0:1]!=[n99]'":           nodes,
		"expect 'homes(cart)!=[n3, n99, n5]'":        nodes,
		"expect 'homes(cart)[0] in [n99, n3]'":       nodes,
		`expect 'coordinator(cart)!="n4 n99"'`:       nodes,
		"expect 'all(nodes, # != n99)'":              nodes,
		"expect 'none(homes(cart), # in [n99])'":     nodes,
		"expect 'all(nodes, keys(#)==1 || up(n99))'": nodes,
		"expect hints==3 --via n99":                  nodes,
		"expect --via n99 up=n4 hints==3":            nodes,
		"expect up=n99":                              nodes,
		"expect up=n4 down=n99":                      nodes,
		"wait paused=n99 --timeout 1h":               nodes,
		"wait 'n99 in nodes' --timeout 1h":           nodes,
		"ring --via n99":                             nodes,
		"expect 'x==x'":                              `for the value of a key write value(x)=="x"`,
		"expect true":                                functions,
		"wait 'nodes==5' --timeout 1h":               "nodes is a list; compare its length, as in len(nodes)==5",
		"wait 'siblings(cart)==two' --timeout 1h":    "is a number; compare it with a number",
		"wait 'value(cart)==5' --timeout 1h":         "is text; compare it with text",
		"wait 'split==3' --timeout 1h":               "split is true or false; leave out the comparison",
		"wait 'nodes.size==5' --timeout 1h":          "invalid condition",
		"wait hints=-1 --timeout 1h":                 "invalid condition",
		"wait 'hints==-1' --timeout 1h":              "a count is a whole number of at least 0",
		"wait --timeout 1h '(-1)==hints'":            "a count is a whole number of at least 0",
		"wait 'hints<0' --timeout 1h":                "a count is a whole number of at least 0",
		"expect '0<=siblings(cart)'":                 "a count is a whole number of at least 0",
		"wait 'len(nodes)==4.5' --timeout 1h":        "a count is a whole number of at least 0",
		"expect 'len(nodes)>=0'":                     "a count is a whole number of at least 0",
		"expect hints==3 --key cart":                 "--key is for the condition converged",
		"expect --exit 42 -- get cart":               "want one of 0 1 2",
		"expect --exit five -- get cart":             "want one of 0 1 2",
	} {
		s := scene(t).say(line)
		if s.exit != exit.Usage || !strings.Contains(s.failure.Message, want) {
			t.Errorf("%s: exit %d, %+v; want %q", line, s.exit, s.failure, want)
		}
	}
}

// An existing node may be named, and a former member where its events or hints are meant.
func TestNamesThatExist(t *testing.T) {
	for line, exit := range map[string]int{
		"events --kind hint-stored,ack --node n2":                  0,
		"events --node n6":                                         0,
		"expect 'hints(n2,n6)==0 && hints(n2,n3)==1'":              0,
		"expect 'coordinator(cart)!=n6'":                           0,
		"expect 'n1 not in homes(cart) && homes(cart)[0] in [n3]'": 0,
		"expect 'all(nodes, # != n6 && keys(#) >= 1)'":             0,
		`expect 'value(milk) != "n99" || values(cart)!=["n99"]'`:   exit.Expectation, // value of siblings
		"expect 'hints >= 3 && hints > 0 && len(nodes) != 0'":      0,
		"expect 'up(n6)'":                                          exit.Usage,
		"expect 'keys(n6)==0'":                                     exit.Usage,
		"expect --exit 130 -- get cart":                            exit.Expectation,
		"expect hints==3 --via n4":                                 0,
	} {
		f := scene(t)
		h := f.settings.History()
		h, _ = h.With(1, member.Change{By: "n1", Node: "n6", Kind: member.Join, Weight: 1})
		h, _ = h.With(2, member.Change{By: "n1", Node: "n6", Kind: member.Leave})
		f.settings.Founders, f.settings.Changes = f.settings.InitialMembers(), h
		if s := f.say(line); s.exit != exit {
			t.Errorf("%s: exit %d, want %d: %+v", line, s.exit, exit, s.failure)
		}
	}
}

// events --kind accepts every kind of event.
func TestEachKindCanBeChosen(t *testing.T) {
	for kind := range event.Sections {
		if s := scene(t).say("events --kind " + string(kind)); s.exit != 0 {
			t.Errorf("%s: %+v", kind, s.failure)
		}
	}
}

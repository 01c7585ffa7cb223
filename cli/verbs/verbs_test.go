package verbs

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"ringside/cli/exit"
	"ringside/cli/golden"
	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// timings matches times that differ from run to run.
var timings = regexp.MustCompile(`(\d+h)?(\d+m)?\d+(\.\d+)?(ms|s)\b|"(elapsed_us|elapsed_ms|oldest_s)":[0-9.e+]+`)

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	if !strings.HasPrefix(name, "trace") && !strings.HasPrefix(name, "events") {
		got = timings.ReplaceAllStringFunc(got, func(s string) string {
			if strings.HasPrefix(s, `"`) {
				return s[:strings.Index(s, ":")+1] + "0"
			}
			return "0ms"
		})
	}
	golden.Check(t, name, got)
}

// scene returns a cluster with a cart that diverged in a split, and the put that caused it.
func scene(t *testing.T) *fake {
	f := newFake(t)
	f.down = []string{"n5"}
	f.groups = [][]string{{"n2", "n1"}, {"n4", "n5", "n3"}}
	f.hints = map[string]map[string]int{"n2": {"n3": 1, "n4": 2}}
	s := diverged()
	f.held = map[string]map[string]heldVersion{"cart": {"n3": {"", s}, "n4": {"", s[1:]}, "n2": {"n3", s[:1]}}}
	f.get = wire.GetReply{Request: 5, Siblings: s, Context: []byte("token"), Coordinator: "n3",
		Replied: []string{"n3", "n4"}}
	f.put = wire.PutReply{Request: 41, Version: s[0], Siblings: 1, Context: []byte("token"), Coordinator: "n2",
		Acks:   []string{"n2", "n1"},
		Hinted: []wire.Hint{{Holder: "n2", For: "n3"}, {Holder: "n1", For: "n4"}}}
	f.events = recorded()
	f.rounds = compared(f)
	return f
}

// compared returns the rounds of the homes of cart: n4 missed a write, and n5 does not answer.
func compared(f *fake) []event.SyncRound {
	rg := ringOf(f.t, f.settings).Ranges()[ringOf(f.t, f.settings).Index(ring.Of([]byte("cart")))]
	path := []event.SyncHash{{Level: 0, Node: 0, Left: 0x9f31, Right: 0x04c2},
		{Level: 1, Node: 1, Left: 0xe2a7, Right: 0x71dd}}
	return []event.SyncRound{
		{Start: rg.Start, End: rg.End, Left: "n3", Right: "n5", Err: "n5 does not answer",
			Differing: []event.SyncKey{}},
		{Start: rg.Start, End: rg.End, Left: "n3", Right: "n4", Levels: 1, Hashes: 3, Bytes: 412, FullCopy: 14100,
			Keys: 118, Buckets: 1, Count: 1, Sent: 1,
			Differing: []event.SyncKey{[]byte("ca\x1brt")}, Path: path},
		{Start: rg.Start, End: rg.End, Left: "n4", Right: "n5", Hashes: 1, Bytes: 38, FullCopy: 14100, Keys: 118,
			Differing: []event.SyncKey{}},
	}
}

func ringOf(t *testing.T, s settings.Cluster) *ring.Ring {
	var members []ring.Member
	for _, n := range s.Nodes {
		members = append(members, ring.Member{Name: n, Weight: 1})
	}
	r, err := ring.New(ring.Config{Strategy: ring.Strategy(s.Strategy), N: s.N, Q: s.Q, T: s.T}, members)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wait converged compares roots, and so all replicas.
func TestConvergedComparesRoots(t *testing.T) {
	f := newFake(t)
	rg := ringOf(t, f.settings).Ranges()[19]
	root := func(x uint64) []event.TreeRoot { return []event.TreeRoot{{Start: rg.Start, End: rg.End, Root: x}} }
	f.roots = map[string][]event.TreeRoot{}
	for _, h := range rg.Homes {
		f.roots[h] = root(7)
	}
	if s := f.say("wait converged"); s.exit != 0 {
		t.Fatalf("equal roots: %+v", s.failure)
	}
	f.roots[rg.Homes[1]] = root(8)
	if s := f.say("wait converged --timeout 1ms"); s.exit != exit.Expectation ||
		!strings.Contains(s.failure.Message, "p19: the trees of "+rg.Homes[0]+" and "+rg.Homes[1]+" differ") {
		t.Fatalf("differing roots: %+v", s.failure)
	}
	delete(f.roots, rg.Homes[1]) // it holds nothing
	if s := f.say("wait converged --timeout 1ms"); s.exit != exit.Expectation {
		t.Fatal("an empty home counts as converged")
	}
	f.down = rg.Homes[1:2]
	if s := f.say("wait converged --timeout 1ms"); s.exit != exit.Expectation ||
		!strings.Contains(s.failure.Message, "home "+rg.Homes[1]+" is not up") {
		t.Fatalf("a home is down: %+v", s.failure)
	}
	if s := f.say("settle --timeout 1ms"); s.exit != exit.Expectation ||
		!strings.HasPrefix(s.failure.Message, "settle: the cluster is not settled after 1ms: ") {
		t.Fatalf("settle: %+v", s.failure)
	}
}

// A range is named by its number on the ring or by one of its keys.
func TestSyncRanges(t *testing.T) {
	f := scene(t)
	ranges := ringOf(t, f.settings).Ranges()
	for line, want := range map[string]int{"sync p07": 7, "merkle p07": 7, "merkle cart": 19, "sync p": -1} {
		if want < 0 {
			want = ringOf(t, f.settings).Index(ring.Of([]byte("p")))
		}
		if s := f.say(line); s.exit != 0 {
			t.Fatalf("%s: %v", line, s.failure)
		}
		if len(f.compared) != 1 || f.compared[0] != (event.Span{Start: ranges[want].Start, End: ranges[want].End}) {
			t.Errorf("%s compared %v, want range %d", line, f.compared, want)
		}
		if dryRun := strings.HasPrefix(line, "merkle"); dryRun != f.dryRun {
			t.Errorf("%s: dry run is %v, want %v", line, f.dryRun, dryRun)
		}
	}
	if s := f.say("sync"); s.exit != 0 || len(f.compared) != 0 {
		t.Errorf("sync compared %v", f.compared)
	}
	for _, line := range []string{"sync p60", "merkle p999999999"} {
		if s := f.say(line); s.exit != exit.Usage {
			t.Errorf("%s: exit %d", line, s.exit)
		}
	}
	f.rounds = nil
	lone := newFake(t)
	lone.settings.Nodes = []string{"n1"}
	for _, line := range []string{"merkle cart", "sync cart", "sync"} { // no round was begun
		if s := lone.say(line, func(e *Env) { e.Cluster = loneCluster{lone} }); s.exit != 0 ||
			s.out != "in sync  each range has one home\n" {
			t.Errorf("%s with one member: exit %d, %+v", line, s.exit, s.failure)
		}
		if s := f.say(line); s.exit != exit.Quorum || !strings.Contains(s.failure.Message, "n5 is down") {
			t.Errorf("%s: exit %d, %+v", line, s.exit, s.failure)
		}
	}
}

// A loneCluster is a cluster with one member, so nothing is compared.
type loneCluster struct{ *fake }

// Compare implements Cluster.
func (loneCluster) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	return nil, nil
}

// recorded returns the events of a put through a fallback: one message is lost, and the hint is
// handed over later.
func recorded() []event.Event {
	v := version("n2", 1, "milk", dot("n3", 1))
	v.Request = 41
	s := vclock.Siblings{v}
	at := func(us int) time.Duration { return time.Duration(t0.UnixNano()) + time.Duration(us)*time.Microsecond }
	key := []byte("cart")
	out := []event.Event{
		{Time: at(0), Node: "n2", Kind: event.Requested, Request: 41, Key: key, Op: "put"},
		{Time: at(90), Node: "n2", Kind: event.Coordinate, Request: 41, Key: key, Versions: s,
			Homes: []string{"n3", "n4", "n5"}, For: "n3"},
		{Time: at(110), Node: "n2", Kind: event.HintStored, Request: 41, Key: key, Versions: s, For: "n3", Count: 1},
		{Time: at(120), Node: "n2", Kind: event.Ack, Request: 41, Key: key, Peer: "n2", Count: 1, Want: 2},
		{Time: at(125), Node: "n2", Kind: event.Replicate, Request: 41, Key: key, Peer: "n1", For: "n4"},
		{Time: at(300), Node: "n2", Kind: event.Dropped, Request: 41, Peer: "n1", Message: "lost"},
		{Time: at(400), Node: "n1", Kind: event.HintStored, Request: 41, Key: key, Versions: s, For: "n4", Count: 1},
		{Time: at(520), Node: "n2", Kind: event.Ack, Request: 41, Key: key, Peer: "n1", Count: 2, Want: 2},
		{Time: at(600), Node: "n2", Kind: event.Replied, Request: 41, Key: key, Op: "put", Peer: "n2", Versions: s,
			Count: 2, Want: 2, Elapsed: 600 * time.Microsecond,
			Hinted: []wire.Hint{{Holder: "n2", For: "n3"}, {Holder: "n1", For: "n4"}}},
		{Time: at(5_000_000), Kind: event.Heal},
		{Time: at(31_200_000), Node: "n2", Kind: event.HintSent, Key: key, Peer: "n3", For: "n3", Versions: s},
		{Time: at(31_200_400), Node: "n3", Kind: event.Stored, Key: key, Peer: "n2", Op: "handoff",
			Versions: diverged()},
		{Time: at(31_200_900), Node: "n2", Kind: event.HintDelivered, Key: key, Peer: "n3", For: "n3"},
	}
	for i := range out {
		out[i].Seq = uint64(i + 1)
	}
	return out
}

// The output of each verb, as text and as JSON.
func TestOutput(t *testing.T) {
	for name, line := range map[string]string{
		"get-siblings": "get cart", "put-fallback": "put cart milk,beer -c @old", "put-blind": "put cart beer", "inspect": "inspect cart",
		"status": "status", "ring": "ring", "ring-key": "ring cart", "hints": "hints", "trace": "trace 41", "trace-list": "trace last --list",
		"events": "events", "partition": "partition n2,n1 n4,n5,n3 --for 10s", "one-way": "partition n4 n5 --one-way", "heal": "heal", "kill": "kill n4,n5 n2",
		"slow": "slow n4>n2 20ms", "slow-off": "slow n4 0s", "loss": "loss n4 12.5%", "expect": "expect siblings(cart)==2", "expect-exit": "expect --exit 4 -- get cart --one",
		"resolve": "resolve cart --union", "down": "down", "help": "help", "help-put": "help put", "wait": "wait hints=3",
		"merkle": "merkle cart", "sync": "sync", "sync-range": "sync p07",
	} {
		t.Run(name, func(t *testing.T) {
			f := scene(t)
			if name == "put-blind" {
				f.put.Siblings = 2
			}
			s := f.say(line)
			if s.exit != 0 {
				t.Fatalf("%s: exit %d: %s", line, s.exit, s.failure.Message)
			}
			text := s.out
			if s.err != "" {
				text += "--- stderr\n" + s.err
			}
			checkGolden(t, name, text)
			if name == "events" || strings.HasPrefix(name, "help") {
				return
			}
			s = scene(t).say(line + " --json") // -- takes it for an argument
			if name != "expect-exit" {
				if strings.Count(s.out, "\n") != 1 || !json.Valid([]byte(s.out)) {
					t.Errorf("%s --json: not one object a line: %s", line, s.out)
				}
				checkGolden(t, name+".json", s.out)
			}
		})
	}
}

func TestGetOfOneValue(t *testing.T) {
	f := newFake(t)
	f.get = wire.GetReply{Request: 2, Siblings: diverged()[:1], Context: []byte("token"), Coordinator: "n3",
		Replied: []string{"n3", "n4"}}
	checkGolden(t, "get", f.say("get cart").out)
	if s := f.say("get cart --raw"); s.out != "milk,beer" {
		t.Errorf("--raw: got %q", s.out)
	}
	contexts := folder(t.TempDir())
	f.say("get cart --save @mine", func(e *Env) { e.Contexts = contexts })
	if got, err := contexts.Load("mine"); err != nil || got != wire.EncodeToken([]byte("token")) {
		t.Errorf("saved %q, %v", got, err)
	}
}

func TestRawRefusesATerminal(t *testing.T) {
	f := newFake(t)
	f.get = wire.GetReply{Siblings: vclock.Siblings{version("n4", 1, "\x1b]0;owned\a")}, Coordinator: "n4"}
	terminal := func(e *Env) { e.Terminal = true }
	if s := f.say("get cart --raw", terminal); s.exit != exit.Usage || s.out != "" || len(f.vias) != 0 {
		t.Errorf("got exit %d and %q", s.exit, s.out)
	}
	if s := f.say("get cart --raw --force", terminal); s.out != "\x1b]0;owned\a" {
		t.Errorf("--force: got %q", s.out)
	}
}

func TestExitCodes(t *testing.T) {
	exitOf := map[wire.Code]int{
		wire.QuorumNotReached: 5, wire.NodeDown: 5, wire.Overloaded: 5, wire.ContextRefused: 6, wire.TooLarge: 2, wire.BadRequest: 2, wire.Damaged: 1,
	}
	for code := wire.OK + 1; code.Valid(); code++ {
		want, ok := exitOf[code]
		if code == wire.Pending { // between nodes only
			continue
		}
		if !ok || render.Outcome(code) == "" {
			t.Errorf("%v: has an exit code here: %v, is said as %q", code, ok, render.Outcome(code))
		}
		f := newFake(t)
		f.put = wire.PutReply{Err: code, Message: "because", Unknown: true, Request: 9}
		s := f.say("put cart milk")
		if s.exit != want || s.failure.Code != code.String() || !strings.Contains(s.failure.Message, "because") ||
			!strings.Contains(s.failure.Message, "may have happened") {
			t.Errorf("%v: exit %d, code %s, %q", code, s.exit, s.failure.Code, s.failure.Message)
		}
	}
	f := newFake(t)
	f.err = errBroken
	if s := f.say("get cart"); s.exit != exit.Internal {
		t.Errorf("a broken cluster: exit %d", s.exit)
	}
	f = newFake(t)
	if s := f.say("get cart"); s.exit != exit.NotFound || s.failure.Reported {
		t.Errorf("not found: %+v", s.failure)
	}
	if s := f.say("get cart --json"); s.exit != exit.NotFound || !s.failure.Reported ||
		!strings.Contains(s.out, `"found":false,"siblings":[]`) {
		t.Errorf("not found as JSON: %+v %s", s.failure, s.out)
	}
	f.get.Siblings = diverged()
	for _, line := range []string{"get cart --one", "get cart --raw", "get cart --one --json"} {
		if s := f.say(line); s.exit != exit.Siblings {
			t.Errorf("%s: exit %d", line, s.exit)
		}
	}
}

func TestPutSendsWhatWasAsked(t *testing.T) {
	f := newFake(t)
	file := filepath.Join(t.TempDir(), "cart.ctx")
	if err := os.WriteFile(file, []byte(wire.EncodeToken([]byte("filed"))+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ line, context, value string }{
		{"put cart milk", "", "milk"},
		{"put cart milk -c @old", "seen", "milk"},
		{"put cart milk -c @" + file, "filed", "milk"},
		{"put cart milk -c " + wire.EncodeToken([]byte("given")), "given", "milk"},
		{"put cart -", "", "from\x00stdin\n"},
	} {
		f.puts = nil
		if s := f.say(tc.line+" --via n2 -W 3 --strict", stdin("from\x00stdin\n")); s.exit != 0 {
			t.Fatalf("%s: %s", tc.line, s.failure.Message)
		}
		p := f.puts[0]
		if string(p.Context) != tc.context || string(p.Value) != tc.value ||
			p.Quorum != (wire.Quorum{W: 3, Strict: true}) || f.vias[len(f.vias)-1] != "n2" {
			t.Errorf("%s: sent %+v", tc.line, p)
		}
	}
}

func TestNothingIsSentThatCannotBeMeant(t *testing.T) {
	for line, exit := range map[string]int{
		"put cart milk -c @nothing": 2, "put cart milk -c @./nothing": 2, "put cart milk -c '!'": 6, "put '' milk": 2, "del cart": 2,
		"put cart milk --save cart": 2, "put cart milk --save @": 2, "resolve cart": 2, "resolve cart --pick 1 --union": 2, "slow n4 fast": 2, "loss n4 much": 2, "partition n4,,n5 n2": 2,
	} {
		f := newFake(t)
		if s := f.say(line); s.exit != exit || len(f.puts)+len(f.faults) > 0 {
			t.Errorf("%s: exit %d, want %d; sent %v %v", line, s.exit, exit, f.puts, f.faults)
		}
	}
	f := newFake(t)
	big := strings.Repeat("x", wire.MaxValue+1)
	if s := f.say("put cart -", stdin(big)); s.exit != exit.Usage || s.failure.Code != "too_large" || len(f.puts) > 0 {
		t.Errorf("a value over the limit: %+v", s.failure)
	}
	if s := f.say("put cart -", stdin(big[1:])); s.exit != 0 || len(f.puts[0].Value) != wire.MaxValue {
		t.Errorf("a value at the limit: %+v", s.failure)
	}
	if s := f.say("put cart -"); s.exit != exit.Usage {
		t.Errorf("without standard input: exit %d", s.exit)
	}
}

func TestFaults(t *testing.T) {
	for line, want := range map[string]fault.Fault{
		"partition 'n4,n5|n2' --one-way --for 10s": {Kind: fault.Split, Groups: [][]string{{"n4", "n5"}, {"n2"}},
			OneWay: true, For: 10 * time.Second},
		"wipe n4 n5": {Kind: fault.Wipe, Nodes: []string{"n4", "n5"}},
		"loss n4 5%": {Kind: fault.Loss, Link: "n4", Percent: 5},
		"slow n4 0":  {Kind: fault.Slow, Link: "n4"},
	} {
		f := newFake(t)
		f.say(line)
		if got, _ := json.Marshal(f.faults[0]); !bytes.Equal(got, mustJSON(want)) {
			t.Errorf("%s: got %s", line, got)
		}
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestResolve(t *testing.T) {
	for line, want := range map[string]string{"resolve cart --pick 2": "milk,eggs", "resolve cart --with tea": "tea",
		"resolve cart --union": "milk,beer,eggs"} {
		f := scene(t)
		f.say(line)
		if len(f.puts) != 1 || string(f.puts[0].Value) != want || string(f.puts[0].Context) != "token" {
			t.Errorf("%s: sent %+v", line, f.puts)
		}
	}
	if s := scene(t).say("resolve cart --pick 3"); s.exit != exit.Usage {
		t.Errorf("a sibling that there is not: exit %d", s.exit)
	}
}

// No verb writes untrusted bytes to a terminal unescaped.
func TestHostileBytesAreEscaped(t *testing.T) {
	const evil = "a\x1b]0;owned\a\r\x9b2J\u202e\u009b\xff"
	hostile := func() *fake {
		f := scene(t)
		f.settings.Name = evil
		bad := vclock.Siblings{version("n3", 1, evil), version("n4", 1, evil)}
		f.get.Siblings, f.get.Coordinator, f.get.Replied = bad, evil, []string{evil}
		f.put.Coordinator, f.put.Acks, f.put.Hinted = evil, []string{evil}, []wire.Hint{{Holder: evil, For: evil}}
		f.put.Siblings = 2
		f.held = map[string]map[string]heldVersion{evil: {"n3": {"", bad}, "n2": {evil, bad}}}
		f.hints = map[string]map[string]int{"n2": {evil: 1}}
		f.groups = [][]string{{evil}, {"n4"}}
		for i := range f.events {
			e := &f.events[i]
			e.Key, e.Op, e.Message, e.For = []byte(evil), evil, evil, evil
			if e.Kind == event.Dropped {
				e.Err = wire.BadRequest
			}
			e.Homes, e.Link, e.Addr, e.Groups = []string{evil}, evil, evil, [][]string{{evil}}
		}
		return f
	}
	key, shown := Join([]string{evil}), 0 // how many lines show what is escaped
	for _, line := range []string{"get " + key, "put " + key + " x", "del " + key + " -c @old",
		"resolve " + key + " --union", "inspect " + key, "ring " + key, "status", "hints",
		"trace last", "trace last --list", "events", "expect " + Join([]string{`value("` + evil + `")=="x"`}), "expect " + Join([]string{`siblings(cart)==9`}), "wait hints=9 --timeout 1ms",
		"partition n4 n5", "kill " + key, "slow " + key + " 5ms", "down", "get " + key + " --one", key, "get --" + key, "help " + key, "trace " + key, "put k v -c " + key} {
		for _, suffix := range []string{"", " --json"} {
			s := hostile().say(line + suffix)
			all := s.out + s.err
			if s.failure != nil {
				all += s.failure.Message
			}
			if strings.Contains(all, "owned") {
				shown++
			}
			if all == "" {
				t.Errorf("%s%s says nothing", line, suffix)
			}
			for _, r := range all {
				if r != '\n' && !unicode.IsPrint(r) || !utf8.ValidString(all) {
					t.Errorf("%s%s: %q in %q", line, suffix, r, all)
					break
				}
			}
		}
	}
	if shown < 40 {
		t.Errorf("only %d lines show what was escaped", shown)
	}
}

func TestColourIsOnlyAdded(t *testing.T) {
	for _, line := range []string{"get cart", "status", "trace 41", "events", "inspect cart", "hints"} {
		f := scene(t)
		plain, painted := f.say(line).out, f.say(line, func(e *Env) { e.Color = true }).out
		if painted == plain {
			t.Errorf("%s: no colour", line)
		}
		bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, "")
		if timings.ReplaceAllString(bare, "") != timings.ReplaceAllString(plain, "") {
			t.Errorf("%s: colour changes the text:\n%s\n%s", line, bare, plain)
		}
	}
}

func TestTraceFitsTheTerminal(t *testing.T) {
	f := scene(t)
	narrow := f.say("trace 41", func(e *Env) { e.Width = 40 }).out
	if strings.Contains(narrow, "│") || !strings.Contains(narrow, "n2 keeps {n2:1 n3:1} as a hint for n3") {
		t.Errorf("on 40 columns:\n%s", narrow)
	}
}

// An event of a slow node from before the answer arrives late, and is still shown before the
// answer.
func TestRowsAreInTheOrderOfTime(t *testing.T) {
	f := scene(t)
	at := func(us int) time.Duration { return time.Duration(t0.UnixNano()) + time.Duration(us)*time.Microsecond }
	key := []byte("cart")
	f.events = []event.Event{
		{Seq: 1, Time: at(0), Node: "n3", Kind: event.Requested, Request: 41, Key: key, Op: "put"},
		{Seq: 2, Time: at(600), Node: "n3", Kind: event.Replied, Request: 41, Key: key, Op: "put"},
		{Seq: 3, Time: at(900), Node: "n3", Kind: event.Ack, Request: 41, Key: key, Peer: "n5", Count: 3, Want: 2},
		{Seq: 4, Time: at(300), Node: "n4", Kind: event.Stored, Request: 41, Key: key, Peer: "n3"},
		{Seq: 5, Time: at(500), Node: "n3", Kind: event.HintDelivered, Key: key, Peer: "n5"},
	}
	for _, line := range []string{"trace 41", "trace 41 --list", "events"} {
		out := f.say(line).out
		stored, answer, ack := strings.Index(out, "0.30ms"), strings.Index(out, "0.60ms"), strings.Index(out, "0.90ms")
		if stored < 0 || answer < stored || ack < answer {
			t.Errorf("%s:\n%s", line, out)
		}
	}
	var got struct{ Events []struct{ Time string } }
	if err := json.Unmarshal([]byte(f.say("trace 41 --json").out), &got); err != nil || len(got.Events) != 4 {
		t.Fatal(got, err)
	}
	earlier := func(a, b struct{ Time string }) int { return strings.Compare(a.Time, b.Time) }
	if !slices.IsSortedFunc(got.Events, earlier) {
		t.Errorf("trace --json: %v", got.Events)
	}
}

// Counts that are not current are marked.
func TestSilentNodesAreTold(t *testing.T) {
	f := newFake(t)
	if s := f.say("status"); strings.Contains(s.out, "silent") {
		t.Errorf("all answer: %s", s.out)
	}
	f.silent = []string{"n2", "n4"}
	const silent = "silent  n2 n4: no answer in time; the counts are the last known"
	if s := f.say("status"); !strings.Contains(s.out, silent) {
		t.Errorf("n2 and n4 are silent: %s", s.out)
	}
	if s := f.say("status --json"); strings.Count(s.out, `"last_known":true`) != 2 {
		t.Errorf("n2 and n4 are silent: %s", s.out)
	}
}

package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringside/cli/golden"
	"ringside/cli/script"
	"ringside/engine/escape"
	"ringside/engine/event"
)

// The tests of this file check the contract that scripts depend on: the shape of each command's
// JSON, exit codes, event kinds and flags. The golden files may gain entries and never lose one. A
// new entry fails until -update adds it. An entry is removed only by hand, which breaks the
// contract on purpose.

// recordings is how often -update records the sequence. A field that is not in each recording
// depends on timing, and does not get into the golden file.
const recordings = 3

// A contractStep is one command of the recorded sequence, always run with --json.
type contractStep struct {
	name  string // of its entry in the golden file; "" for a command that only prepares
	line  string
	stdin string
}

// contractSteps is a sequence that shows each command's JSON with everything in it: conflicts,
// hints, faults, a node that joins and one that is removed, and each kind of error. The homes of
// cart are n3, n4, n5.
var contractSteps = []contractStep{
	{"no cluster", "get cart", ""},
	{"ls nothing", "ls", ""},
	{"up", "up -n 5 --buffer 1000 --anti-entropy=false", ""},
	{"ls", "ls", ""},
	{"load", "load 5 --prefix many-", ""},
	{"get nothing", "get cart", ""},
	{"put", "put cart milk --save @cart", ""},
	{"get", "get cart --save @seen", ""},
	{"partition", "partition n1,n2 n3,n4,n5", ""},
	{"", "put cart milk,eggs -c @cart --via n3 -W 3", ""},
	{"put hinted", "put cart milk,beer -c @cart --via n1 --strict=false", ""},
	{"put blind", "put cart tea --via n4", ""},
	{"hints", "hints", ""},
	{"wait times out", "wait hints=0 --timeout 10ms", ""},
	{"expect fails", "expect hints==7", ""},
	{"inspect", "inspect cart", ""},
	{"status split", "status", ""},
	{"merkle differs", "merkle cart", ""},
	{"heal", "heal", ""},
	{"wait", "wait hints=0", ""},
	{"get siblings", "get cart --save @both", ""},
	{"why", "why cart", ""},
	{"why request", "why last", ""},
	{"why unknown", "why 999999", ""},
	{"fate", "fate cart", ""},
	{"fate unknown", "fate nothing", ""},
	{"get one of siblings", "get cart --one", ""},
	{"get raw of siblings", "get cart --raw", ""},
	{"expect", "expect siblings(cart)==3", ""},
	{"expect exit", "expect --exit 4 -- get cart --one", ""},
	{"expect exit fails", "expect --exit 3 -- get cart", ""},
	{"exec", "exec", "put tea x\nget nowhere\nevents --kind heal\nhelp --help\nput tea y\n"},
	{"exec stops", "exec --stop", "get nowhere --one\nget tea\n"},
	{"as", "as", ""},
	{"as client", "as alice get cart", ""},
	{"as clients", "as", ""},
	{"trace list", "trace --list", ""},
	{"trace", "trace last", ""},
	{"trace unknown", "trace 999999", ""},
	{"resolve pick", "resolve cart --pick 1", ""},
	{"keys", "keys --deleted", ""},
	{"where", "where cart", ""},
	{"put with options", "put noted milk --meta text/plain --pw 2 --overwrite", ""},
	{"get with options", "get noted --pr 2", ""},
	{"", "put cart beer", ""},
	{"resolve with", "resolve cart --with tea", ""},
	{"", "put cart beer", ""},
	{"resolve union", "resolve cart --union", ""},
	{"resolve nothing", "resolve nothing --union", ""},
	{"context refused", "put tea green -c @both", ""},
	{"", "get cart --save @cart", ""},
	{"del", "del cart -c @cart", ""},
	{"get deleted", "get cart", ""},
	{"del without context", "del cart", ""},
	{"put bytes", "put blob -", "\xff\xfe"},
	{"get bytes", "get blob", ""},
	{"put key bytes", "put \xff\xfe x", ""},
	{"get key bytes", "get \xff\xfe", ""},
	{"inspect key bytes", "inspect \xff\xfe", ""},
	{"cart add", "cart add set milk beer --merge or-set", ""},
	{"cart show", "cart show set", ""},
	{"cart remove", "cart remove set milk", ""},
	{"cart remove nothing", "cart remove set gold", ""},
	{"slow", "slow n1-n3 5ms", ""},
	{"loss", "loss n2 1", ""},
	{"partition one way", "partition n1 n2,n3,n4,n5 --one-way --for 1h", ""},
	{"status faults", "status", ""},
	{"", "heal", ""},
	{"pause", "pause n5", ""},
	{"resume", "resume n5", ""},
	{"kill", "kill n3 n4", ""},
	{"quorum", "put cart milk -W 3 --strict --via n5", ""},
	{"quorum get", "get cart -R 3 --strict --via n5", ""},
	{"node down", "get cart --via n4", ""},
	{"status down", "status", ""},
	{"restart", "restart n3 n4", ""},
	{"wait up", "wait up hints=0", ""},
	{"wipe", "wipe n4", ""},
	{"skew", "skew n2 1s", ""},
	{"sync", "sync", ""},
	{"sync range", "sync cart", ""},
	{"merkle", "merkle cart", ""},
	{"ring", "ring", ""},
	{"ring key", "ring cart", ""},
	{"ring ranges", "ring --ranges", ""},
	{"join dry-run", "join n6 --weight 2 --dry-run", ""},
	{"join", "join n6 --weight 2 --zone a", ""},
	{"settle", "settle", ""},
	{"", "kill n6", ""},
	{"leave dry-run", "leave n6 --force --dry-run", ""},
	{"leave by force", "leave n6 --force", ""},
	{"leave of none", "leave n9", ""},
	{"events", "events", ""},
	{"snapshot", "snapshot screen.svg --size 80x24", ""},
	{"snapshot again", "snapshot screen.svg", ""},
	{"export script", "export session.script", ""},
	{"export events", "export session.jsonl", ""},
	{"export a capsule", "export session.capsule", ""},
	{"usage of export", "export session.txt", ""},
	{"usage of a partition", "partition n1,n9 n2", ""},
	{"tui without terminal", "tui", ""},
	{"rm of what runs", "rm default --yes", ""},
	{"down", "down", ""},
	{"ls down", "ls", ""},
	{"rm without yes", "rm default", ""},
	{"up fresh", "up -n 3 --fresh --yes", ""},
	{"", "down", ""},
	{"rm", "rm default --yes", ""},
	{"rm of none", "rm default --yes", ""},
	{"lww up", "--cluster lww up -n 3 --mem --mode lww --clocks literal --truncate 10 --zones a,b --weights n1=2", ""},
	{"lww put", "--cluster lww put cart milk", ""},
	{"lww status", "--cluster lww status", ""},
	{"", "--cluster lww down", ""},
	{"up http", "--cluster web up -n 3 --mem --http 127.0.0.1:0", ""},
	{"", "--cluster web down", ""},
	{"up command", "up -n 3 -- sh -c 'exit 3'", ""},
	{"usage of up command", "up -n 3 --", ""},
	{"usage", "get", ""},
	{"usage of a flag", "get cart -R 0", ""},
	{"usage of a command", "git cart", ""},
	{"usage of a global flag", "--jsno", ""},
	{"usage of save", "put cart milk --save cart", ""},
	{"demo", "demo", ""},
	{"tour", "tour where", "3"},
	{"tour list", "tour --list", ""},
	{"tour unknown", "tour nowhere", ""},
	{"run", "run good.txtar bad.txtar", ""},
	{"run list", "run --list", ""},
	{"clock compare", "clock compare {n4:1} {n4:.2}", ""},
	{"sim", "sim --seed 1 --ops 20", ""},
	{"sim seeds", "sim --seeds 2 --ops 20 --faults crash", ""},
	{"sim experiment", "sim --seed 1 --legs SSD --coordinator remote --probes 0 --faults none -n 4 -N 3 --ops 12 --keys 2", ""},
	{"sim fork", "sim --seed 3 --ops 30 --at 5 --change 'mode lww' --fork", ""},
	{"", "sim --seed 3 --ops 20 --capsule a.capsule", ""},
	{"", "sim --seed 4 --ops 20 --capsule b.capsule", ""},
	{"sim shard", "sim --seeds 2 --ops 20 --shard 1/1 --out part.json", ""},
	{"sim merge", "sim --merge part.json", ""},
	{"open", "open a.capsule", ""},
	{"diff", "diff a.capsule b.capsule", ""},
	{"sim linearizable", "sim --check linearizable", ""},
	{"bench", "bench --for 20ms --rounds 1 --concurrency 1,2 --keys 10 --store mem,nosync --op put,get,mix", ""},
	{"bench rate", "bench --for 20ms --rounds 1 --concurrency 2 --keys 10 --store mem --rate 200", ""},
	{"usage of bench", "bench --store disk", ""},
	{"fuzz-merge", "fuzz-merge --cases 40 -- echo []", ""},
	{"fuzz-merge fails", "fuzz-merge -- echo milk", ""},
	{"lab list", "lab", ""},
	{"lab", "lab balance --metadata 60 --seeds 5 --seed 3", ""},
	{"lab unknown", "lab nosuch", ""},
	{"paper", "paper", ""},
	{"paper section", "paper 4.6", ""},
	{"paper unknown", "paper 9.9", ""},
	{"paper fig8", "paper fig8 --metadata 60", ""},
	{"version", "version", ""},
	{"help unknown", "help git", ""},
	{"completion unknown", "completion tcsh", ""},
}

// An output is what a command printed and how it ended. Shape holds a line for each field that
// the JSON has anywhere: its path and type. A list's elements and a map's values share a path.
type output struct {
	Line  string   `json:"line"`
	Exit  int      `json:"exit"`
	Shape []string `json:"shape"`
}

func TestContractOfCommands(t *testing.T) {
	got := recordCommands(t)
	if golden.Updating() {
		for range recordings - 1 {
			for name, again := range recordCommands(t) {
				first := got[name]
				first.Shape = slices.DeleteFunc(first.Shape,
					func(s string) bool { return !slices.Contains(again.Shape, s) })
				got[name] = first
			}
		}
	}
	compareGolden(t, "commands.json", got, func(want, got output) (output, string) {
		switch lost := missing(want.Shape, got.Shape); {
		case want.Exit != got.Exit:
			return want, fmt.Sprintf("%s: exit %d, want %d", want.Line, got.Exit, want.Exit)
		case len(lost) > 0:
			return want, fmt.Sprintf("%s: the JSON no longer has %s", want.Line, strings.Join(lost, ", "))
		}
		return output{got.Line, got.Exit, union(want.Shape, got.Shape)}, ""
	})
}

// Every command has its JSON in the contract.
func TestContractKnowsEachCommand(t *testing.T) {
	text := []string{"help", "man", "completion", "tui"} // they print no JSON, or need a terminal
	for _, v := range allVerbs() {
		recorded := slices.ContainsFunc(contractSteps, func(s contractStep) bool {
			words := strings.Fields(s.line)
			if words[0] == "--cluster" {
				words = words[2:]
			}
			return s.name != "" && words[0] == v.Name
		})
		if !recorded && !slices.Contains(text, v.Name) {
			t.Errorf("no step of contractSteps records the JSON of %s", v.Name)
		}
	}
}

// recordCommands runs contractSteps in a new data folder. It returns the outputs by name.
func recordCommands(t *testing.T) map[string]output {
	dir, host := dataHome(t), &script.Host{}
	defer host.Close()
	for name, text := range map[string]string{"good.txtar": "ringside version\n",
		"bad.txtar": "ringside get cart\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]output{}
	for _, s := range contractSteps {
		r := ringside(t, dir, s.line, func(e *Env) {
			e.Args, e.Host, e.Dir = append(e.Args, "--json"), host, dir
			// --json goes before --, because the words after it are another command.
			if i := slices.Index(e.Args, "--"); i >= 0 {
				e.Args = slices.Insert(e.Args[:len(e.Args)-1], i, "--json")
			}
			e.Stdin = strings.NewReader(s.stdin)
		})
		if s.name == "" {
			if r.exit != 0 {
				t.Fatalf("%s: exit %d: %s%s", s.line, r.exit, r.out, r.err)
			}
			continue
		}
		rec := output{escape.Terminal([]byte(s.line)), r.exit, shape(t, s.line, r.out)}
		if s.line == "events" { // the set of events depends on timing, the fields of each event do not
			lines := strings.SplitAfter(strings.TrimSpace(r.out), "\n")
			for _, line := range lines {
				one := shape(t, s.line, line)
				rec.Shape = slices.DeleteFunc(rec.Shape, func(s string) bool { return !slices.Contains(one, s) })
			}
		}
		out[s.name] = rec
	}
	return out
}

// A signature is a command in the contract: how many arguments it needs and takes, and its flags,
// each with its kind of value.
type signature struct {
	Needs int      `json:"needs"`
	Takes int      `json:"takes"` // -1: any number
	Flags []string `json:"flags"`
}

// flagLine matches a line of a command's help that describes a flag:
// "  -c, --context CTX  what you had read".
var flagLine = regexp.MustCompile(`(?m)^  ((?:-[A-Za-z]|--[a-z-]+)(?:, (?:-[A-Za-z]|--[a-z-]+))*)( \S+)?(?:  |$)`)

func TestContractOfHelp(t *testing.T) {
	dir := dataHome(t)
	got := map[string]signature{}
	for _, v := range allVerbs() {
		r := ringside(t, dir, "help "+v.Name)
		u := signature{}
		for _, m := range flagLine.FindAllStringSubmatch(r.out, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				if m[2] != "" {
					name += " VALUE"
				}
				u.Flags = append(u.Flags, name)
			}
		}
		for _, a := range v.Args {
			if u.Takes++; a.Many {
				u.Takes = -1
			}
			if !a.Optional {
				u.Needs++
			}
		}
		got[v.Name] = u
	}
	compareGolden(t, "help.json", got, func(want, got signature) (signature, string) {
		switch lost := missing(want.Flags, got.Flags); {
		case len(lost) > 0:
			return want, "its help no longer has the flags " + strings.Join(lost, ", ")
		case got.Needs > want.Needs:
			return want, fmt.Sprintf("it needs %d arguments; it did with %d", got.Needs, want.Needs)
		case got.Takes >= 0 && (want.Takes < 0 || got.Takes < want.Takes):
			return want, fmt.Sprintf("it takes %d arguments; it took %d", got.Takes, want.Takes)
		}
		return signature{got.Needs, got.Takes, union(want.Flags, got.Flags)}, ""
	})
}

// Each kind of event keeps its name and its section of the paper.
func TestContractOfEventKinds(t *testing.T) {
	got := map[string]string{}
	for kind, section := range event.Sections {
		got[string(kind)] = section
	}
	compareGolden(t, "kinds.json", got, func(want, got string) (string, string) {
		if want != got {
			return want, fmt.Sprintf("its section is %s, want %s", got, want)
		}
		return got, ""
	})
}

// An event with all fields set shows every field that an event can have.
func TestContractOfEventFields(t *testing.T) {
	var e event.Event
	fill(reflect.ValueOf(&e).Elem(), 0)
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, s := range shape(t, "event", string(b)) {
		path, kind, _ := strings.Cut(s, " ")
		lines[path] = kind
	}
	compareGolden(t, "event.json", lines, func(want, got string) (string, string) {
		if want != got {
			return want, fmt.Sprintf("it is a %s, want a %s", got, want)
		}
		return got, ""
	})
}

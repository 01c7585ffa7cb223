package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The arrows of the house. What a package may import of this module; a package that is
// not named may import nothing of it.
var arrows = map[string][]string{
	"ringside": {"ringside/cli"},
	"ringside/cli": {
		"ringside/cli/...", "ringside/engine/...", "ringside/localcluster/...", "ringside/riak/...", "ringside/testscripts",
		"ringside/tui", "ringside/tui/command", "ringside/tui/cues", "ringside/tui/snapshot",
	},
	"ringside/cli/answer": {"ringside/cli/exit", "ringside/cli/verbs"},
	"ringside/cli/bench": {
		"ringside/cli/console", "ringside/cli/exit", "ringside/cli/render", "ringside/cli/verbs",
		"ringside/engine/usage", "ringside/engine/wire", "ringside/localcluster/atomicfile",
		"ringside/localcluster/bench", "ringside/localcluster/config",
	},
	"ringside/cli/capsule": {
		"ringside/engine/escape", "ringside/engine/event", "ringside/engine/usage", "ringside/localcluster/atomicfile",
		"ringside/localcluster/buildinfo",
	},
	"ringside/cli/condition": append([]string{"ringside/cli/exit", "ringside/cli/render"}, leaves...),
	"ringside/cli/console":   {"ringside/engine/escape"},
	"ringside/cli/diagram":   append([]string{"ringside/cli/exit", "ringside/cli/render", "ringside/engine/settings"}, leaves...),
	"ringside/cli/exit":      append([]string{"ringside/cli/render"}, leaves...),
	"ringside/cli/fresh": {
		"ringside/cli/verbs", "ringside/engine/event", "ringside/engine/fault", "ringside/engine/member",
		"ringside/engine/wire", "ringside/tui",
	},
	"ringside/cli/lab": {
		"ringside/cli/lab/interval", "ringside/cli/shard", "ringside/engine/sim/plan", "ringside/engine/usage",
		"ringside/localcluster/buildinfo",
	},
	"ringside/cli/lab/command": {
		"ringside/cli/console", "ringside/cli/exit", "ringside/cli/lab", "ringside/cli/lab/...", "ringside/cli/render",
		"ringside/cli/shard", "ringside/cli/simulate", "ringside/cli/verbs", "ringside/engine/sim/plan", "ringside/engine/usage",
		"ringside/localcluster/atomicfile",
	},
	"ringside/cli/lab/experiments": append([]string{
		"ringside/cli/lab", "ringside/cli/paper", "ringside/cli/lab/wars", "ringside/engine", "ringside/engine/sim",
		"ringside/engine/sim/...",
	}, leaves...),
	"ringside/cli/lab/figure":   {},
	"ringside/cli/lab/interval": {},
	"ringside/cli/lab/labtest":  {"ringside/cli/lab"},
	"ringside/cli/lab/report":   {"ringside/cli/lab", "ringside/cli/lab/figure", "ringside/cli/render"},
	"ringside/cli/lab/wars":     {"ringside/engine/sim/plan", "ringside/engine/sim/rng"},
	"ringside/cli/lab/sweep": {
		"ringside/cli/lab", "ringside/cli/simulate", "ringside/engine/settings", "ringside/engine/sim", "ringside/engine/sim/plan",
		"ringside/engine/usage",
	},
	"ringside/cli/mergefuzz": {
		"ringside/cli/console", "ringside/cli/exit", "ringside/cli/process", "ringside/cli/render", "ringside/cli/verbs",
		"ringside/cli/verbs/cart", "ringside/engine/escape", "ringside/engine/usage",
	},
	"ringside/cli/paper": {
		"ringside/cli/render", "ringside/engine/escape", "ringside/engine/event", "ringside/engine/fault",
		"ringside/engine/ring", "ringside/engine/settings", "ringside/engine/view", "ringside/engine/wire",
		"ringside/localcluster/...",
	},
	"ringside/cli/process":   {"ringside/cli/exit", "ringside/engine/escape", "ringside/engine/usage"},
	"ringside/cli/recording": append([]string{"ringside/cli/fresh", "ringside/cli/verbs", "ringside/tui"}, leaves...),
	"ringside/cli/render":    leaves,
	"ringside/cli/script": append([]string{
		"ringside/cli/capsule", "ringside/cli/console", "ringside/cli/render", "ringside/cli/verbs",
		"ringside/localcluster/config", "ringside/localcluster/control", "ringside/localcluster/datadir", "ringside/testscripts",
	}, leaves...),
	"ringside/cli/shard": {"ringside/cli/verbs", "ringside/engine/usage", "ringside/localcluster/buildinfo"},
	"ringside/cli/simulate": append([]string{
		"ringside/cli/capsule", "ringside/cli/console", "ringside/cli/exit", "ringside/cli/recording", "ringside/cli/render",
		"ringside/cli/shard", "ringside/cli/verbs", "ringside/engine/sim/...", "ringside/localcluster/atomicfile",
		"ringside/localcluster/buildinfo", "ringside/tui", "ringside/tui/futures",
	}, leaves...),
	"ringside/cli/tour": append([]string{
		"ringside/cli/condition", "ringside/cli/console", "ringside/cli/exit", "ringside/cli/render",
		"ringside/cli/verbs", "ringside/localcluster", "ringside/localcluster/atomicfile",
		"ringside/localcluster/config", "ringside/localcluster/datadir",
	}, leaves...),
	"ringside/cli/verbs": append([]string{
		"ringside/engine/sim/session",
		"ringside/cli/capsule", "ringside/cli/condition", "ringside/cli/diagram", "ringside/cli/exit", "ringside/cli/render",
		"ringside/cli/verbs/cart",
		"ringside/localcluster/atomicfile", "ringside/localcluster/bench/workload", "ringside/riak/target",
	}, leaves...),
	"ringside/cli/verbs/cart": {},
	"ringside/cli/metrics":    {"ringside/engine/event", "ringside/engine/view"},
	"ringside/cli/web": {
		"ringside/cli/answer", "ringside/cli/exit", "ringside/cli/verbs", "ringside/engine/escape",
		"ringside/engine/event", "ringside/engine/usage", "ringside/engine/wire", "ringside/loopback",
	},
	"ringside/engine": {
		"ringside/engine/admission", "ringside/engine/dedup", "ringside/engine/event", "ringside/engine/hints",
		"ringside/engine/keyrange", "ringside/engine/liveness", "ringside/engine/member",
		"ringside/engine/merkle", "ringside/engine/mutant", "ringside/engine/oversize",
		"ringside/engine/pending", "ringside/engine/quorum", "ringside/engine/record", "ringside/engine/ring",
		"ringside/engine/slab", "ringside/engine/store", "ringside/engine/timers", "ringside/engine/tombstone",
		"ringside/engine/treeset", "ringside/engine/vclock", "ringside/engine/wire",
	},
	"ringside/engine/account": {
		"ringside/engine/escape", "ringside/engine/event", "ringside/engine/ring", "ringside/engine/settings",
		"ringside/engine/vclock", "ringside/engine/view", "ringside/engine/wire",
	},
	"ringside/engine/admission": {},
	"ringside/engine/dedup":     {},
	"ringside/engine/driver": {
		"ringside/engine", "ringside/engine/event", "ringside/engine/mutant", "ringside/engine/store",
		"ringside/engine/wire",
	},
	"ringside/engine/escape": {},
	"ringside/engine/event": {
		"ringside/engine/member", "ringside/engine/ring", "ringside/engine/settings", "ringside/engine/vclock",
		"ringside/engine/wire",
	},
	"ringside/engine/hints":    {},
	"ringside/engine/keyrange": {"ringside/engine/merkle", "ringside/engine/ring"},
	"ringside/engine/liveness": {"ringside/engine/mutant"},
	"ringside/engine/member":   {"ringside/engine/ring"},
	"ringside/engine/merkle": {
		"ringside/engine/mutant", "ringside/engine/ring", "ringside/engine/splitmix", "ringside/engine/vclock",
	},
	"ringside/engine/oversize": {"ringside/engine/event"},
	"ringside/engine/pending":  {"ringside/engine/keyrange", "ringside/engine/mutant"},
	"ringside/engine/quorum":   {"ringside/engine/mutant", "ringside/engine/vclock"},
	"ringside/engine/record": {
		"ringside/engine/member", "ringside/engine/ring", "ringside/engine/store", "ringside/engine/vclock",
		"ringside/engine/wire", "ringside/engine/wire/field",
	},
	"ringside/engine/ring":     {"ringside/engine/mutant"},
	"ringside/engine/settings": {"ringside/engine/member", "ringside/engine/ring", "ringside/engine/wire"},
	"ringside/engine/sim": {
		"ringside/engine/event", "ringside/engine/sim/check", "ringside/engine/sim/client",
		"ringside/engine/sim/kernel", "ringside/engine/sim/measure", "ringside/engine/sim/plan",
		"ringside/engine/sim/rng", "ringside/engine/wire",
	},
	"ringside/engine/sim/check": {
		"ringside/engine/event", "ringside/engine/member", "ringside/engine/record", "ringside/engine/ring",
		"ringside/engine/sim/client", "ringside/engine/sim/kernel", "ringside/engine/sim/plan",
		"ringside/engine/store", "ringside/engine/vclock", "ringside/engine/wire",
	},
	"ringside/engine/sim/client": {
		"ringside/engine/sim/kernel", "ringside/engine/sim/plan", "ringside/engine/vclock",
		"ringside/engine/wire",
	},
	"ringside/engine/sim/fork": {
		"ringside/engine/event", "ringside/engine/settings", "ringside/engine/sim",
		"ringside/engine/sim/client", "ringside/engine/sim/kernel", "ringside/engine/sim/plan",
		"ringside/engine/sim/rng", "ringside/engine/vclock",
	},
	"ringside/engine/sim/kernel": {
		"ringside/engine", "ringside/engine/driver", "ringside/engine/event", "ringside/engine/fault",
		"ringside/engine/member", "ringside/engine/mutant", "ringside/engine/record", "ringside/engine/ring",
		"ringside/engine/settings", "ringside/engine/sim/plan", "ringside/engine/sim/rng",
		"ringside/engine/splitmix", "ringside/engine/store", "ringside/engine/wire",
	},
	"ringside/engine/sim/linear": {
		"ringside/engine/ring", "ringside/engine/settings", "ringside/engine/sim/client",
		"ringside/engine/sim/plan",
	},
	"ringside/engine/sim/measure": {
		"ringside/engine/event", "ringside/engine/sim/check", "ringside/engine/sim/client",
		"ringside/engine/sim/kernel", "ringside/engine/sim/plan", "ringside/engine/wire",
	},
	"ringside/engine/sim/plan": {
		"ringside/engine", "ringside/engine/fault", "ringside/engine/member", "ringside/engine/ring", "ringside/engine/settings",
		"ringside/engine/sim/rng", "ringside/engine/store", "ringside/engine/wire",
	},
	"ringside/engine/sim/rng": {"ringside/engine/splitmix"},
	"ringside/engine/sim/session": {
		"ringside/engine", "ringside/engine/event", "ringside/engine/member", "ringside/engine/ring",
		"ringside/engine/settings", "ringside/engine/sim/plan", "ringside/engine/vclock",
		"ringside/engine/wire",
	},
	"ringside/engine/sim/stock": {
		"ringside/engine/event", "ringside/engine/keyrange", "ringside/engine/record", "ringside/engine/ring",
		"ringside/engine/settings", "ringside/engine/sim/check", "ringside/engine/sim/client", "ringside/engine/sim/kernel",
		"ringside/engine/sim/measure", "ringside/engine/sim/plan", "ringside/engine/sim/rng", "ringside/engine/store",
		"ringside/engine/vclock", "ringside/engine/wire",
	},
	"ringside/engine/sim/shrink": {
		"ringside/engine/sim", "ringside/engine/sim/client", "ringside/engine/sim/plan", "ringside/engine/wire",
	},
	"ringside/engine/slab":         {},
	"ringside/engine/store/level":  {"ringside/engine/store", "ringside/engine/store/recent"},
	"ringside/engine/store/recent": {},
	"ringside/engine/timers":       {},
	"ringside/engine/tombstone":    {"ringside/engine/wire"},
	"ringside/engine/treeset":      {"ringside/engine/keyrange", "ringside/engine/merkle", "ringside/engine/ring"},
	"ringside/engine/usage":        {},
	"ringside/engine/vclock":       {"ringside/engine/mutant"},
	"ringside/engine/view": {
		"ringside/engine/escape", "ringside/engine/event", "ringside/engine/member", "ringside/engine/ring",
		"ringside/engine/settings", "ringside/engine/vclock", "ringside/engine/wire",
	},
	"ringside/engine/wire": {
		"ringside/engine/member", "ringside/engine/mutant", "ringside/engine/slab", "ringside/engine/vclock",
		"ringside/engine/wire/field",
	},
	"ringside/engine/wire/field": {},
	"ringside/loopback":          {},
	"ringside/riak":              {},
	"ringside/riak/httpdoor":     {"ringside/engine/wire", "ringside/loopback", "ringside/riak/kv"},
	"ringside/riak/door":         {"ringside/engine/event", "ringside/riak/kv"},
	"ringside/riak/pbdoor":       {"ringside/riak/kv", "ringside/riak/rpb"},
	"ringside/riak/kv": {
		"ringside/engine/ring", "ringside/engine/settings", "ringside/engine/vclock", "ringside/engine/wire", "ringside/riak/rpb",
	},
	"ringside/riak/rpb":    {},
	"ringside/riak/target": append([]string{"ringside/riak/kv", "ringside/riak/rpb"}, leaves...),
	"ringside/ringsidetest": append([]string{
		"ringside/cli/capsule", "ringside/cli/condition", "ringside/cli/console", "ringside/cli/diagram", "ringside/cli/render",
		"ringside/cli/verbs", "ringside/localcluster", "ringside/localcluster/config",
	}, leaves...),
	"ringside/localcluster": {
		"ringside/engine", "ringside/engine/driver", "ringside/engine/escape", "ringside/engine/event",
		"ringside/engine/fault", "ringside/engine/member", "ringside/engine/ring", "ringside/engine/settings",
		"ringside/engine/store", "ringside/engine/usage", "ringside/engine/vclock", "ringside/engine/view",
		"ringside/engine/wire", "ringside/localcluster/...",
	},
	"ringside/localcluster/atomicfile": {},
	"ringside/localcluster/bench": {
		"ringside/engine/settings", "ringside/engine/usage", "ringside/engine/vclock", "ringside/engine/wire",
		"ringside/localcluster", "ringside/localcluster/bench/floor", "ringside/localcluster/bench/workload",
		"ringside/localcluster/buildinfo", "ringside/localcluster/client", "ringside/localcluster/config",
	},
	"ringside/localcluster/bench/floor":    {},
	"ringside/localcluster/bench/workload": {},
	"ringside/localcluster/broadcast":      {},
	"ringside/localcluster/budget":         {"ringside/localcluster/broadcast"},
	"ringside/localcluster/buildinfo":      {},
	"ringside/localcluster/client": {
		"ringside/engine/member", "ringside/engine/ring", "ringside/engine/settings", "ringside/engine/usage",
		"ringside/engine/wire", "ringside/localcluster/budget", "ringside/localcluster/control",
		"ringside/localcluster/gate", "ringside/localcluster/transport",
	},
	"ringside/localcluster/config": {
		"ringside/engine/settings", "ringside/engine/store", "ringside/engine/usage",
	},
	"ringside/localcluster/control": {
		"ringside/engine/escape", "ringside/engine/event", "ringside/engine/fault", "ringside/engine/member",
		"ringside/engine/usage", "ringside/engine/view", "ringside/engine/wire", "ringside/localcluster/config",
		"ringside/localcluster/datadir", "ringside/localcluster/transport",
	},
	"ringside/localcluster/datadir": {
		"ringside/engine/escape", "ringside/engine/settings", "ringside/engine/store",
		"ringside/engine/store/level", "ringside/engine/usage", "ringside/engine/wire",
		"ringside/localcluster/atomicfile", "ringside/localcluster/buildinfo", "ringside/localcluster/config",
	},
	"ringside/localcluster/eventlog": {"ringside/engine/event", "ringside/localcluster/broadcast"},
	"ringside/localcluster/gate": {
		"ringside/engine/wire", "ringside/localcluster/broadcast", "ringside/localcluster/budget",
	},
	"ringside/localcluster/inbox": {
		"ringside/engine", "ringside/engine/wire", "ringside/localcluster/broadcast", "ringside/localcluster/budget",
	},
	"ringside/localcluster/link": {
		"ringside/engine", "ringside/engine/event", "ringside/engine/fault", "ringside/engine/wire",
		"ringside/localcluster/broadcast", "ringside/localcluster/budget", "ringside/localcluster/inbox",
		"ringside/localcluster/traffic", "ringside/localcluster/transport",
	},
	"ringside/localcluster/traffic": {"ringside/engine/wire"},
	"ringside/localcluster/transport": {
		"ringside/engine/wire", "ringside/localcluster/broadcast", "ringside/localcluster/budget",
		"ringside/localcluster/gate",
	},
	"ringside/testscripts": {},
	"ringside/tui": append([]string{
		"ringside/cli/exit", "ringside/cli/render", "ringside/cli/verbs", "ringside/tui/...",
	}, leaves...),
	"ringside/tui/background": {},
	"ringside/tui/canvas":     {"ringside/tui/theme"},
	"ringside/tui/cast":       {},
	"ringside/tui/frametest":  {},
	"ringside/tui/choice":     {"ringside/tui/canvas", "ringside/tui/theme"},
	"ringside/tui/command":    {"ringside/cli/verbs", "ringside/engine/usage"},
	"ringside/tui/feed":       {"ringside/engine/event"},
	"ringside/tui/futures":    pane("ringside/tui/playback"),
	"ringside/tui/header":     pane("ringside/tui/feed", "ringside/tui/refresh"),
	"ringside/tui/help":       pane("ringside/tui/keymap"),
	"ringside/tui/inspect": pane(
		"ringside/cli/verbs/cart", "ringside/tui/command", "ringside/tui/keymap", "ringside/tui/page",
		"ringside/tui/panes", "ringside/tui/replicas",
	),
	"ringside/tui/cues": {
		"ringside/engine/escape", "ringside/engine/usage", "ringside/tui/canvas", "ringside/tui/command",
		"ringside/tui/theme",
	},
	"ringside/tui/keycard": pane("ringside/tui/letters", "ringside/tui/replicas"),
	"ringside/tui/lessons": pane(
		"ringside/cli/tour", "ringside/tui/keycard", "ringside/tui/keymap", "ringside/tui/nodes", "ringside/tui/page",
		"ringside/tui/ring",
	),
	"ringside/tui/keymap":  {"ringside/tui/canvas", "ringside/tui/theme"},
	"ringside/tui/letters": {"ringside/tui/canvas", "ringside/tui/theme"},
	"ringside/tui/log":     pane(),
	"ringside/tui/nodes":   pane(),
	"ringside/tui/page":    pane("ringside/tui/feed", "ringside/tui/keymap"),
	"ringside/tui/panes":   {"ringside/tui/canvas", "ringside/tui/theme"},
	"ringside/tui/plain": append([]string{
		"ringside/cli/render", "ringside/cli/verbs", "ringside/tui/command", "ringside/tui/feed", "ringside/tui/state",
		"ringside/tui/suggest",
	}, leaves...),
	"ringside/tui/playback": {"ringside/engine/event", "ringside/tui/feed", "ringside/tui/theme"},
	"ringside/tui/prompt":   pane(),
	"ringside/tui/refresh":  {"ringside/engine/event", "ringside/tui/feed", "ringside/tui/state"},
	"ringside/tui/repair": pane(
		"ringside/tui/keymap", "ringside/tui/page", "ringside/tui/panes", "ringside/tui/refresh", "ringside/tui/replicas",
	),
	"ringside/tui/replicas": leaves,
	"ringside/tui/ring":     pane("ringside/tui/playback"),
	"ringside/tui/snapshot": {"ringside/engine/usage"},
	"ringside/tui/state":    append([]string{"ringside/tui/playback", "ringside/tui/theme"}, leaves...),
	"ringside/tui/suggest": append([]string{
		"ringside/cli/render", "ringside/cli/verbs", "ringside/tui/command", "ringside/tui/replicas", "ringside/tui/state",
	}, leaves...),
	"ringside/tui/theme": {"ringside/cli/render", "ringside/engine/view"},
	"ringside/tui/trace": pane("ringside/cli/diagram", "ringside/tui/keymap", "ringside/tui/page"),
}

// leaves are the packages that know nothing of how nodes are driven.
var leaves = []string{
	"ringside/engine/account", "ringside/engine/escape", "ringside/engine/event", "ringside/engine/fault",
	"ringside/engine/member", "ringside/engine/ring", "ringside/engine/settings", "ringside/engine/usage", "ringside/engine/vclock",
	"ringside/engine/view", "ringside/engine/wire",
}

// pane returns what a pane of the screens may import: others beside what all panes share.
func pane(others ...string) []string {
	shared := []string{"ringside/cli/render", "ringside/tui/canvas", "ringside/tui/state", "ringside/tui/theme"}
	return slices.Concat(shared, leaves, others)
}

// kept names the packages that may import a library, so that another library can take its place.
var kept = map[string][]string{
	"github.com/charmbracelet/":       {"ringside/tui"},
	"github.com/urfave/":              {"ringside/cli"},
	"github.com/syndtr/goleveldb":     {"ringside/engine/store/level"},
	"github.com/tidwall/btree":        {"ringside/engine/store"},
	"google.golang.org/protobuf":      {"ringside/engine/wire", "ringside/engine/record", "ringside/riak"},
	"github.com/rogpeppe/go-internal": {"ringside/cli"},
	"github.com/expr-lang/":           {"ringside/cli/condition"},
	"github.com/anishathalye/":        {"ringside/engine/sim/linear"},
	"github.com/prometheus/":          {"ringside/cli/metrics"},
	"golang.org/x/net":                {"ringside/cli/web", "ringside/riak/httpdoor"},
}

// pure says whether a package must be free of I/O, concurrency, clocks and chance.
func pure(pkg string) bool {
	switch pkg {
	case "ringside/engine/store/level", "ringside/engine/wire/wirepb":
		return false
	}
	return strings.HasPrefix(pkg, "ringside/engine")
}

// What pure packages never import, and never call.
var (
	impureImports = []string{"net", "net/http", "os", "os/exec", "sync", "sync/atomic", "syscall", "crypto/rand", "math/rand", "context", "runtime"}
	impureCalls   = map[string][]string{
		"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		"rand": {"Int", "IntN", "Int64N", "Uint64", "Uint32", "Float64", "Perm", "Shuffle", "N"},
	}
)

// goFiles calls f for every Go file of the module outside testdata and hidden folders.
func goFiles(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if strings.HasSuffix(path, ".go") {
			f(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHouse(t *testing.T) {
	seen := map[string]bool{}
	goFiles(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			pkg := strings.TrimSuffix("ringside/"+filepath.ToSlash(filepath.Dir(path)), "/.")
			seen[pkg] = true
			checkFile(t, pkg, path)
		}
	})
	for pkg := range seen {
		if _, err := os.Stat(filepath.Join(strings.TrimPrefix(pkg, "ringside/"), "doc.go")); err != nil && pkg != "ringside" {
			t.Errorf("%s has no doc.go", pkg)
		}
	}
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("arrows name %s, which is not there", pkg)
		}
	}
}

func checkFile(t *testing.T, pkg, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range f.Imports {
		p, _ := strconv.Unquote(imp.Path.Value)
		checkImport(t, pkg, path, p)
	}
	if pure(pkg) {
		ast.Inspect(f, func(n ast.Node) bool {
			if what := impure(n); what != "" {
				t.Errorf("%s: %s in a pure package", path, what)
			}
			return true
		})
	}
}

func checkImport(t *testing.T, pkg, path, imp string) {
	if imp == "ringside" || strings.HasPrefix(imp, "ringside/") {
		allowed := slices.ContainsFunc(arrows[pkg], func(a string) bool {
			root, all := strings.CutSuffix(a, "/...")
			return imp == root || all && strings.HasPrefix(imp, root+"/")
		})
		if !allowed {
			t.Errorf("%s: %s must not import %s", path, pkg, imp)
		}
		return
	}
	for lib, owners := range kept {
		owned := slices.ContainsFunc(owners, func(o string) bool { return pkg == o || strings.HasPrefix(pkg, o+"/") })
		if strings.HasPrefix(imp, lib) && !owned {
			t.Errorf("%s: only %v may import %s", path, owners, imp)
		}
	}
	if pure(pkg) && slices.Contains(impureImports, imp) {
		t.Errorf("%s: %s must not import %s", path, pkg, imp)
	}
}

// impure names what a pure package must not do, "" if n is nothing of that kind.
func impure(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a goroutine"
	case *ast.ChanType:
		return "a channel"
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return ""
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(impureCalls[x.Name], sel.Sel.Name) {
			return x.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

// Tests keep rules of their own: a rapid property draws valid cases instead of skipping others, and
// no test builds the module again.
func TestTestsKeepTheRules(t *testing.T) {
	properties := 0
	goFiles(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		broken, drawing := brokenTestRules(f)
		properties += drawing
		for _, what := range broken {
			t.Errorf("%s: %s", path, what)
		}
	})
	if properties == 0 {
		t.Error("no function with a *rapid.T was found")
	}
}

// The rules above find violations.
func TestTestRulesCanFail(t *testing.T) {
	for source, want := range map[string]int{
		"rapid.Check(t, func(t *rapid.T) { if x { t.Skip() } })":                          1,
		"rapid.Check(t, func(rt *rapid.T) { func() { rt.Skipf(`no`); rt.SkipNow() }() })": 2,
		"rapid.Int().Filter(func(i int) bool { return i > 0 })":                           1,
		"exec.CommandContext(ctx, `go`, `test`)":                                          1,
		"rapid.Check(t, func(t *rapid.T) { t.Fatal() }); t.Skip(); exec.Command(`sh`)":    0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() { "+source+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if broken, _ := brokenTestRules(f); len(broken) != want {
			t.Errorf("%s: found %q, want %d", source, broken, want)
		}
	}
}

// brokenTestRules lists what a test file must not do, and counts the functions that draw from a
// *rapid.T.
func brokenTestRules(f *ast.File) (broken []string, drawing int) {
	ast.Inspect(f, func(n ast.Node) bool {
		typ, body := function(n)
		if drawn := typ != nil && drawsFromRapid(typ); drawn && body != nil {
			drawing++
			for _, name := range calls(body) {
				if name == "Skip" || name == "Skipf" || name == "SkipNow" {
					broken = append(broken, name+" in a rapid property; draw valid cases instead")
				}
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch name := called(call); {
		case name == "Filter": // Filter skips a case if it rejects too many values
			broken = append(broken, "Filter of a rapid generator; draw valid cases instead")
		case (name == "Command" || name == "CommandContext") && slices.ContainsFunc(call.Args, isGo):
			broken = append(broken, "the go command is run; a test that needs a build of its own belongs to make and CI")
		}
		return true
	})
	return broken, drawing
}

// function returns the signature and the body of a function, nil if n is not a function.
func function(n ast.Node) (*ast.FuncType, *ast.BlockStmt) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Type, n.Body
	case *ast.FuncLit:
		return n.Type, n.Body
	}
	return nil, nil
}

// drawsFromRapid reports whether a parameter is a *rapid.T.
func drawsFromRapid(f *ast.FuncType) bool {
	return slices.ContainsFunc(f.Params.List, func(p *ast.Field) bool {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		sel, ok := star.X.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		return ok && x.Name == "rapid" && sel.Sel.Name == "T"
	})
}

// calls lists the methods and qualified functions that a body calls.
func calls(body *ast.BlockStmt) (names []string) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			names = append(names, called(call))
		}
		return true
	})
	return names
}

// called returns the name of the method or qualified function that is called, "" for any other.
func called(call *ast.CallExpr) string {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		return sel.Sel.Name
	}
	return ""
}

// isGo reports whether an argument is the name of the go command.
func isGo(arg ast.Expr) bool {
	lit, ok := arg.(*ast.BasicLit)
	return ok && (lit.Value == `"go"` || lit.Value == "`go`")
}

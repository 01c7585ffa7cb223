package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/cli/exit"
	"ringside/cli/script"
)

// A riakDoor is a cluster in this process that serves clients of Riak, and the target that names
// it.
type riakDoor struct {
	t      *testing.T
	home   string
	host   *script.Host
	target string
}

// openDoor starts a cluster of three nodes.
func openDoor(t *testing.T) riakDoor {
	d := riakDoor{t: t, home: dataHome(t), host: &script.Host{}}
	t.Cleanup(func() { _ = d.host.Close() })
	d.own("up -n 3 --mem --riak=0", exit.OK)
	var status struct {
		Nodes []struct {
			Services map[string]string
		}
	}
	if err := json.Unmarshal([]byte(d.own("status", exit.OK)), &status); err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for _, n := range status.Nodes {
		hosts = append(hosts, n.Services["riak"])
	}
	d.target = "riak://" + strings.Join(hosts, ",") + "/plain/carts"
	return d
}

// anyCode stands for any exit code.
const anyCode = -1

// own runs a command on the cluster itself, and foreign runs one as a client of Riak. Both return
// what the command prints with --json.
func (d riakDoor) own(line string, code int) string { return d.run(line, code) }
func (d riakDoor) foreign(line string, code int) string {
	return d.run("--target "+d.target+" "+line, code)
}

func (d riakDoor) run(line string, code int) string {
	d.t.Helper()
	r := ringside(d.t, d.home, line, func(e *Env) { e.Args, e.Host = append([]string{"--json"}, e.Args...), d.host })
	if r.exit != code && code != anyCode {
		d.t.Errorf("%s: exit %d, want %d: %s%s", line, r.exit, code, r.out, r.err)
	}
	return r.out
}

// optional are the fields that are not in each answer of a cluster of ringside, or that only such a
// cluster has.
var optional = []string{
	".siblings[].request", ".siblings[].meta", ".nodes[].", ".clocks", ".truncate", ".strict", ".strategy", ".mem",
	".no_sync", ".one_way", ".slow_ms", ".loss", ".buffer", ".buffered", ".memory", ".lost", ".members", ".replicas",
	".position", ".clock.", ".past[]", ".siblings[].past[]", ".acks[]",
	".replied[]", ".skew_ms", ".siblings[].clock.",
}

// The JSON of a command on a target has the fields that it has on a cluster of ringside.
func TestContractOfTargets(t *testing.T) {
	d := openDoor(t)
	for _, line := range []string{"put cart milk", "get cart", "get nothing", "put cart tea", "get cart --one",
		"resolve cart --pick 1", "cart add basket milk", "cart show basket", "keys", "where cart", "status", "wait up",
		"expect siblings(cart)==1", "expect --exit 3 -- get nothing", "load 3", "as alice get cart", "as"} {
		code := exit.OK
		switch line {
		case "get nothing":
			code = exit.NotFound
		case "get cart --one":
			code = exit.Siblings
		}
		own, foreign := paths(t, line, d.own(line, code)), paths(t, line, d.foreign(line, code))
		for _, path := range missing(own, foreign) {
			if !slices.ContainsFunc(optional, func(o string) bool { return strings.HasPrefix(path, o) }) {
				t.Errorf("%s: the JSON of a target has no %s", line, path)
			}
		}
	}
}

// paths returns the paths of the fields in JSON.
func paths(t *testing.T, line, text string) []string {
	var out []string
	for _, s := range shape(t, line, text) {
		path, _, _ := strings.Cut(s, " ")
		out = append(out, path)
	}
	return slices.Compact(out)
}

// Exit codes tell what became of a request when nodes are down: the next host answers, and a quorum
// that is not reached is exit 5.
func TestTargetWithNodesDown(t *testing.T) {
	d := openDoor(t)
	d.foreign("put cart milk --save @c", exit.OK)
	d.foreign("get cart -R 4", exit.Usage)
	d.own("kill n1", exit.OK)
	for !strings.Contains(d.foreign("status", exit.OK), `"state":"down","reason":`) {
		time.Sleep(time.Millisecond) // the port closes soon after the node
	}
	d.foreign("put cart tea -c @c", exit.OK)
	if out := d.foreign("wait up --timeout 10ms", exit.Expectation); !strings.Contains(out, "is down") {
		t.Errorf("wait: %s", out)
	}
	d.foreign("expect up(n2)", exit.OK)
	d.own("kill n2", exit.OK)
	if out := d.foreign("put cart tea", exit.Quorum); !strings.Contains(out, `"quorum_not_reached"`) {
		t.Errorf("put: %s", out)
	}
	d.foreign("get cart", exit.Quorum)
	d.own("kill n3", exit.OK)
	unreachable := func() bool {
		return strings.Contains(d.run("--target "+d.target+" get cart", anyCode), `"no_cluster"`)
	}
	for !unreachable() {
		time.Sleep(time.Millisecond)
	}
	d.own("restart n1 n2 n3", exit.OK)
	for unreachable() {
		time.Sleep(time.Millisecond)
	}
	d.foreign(`wait value(cart)=="tea"||siblings(cart)==2`, exit.OK)
}

// Flags and variables choose a target, and a cluster of ringside where they say so.
func TestTargetOf(t *testing.T) {
	const one, other = "riak://127.0.0.1:1", "riak://127.0.0.1:2"
	for _, c := range []struct {
		line, variable string
		code           int
		says           string
	}{
		{"get cart --target " + one, "", exit.NoCluster, one},
		{"--target " + one + " get cart", other, exit.NoCluster, one},
		{"get cart", other, exit.NoCluster, other},
		{"get cart --cluster default", other, exit.NoCluster, "no cluster default is running"},
		{"as alice get cart --target " + one, "", exit.NoCluster, one},
		{"get cart --target " + one + " --cluster default", "", exit.Usage, "two clusters"},
		{"get cart --target x", "", exit.Usage, "want riak://"},
		{"get cart --target " + one + " --timeout 0s", "", exit.Usage, "timeout"},
		{"ls --target " + one, "", exit.OK, ""},
		{"version", other, exit.OK, ""},
		{"lab --target " + one, "", exit.Usage, "leave --target out"},
		{"snapshot screen.svg", other, exit.Usage, "cluster of ringside"},
		{"partition n1 n2", other, exit.Usage, "--hook-partition CMD"},
		{"partition n1 n2 --hook-partition nosuchcommand", other, exit.NoCommand, "nosuchcommand"},
		{"down", other, exit.Usage, "has not started it"},
		{"run --skip-unsupported cart", "", exit.Usage, "is for --target"},
	} {
		home := dataHome(t)
		r := ringside(t, home, c.line, func(e *Env) {
			inner := e.Getenv
			e.Getenv = func(name string) string {
				if name == targetVariable {
					return c.variable
				}
				return inner(name)
			}
		})
		if r.exit != c.code || !strings.Contains(r.err, c.says) {
			t.Errorf("%s with %s: exit %d: %s; want %d and %q", c.line, c.variable, r.exit, r.err, c.code, c.says)
		}
	}
}

// Package riak_test plays what a real Riak answered against the doors of a cluster.
package riak_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ringside/localcluster"
	"ringside/riak/door"
	"ringside/riak/httpdoor"
	"ringside/riak/pbdoor"
)

// A scenario is what the test needs of a line of a file.
type scenario struct {
	Name  string
	Steps []struct {
		Wait    float64
		Request json.RawMessage // of HTTP
	}
}

// scenarios reads a file of scenarios.
func scenarios(t *testing.T, file string) []scenario {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []scenario
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var s scenario
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := lines.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%s: %d scenarios, %v", file, len(out), err)
	}
	return out
}

// groups divides scenarios, so that their waits overlap: a group for each scenario that waits, and
// one for all others. The scenarios that change the properties of a type are one group, because
// they use the same type.
func groups(list []scenario) [][]string {
	var out [][]string
	var quick, types []string
	for _, s := range list {
		wait := 0.0
		for _, step := range s.Steps {
			wait += step.Wait
		}
		switch {
		case strings.Contains(s.Name, "type_props"):
			types = append(types, s.Name)
		case wait > 0.5:
			out = append(out, []string{s.Name})
		default:
			quick = append(quick, s.Name)
		}
	}
	return append(out, quick, types)
}

// replay plays scenarios. It returns what the replayer printed, and how many passed.
func replay(t *testing.T, python string, at map[string]string, names []string) (text string, passed int) {
	port := func(service string) string {
		if at[service] == "" {
			return "1" // no scenario uses it
		}
		_, port, err := net.SplitHostPort(at[service])
		if err != nil {
			t.Error(err)
		}
		return port
	}
	args := []string{"replay.py", "127.0.0.1", port("riak"), port("riak-http")}
	for _, name := range names {
		args = append(args, "^"+regexp.QuoteMeta(name)+"$")
	}
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	total := 0
	if i := bytes.LastIndexByte(bytes.TrimSpace(out), '\n'); i >= -1 {
		_, _ = fmt.Sscanf(string(out[i+1:]), "%d/%d passed", &passed, &total)
	}
	if total != len(names) {
		t.Errorf("%v: %d of %d scenarios were played\n%s", err, total, len(names), out)
	}
	return string(out), passed
}

// services are the interfaces of Riak, each at free ports.
var services = []door.Service{
	{Name: "riak", Serve: func(ln net.Listener, n door.Node) io.Closer {
		return pbdoor.Serve(ln, pbdoor.Options{Store: n.Store, Node: n.Name, Stalled: n.Stalled})
	}},
	{Name: "riak-http", Serve: func(ln net.Listener, n door.Node) io.Closer {
		return httpdoor.Serve(ln, httpdoor.Options{Store: n.Store, Stalled: n.Stalled})
	}},
}

// Each answer is the one that was recorded from Riak KV 3.2.0, in the sense of README.md.
func TestGoldensOfProtocolBuffers(t *testing.T) { play(t, "pb.jsonl") }

// So are the answers over HTTP. Some scenarios use both interfaces.
func TestGoldensOfHTTP(t *testing.T) { play(t, "http.jsonl") }

func play(t *testing.T, file string) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, and replay.py needs it")
	}
	c, err := localcluster.Start(t.Context(), localcluster.Options{Home: t.TempDir(), Mem: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	doors, err := door.Open(t.Context(), door.Options{Cluster: c, Services: services})
	if err != nil {
		t.Fatal(err)
	}
	defer doors.Close()
	at := map[string]string{}
	for _, s := range services {
		at[s.Name] = doors.Addr(c.Running()[0], s.Name)
	}
	list := scenarios(t, file)
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := 0
	for _, names := range groups(list) {
		wg.Go(func() {
			text, passed := replay(t, python, at, names)
			mu.Lock()
			defer mu.Unlock()
			total += passed
			if passed < len(names) {
				t.Error(text)
			}
		})
	}
	wg.Wait()
	t.Logf("%s: %d of %d scenarios passed", file, total, len(list))
}

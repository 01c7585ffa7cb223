package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/script"
	"ringside/cli/verbs"
	"ringside/localcluster/control"
)

// TestMain lets the tests start this binary as the program, as up --detach does.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		os.Exit(Main(os.Args))
	}
	os.Exit(m.Run())
}

// dataHome returns a new data folder whose path is short enough for the name of a socket. When the
// test ends, dataHome takes down the clusters in the folder and removes the folder.
func dataHome(t *testing.T) string {
	t.Helper()
	dir, err := console.ShortTemp("rt-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		script.TakeDown(dir)
		_ = os.RemoveAll(dir)
	})
	return dir
}

type result struct {
	out, err string
	exit     int
}

// ringside runs a line as a shell would.
func ringside(t *testing.T, dir, line string, change ...func(*Env)) result {
	t.Helper()
	words, err := verbs.Split(line)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	env := Env{Args: words, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &stderr, Getenv: getenv(dir)}
	for _, c := range change {
		c(&env)
	}
	exit := Run(t.Context(), env)
	return result{out.String(), stderr.String(), exit}
}

func getenv(dir string) func(string) string {
	return func(name string) string {
		if name == "RINGSIDE_HOME" || name == "TMPDIR" {
			return dir
		}
		return ""
	}
}

// The story that the demo tells is true: every command works, and every check
// holds after its step, whatever the number of nodes.
func TestDemoStory(t *testing.T) {
	for _, n := range []int{4, 5, 7, 12} {
		s := newSession(t.Context(), Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
			Getenv: getenv("")})
		cluster, cleanUp, err := s.throwAway(n)
		if err != nil {
			t.Fatal(err)
		}
		env := s.verbsEnv()
		env.Cluster = cluster
		for i, st := range demoSteps(n) {
			if err := s.narrateStep(env, i, st); err != nil {
				t.Errorf("n=%d: %s: %v", n, st.command, err)
			}
			if st.check == "" {
				continue
			}
			if err := verbs.Run(s.ctx, env, []string{"expect", st.check}); err != nil {
				t.Errorf("n=%d: after %s: %v", n, st.command, err)
			}
		}
		cleanUp()
	}
}

func TestDemoAsText(t *testing.T) {
	r := ringside(t, dataHome(t), "demo")
	if r.exit != 0 || !strings.Contains(r.out, "$ ringside resolve cart --union") ||
		!strings.Contains(r.out, "milk,beer,eggs") {
		t.Errorf("exit %d: %s%s", r.exit, r.out, r.err)
	}
}

// Global flags may stand before and after the command.
func TestGlobalFlags(t *testing.T) {
	dir := dataHome(t)
	for _, line := range []string{"--cluster red --json get cart", "get cart --cluster red --json",
		"--json get --cluster=red cart", "get --json cart --cluster red"} {
		r := ringside(t, dir, line)
		if r.exit != exit.NoCluster || r.err != "" || !strings.Contains(r.out, `"code":"no_cluster"`) ||
			!strings.Contains(r.out, "ringside up --cluster red") {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// An error in a command line comes before the search for a cluster.
func TestUsage(t *testing.T) {
	dir := dataHome(t)
	for line, want := range map[string]string{
		"get":                    "usage: ringside get KEY",
		"git cart":               "did you mean get?",
		"--jsno":                 "ringside help",
		"--cluster":              "ringside help",
		"up -n 0":                "a whole number from 1 to 256",
		"up -n 3 --names a,b":    "do not agree",
		"up -n 2 -N 3":           "N=3",
		"up --mode chaos --mem":  "chaos",
		"up --mem --dir d":       "--dir or --mem",
		"up --names a,A":         "invalid node name",
		"get cart --cluster ../": "invalid cluster name",
		"completion tcsh":        "bash zsh fish pwsh",
		"help git":               "did you mean get?",
		"demo -n 3":              "-n 4 or more",
		"tui":                    "ringside up",
		"run nothing.txtar":      "nothing.txtar",
		"run .":                  "holds no .txtar",
		"put k v -c @./no/x":     "read context",
	} {
		r := ringside(t, dir, line)
		if want := want; !strings.Contains(r.err, want) || r.out != "" || r.exit != exit.Usage && line != "tui" {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	dir := dataHome(t)
	for _, line := range []string{"", "--help", "-h", "help", "help up", "up --help", "get -h cart",
		"partition --help"} {
		if r := ringside(t, dir, line); r.exit != 0 || r.err != "" || r.out == "" {
			t.Errorf("%q: %+v", line, r)
		}
	}
	for _, line := range []string{"version", "--version", "man", "completion bash", "completion zsh",
		"completion fish", "completion pwsh"} {
		if r := ringside(t, dir, line); r.exit != 0 || r.err != "" || len(r.out) < 20 {
			t.Errorf("%q: %+v", line, r)
		}
	}
}

// Every command is in help, the manual and completion, and those of the contract are there.
func TestCommandsAreListed(t *testing.T) {
	dir := dataHome(t)
	overview, man, complete := ringside(t, dir, "help").out, ringside(t, dir, "man").out, ringside(t, dir,
		"__complete -- ''").out
	contract := strings.Fields(`demo up down ls status tui get put del resolve partition heal kill pause resume restart wipe
		slow loss ring inspect hints trace events wait expect run sim paper completion man version help cart join leave
		settle sync merkle clock`)
	for _, v := range allVerbs() {
		if !slices.Contains(contract, v.Name) {
			contract = append(contract, v.Name)
		}
	}
	for _, name := range contract {
		if !strings.Contains(overview, "\n  "+name+" ") || !strings.Contains(man, "\n.SH "+name+"\n") ||
			!strings.Contains("\n"+complete, "\n"+name+"\n") {
			t.Errorf("%s is not in help, the manual and completion", name)
		}
	}
}

func TestUpRunsUntilInterrupted(t *testing.T) {
	dir := dataHome(t)
	ctx, interrupt := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- Run(ctx, Env{Args: []string{"up", "--json", "-n", "3"}, Stdout: out, Stderr: io.Discard,
			Getenv: getenv(dir)})
	}()
	var report upReport
	if err := json.NewDecoder(in).Decode(&report); err != nil || len(report.Nodes) != 3 ||
		report.PID != os.Getpid() || report.Dir == "" {
		t.Fatalf("%v: %+v", err, report)
	}
	if r := ringside(t, dir, "put cart milk"); r.exit != 0 {
		t.Errorf("put: %+v", r)
	}
	if r := ringside(t, dir, "up"); r.exit != exit.Usage || !strings.Contains(r.err, "running already") {
		t.Errorf("up twice: %+v", r)
	}
	events, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	follow := ringside(t, dir, "events -f --json", func(e *Env) { e.Stdout = io.Discard; go func() { <-events.Done(); interrupt() }() })
	if follow.exit != exit.NoCluster { // the cluster went away under it
		t.Errorf("events -f: %+v", follow)
	}
	if got := <-ended; got != exit.Interrupted {
		t.Errorf("up ended with exit %d", got)
	}
	if r := ringside(t, dir, "get cart"); r.exit != exit.NoCluster {
		t.Errorf("after that: %+v", r)
	}
}

func TestDetach(t *testing.T) {
	dir := dataHome(t)
	t.Setenv("RINGSIDE_HOME", dir) // for the other process
	r := ringside(t, dir, "up --detach --json -n 3 --mem")
	var report upReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.exit != 0 || report.PID == os.Getpid() {
		t.Fatalf("%+v: %v", r, err)
	}
	if r := ringside(t, dir, "put cart milk"); r.exit != 0 {
		t.Errorf("put: %+v", r)
	}
	if r := ringside(t, dir, "up --detach"); r.exit != exit.Usage || !strings.Contains(r.err, "running already") {
		t.Errorf("up twice: %+v", r)
	}
	if r := ringside(t, dir, "down"); r.exit != 0 {
		t.Errorf("down: %+v", r)
	}
	if r := ringside(t, dir, "ls --json"); r.out != "{\"clusters\":[]}\n" {
		t.Errorf("ls: %+v", r)
	}
}

// Command lines share no state, because scripts run many of them at once.
func TestParallelCommandLines(t *testing.T) {
	host := &script.Host{}
	defer host.Close()
	dir := dataHome(t)
	if r := ringside(t, dir, "up -n 3 --mem", func(e *Env) { e.Host = host }); r.exit != 0 {
		t.Fatalf("up: %+v", r)
	}
	if r := ringside(t, dir, "put cart milk"); r.exit != 0 { // or the first get may come before the first put
		t.Fatalf("put: %+v", r)
	}
	var wg sync.WaitGroup
	for range 8 {
		for _, line := range []string{"put cart milk --save @x", "get cart --json", "help", "man", "--version",
			"--json status", "nonsense", "wait hints=0"} {
			wg.Go(func() {
				if r := ringside(t, dir, line); (r.exit == 0) == (line == "nonsense") {
					t.Errorf("%s: %+v", line, r)
				}
			})
		}
	}
	wg.Wait()
}

// shut is a pipe whose reader has closed it, as head does.
type shut struct{}

func (shut) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestBrokenPipeIsQuiet(t *testing.T) {
	if r := ringside(t, dataHome(t), "help", func(e *Env) { e.Stdout = shut{} }); r.exit != 0 || r.err != "" {
		t.Errorf("%+v", r)
	}
}

func TestScriptsAreReported(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.txtar": "ringside up --mem -n 3\nringside put cart milk\nringside expect 'value(cart)==\"milk\"'\n",
		"bad.txtar":  "# it fails here\nringside up --mem -n 3\n\n! ringside get nothing\nringside get nothing\n",
		"odd.txtar":  "nonsense\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(e *Env) { e.Dir = dir }
	r := ringside(t, dataHome(t), "run good.txtar bad.txtar odd.txtar --json", in)
	var lines []struct {
		Script, FailedAt, Message, Capsule string
		OK                                 bool
	}
	for line := range strings.Lines(strings.ReplaceAll(r.out, "failed_at", "FailedAt")) {
		lines = append(lines, struct {
			Script, FailedAt, Message, Capsule string
			OK                                 bool
		}{})
		if err := json.Unmarshal([]byte(line), &lines[len(lines)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if r.exit != exit.Expectation || len(lines) != 3 || !lines[0].OK || lines[1].OK || lines[2].OK ||
		!strings.HasSuffix(lines[1].FailedAt, "bad.txtar:5") ||
		lines[1].Message != "exit 3: get: no value for nothing" || lines[0].Capsule+lines[2].Capsule != "" ||
		!strings.Contains(lines[2].Message, "unknown command") {
		t.Errorf("exit %d: %+v", r.exit, lines)
	}
	if r := ringside(t, dataHome(t), "run .", in); !strings.Contains(r.out, "FAIL  bad") ||
		!strings.Contains(r.out, "it fails here") || !strings.Contains(r.out, "ok    good") {
		t.Errorf("%+v", r)
	}
	if r := ringside(t, dataHome(t), "run good.txtar -v", in); r.exit != 0 ||
		!strings.Contains(r.out, "> ringside put cart milk") {
		t.Errorf("%+v", r)
	}
}

func TestOtherErrorsStay(t *testing.T) {
	broken := errors.New("broken")
	if withExitCode(broken, "") != broken || withExitCode(nil, "") != nil {
		t.Error("an error of no special kind changed")
	}
	if e := exit.As(withExitCode(control.ErrNotRunning, "default")); e.Exit != exit.NoCluster {
		t.Errorf("%+v", e)
	}
}

func TestScriptIsInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its console tells all processes")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if err := os.WriteFile(filepath.Join(dir, "a.txtar"), []byte("! exec sleep 100\nexec sleep 100\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	time.AfterFunc(200*time.Millisecond, cancel)
	code := Run(ctx, Env{Args: []string{"run", "a.txtar"}, Stdin: strings.NewReader(""), Stdout: io.Discard,
		Stderr: io.Discard, Getenv: os.Getenv, Dir: dir})
	left, err := filepath.Glob(filepath.Join(dir, "go-test-script*"))
	if code != exit.Interrupted || time.Since(start) > 10*time.Second || len(left) > 0 || err != nil {
		t.Errorf("exit %d after %v; left: %v %v", code, time.Since(start), left, err)
	}
}

// The prompt is attached to one cluster, so it refuses a command for another one.
func TestPromptRefusesAnotherCluster(t *testing.T) {
	env := &verbs.Env{Name: "a", Extra: globals} // without a cluster: nothing is sent
	for _, line := range []string{"kill n1 --cluster b", "ringside put cart milk --cluster=b", "help --cluster b"} {
		out, code := verbs.RunLine(t.Context(), env, line, nil)
		if code != exit.Usage || !strings.Contains(out, "commands here act on cluster a") {
			t.Errorf("%s: exit %d, %q", line, code, out)
		}
	}
	if out, code := verbs.RunLine(t.Context(), env, "clock compare {n1:1} {n1:1} --cluster a", nil); code != exit.OK {
		t.Errorf("its own cluster: exit %d, %q", code, out)
	}
}

// The flag and the command for help print the same, with the program's name before a command.
func TestHelpIsOne(t *testing.T) {
	for _, lines := range [][]string{
		{"help", "-h", "--help"}, {"help --json", "-h --json"}, {"help put", "put --help", "put -h", "-h put"},
		{"help up --json", "-h up --json", "up --help --json"},
	} {
		want := ringside(t, t.TempDir(), lines[0])
		for _, line := range lines[1:] {
			if got := ringside(t, t.TempDir(), line); got != want || got.exit != 0 {
				t.Errorf("%s and %s differ:\n%+v\n%+v", line, lines[0], got, want)
			}
		}
	}
	if r := ringside(t, t.TempDir(), "put --help"); !strings.Contains(r.out, "\n  ringside put KEY VALUE|- [-c CTX]") {
		t.Errorf("%s", r.out)
	}
	if r := ringside(t, t.TempDir(), "put"); !strings.Contains(r.err, "usage: ringside put KEY") {
		t.Errorf("%s", r.err)
	}
}

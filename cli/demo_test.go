package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/tui/cues"
)

// openDemo opens a demo as on a terminal, in a home.
func openDemo(t *testing.T, home string) *liveDemo {
	t.Helper()
	s := newSession(t.Context(), Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		Getenv: func(name string) string { return map[string]string{"RINGSIDE_HOME": home}[name] }})
	c, err := verbs.Parse(demoCommand.verb, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &liveDemo{s: s}
	if err := d.open(c); err != nil {
		t.Fatal(err)
	}
	return d
}

// A demo is reached by its name, a second one has another name, and nothing of them is left.
func TestDemoIsReachedByItsName(t *testing.T) {
	home := dataHome(t)
	first, second := openDemo(t, home), openDemo(t, home)
	if out, code := first.play(t.Context(), first.place, []string{"put cart milk --save @cart"}); code != exit.OK {
		t.Fatal(out)
	}
	for name, want := range map[string]int{"demo": exit.OK, "demo-2": exit.NotFound, "demo-3": exit.NoCluster} {
		if r := ringside(t, home, "--cluster "+name+" get cart"); r.exit != want {
			t.Errorf("get on %s: exit %d, want %d: %s", name, r.exit, want, r.err)
		}
	}
	if want := program + " --cluster demo-2 get cart"; second.reach("get cart") != want {
		t.Errorf("the second demo is reached by %q", second.reach("get cart"))
	}
	first.end()
	second.end()
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// A fresh cluster takes the place of a demo's under the same name. It knows the lines that were
// played again, and nothing else. A line that failed does not stop the others.
func TestDemoBeginsAgain(t *testing.T) {
	home := dataHome(t)
	d := openDemo(t, home)
	defer d.end()
	lines := []string{"as alice put cart milk", "get nothing", "as alice put cart milk,eggs"}
	for _, line := range append(lines, "put other x") {
		d.play(t.Context(), d.place, []string{line})
	}
	if _, out, code := d.again(t.Context(), lines); code != exit.OK {
		t.Fatal(out)
	}
	if out, code := d.play(t.Context(), d.place, []string{`expect 'value(cart)=="milk,eggs"'`}); code != exit.OK {
		t.Error(out)
	}
	if r := ringside(t, home, "--cluster demo get other"); r.exit != exit.NotFound {
		t.Errorf("the fresh cluster knows the other key: exit %d", r.exit)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.again(ctx, lines) // an interrupt leaves a cluster that runs
	if r := ringside(t, home, "--cluster demo status"); r.exit != exit.OK {
		t.Errorf("after an interrupt: exit %d: %s", r.exit, r.err)
	}
}

// Cues that are played again mean what they meant before: a client that was introduced runs the
// lines after it, a colon means nothing, and what a snapshot saved is not saved again.
func TestCuesArePlayedAgain(t *testing.T) {
	d := openDemo(t, dataHome(t))
	defer d.end()
	d.s.Dir = t.TempDir()
	lines := []string{"as bob", "as -", "big", ":put cart tea", "snapshot again.txt", "as alice", "put cart milk", "put cart milk,eggs"}
	client, out, code := d.again(t.Context(), lines)
	if client != "alice" || code != exit.OK {
		t.Fatalf("the client is %q, exit %d: %s", client, code, out)
	}
	want := "expect 'siblings(cart) == 2'" // alice saw her first write, and not that of no client
	if out, code := d.play(t.Context(), d.place, []string{want}); code != exit.OK {
		t.Error(out)
	}
	if left, err := os.ReadDir(d.s.Dir); err != nil || len(left) > 0 {
		t.Errorf("saved again: %v (%v)", left, err)
	}
}

// Cue sheets and the prompt of the screens take the same words.
func TestCheckCue(t *testing.T) {
	for line, ok := range map[string]bool{
		"snapshot": true, "snapshot a.svg": true, ":big": true, "as -": true, "as alice get cart": true, "help": true,
		"snapshot --size 100x40 a.svg": false, "snapshot a.png": false, "q": false, "?": false, ":": false, "big x": false,
	} {
		if err := checkCue(line); (err == nil) != ok {
			t.Errorf("%q as a cue: %v", line, err)
		}
	}
}

// A character that a terminal would obey is not written, whatever made the sheet.
func TestCuesAreEscaped(t *testing.T) {
	var out strings.Builder
	s := newSession(t.Context(), Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }})
	_ = narrateCues(s, nil, &cues.Sheet{Cues: []cues.Cue{{Command: "help \x1b[2J"}}})
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `\x1b[2J`) {
		t.Errorf("it writes %q", out.String())
	}
}

// Without a home folder of the user, a demo has a temporary one, says so, and deletes it.
func TestDemoWithoutAHome(t *testing.T) {
	file := filepath.Join(dataHome(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDemo(t, file)
	if _, err := os.Stat(d.temp); err != nil || !strings.HasPrefix(d.reach("get cart"), "RINGSIDE_HOME="+d.temp+" ") {
		t.Errorf("reached by %q (%v)", d.reach("get cart"), err)
	}
	if out, code := d.play(t.Context(), d.place, []string{"put cart milk --save @cart"}); code != exit.OK {
		t.Error(out)
	}
	d.end()
	if _, err := os.Stat(d.temp); !os.IsNotExist(err) {
		t.Errorf("%s is left behind (%v)", d.temp, err)
	}
}

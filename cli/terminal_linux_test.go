package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new pseudo-terminal of 100 columns and 30 rows.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: 100, Row: 30})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// onTerminal runs a command of the program on a terminal of its own, and calls read with all that
// the terminal has received so far, each time more comes in. read may write answers to the
// terminal, and returns true to end the program.
func onTerminal(t *testing.T, read func(master *os.File, text string) bool, args ...string) string {
	t.Helper()
	return onTerminalIn(t, dataHome(t), read, args...)
}

// terminalTimeout bounds a run on a terminal, so that a screen that never comes fails the test. A
// run takes seconds on a busy machine.
const terminalTimeout = 60 * time.Second

// onTerminalIn is onTerminal with a home folder.
func onTerminalIn(t *testing.T, home string, read func(master *os.File, text string) bool, args ...string) string {
	t.Helper()
	master, slave := openTerminal(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), terminalTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Args = append([]string{program}, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CI=") || strings.HasPrefix(v, "NO_COLOR=") || strings.HasPrefix(v, "TMUX=")
	}), "TERM=xterm-256color", "COLORTERM=", "LANG=C.UTF-8", "RINGSIDE_HOME="+home)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	var text bytes.Buffer
	for b := make([]byte, 4096); ; {
		n, err := master.Read(b)
		text.Write(b[:n])
		if err != nil { // EIO: the program has ended
			break
		}
		if read(master, text.String()) {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			read = func(*os.File, string) bool { return false }
		}
	}
	_ = cmd.Wait()
	return text.String()
}

// questions are the sequences that a terminal answers: its colours, its cursor, its kind, its modes
// and its size.
var questions = regexp.MustCompile(`\x1b\]1[0-9];\?|\x1b\]4;[0-9]+;\?|\x1b\[\??[56]n|\x1b\[[>=]?[0-9]*c|` +
	`\x1b\[\??[0-9;]*\$p|\x1b\[1[0-9]t|\x1b\[>[0-9]*q|\x1b\[\?u|\x1bP[+$]q|\x05`)

// A command that draws no screen asks the terminal nothing and does not wait for an answer.
func TestCommandsAskTheTerminalNothing(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"ls"}, {"help", "get"}, {"status"}, {"paper", "4.6"}} {
		began := time.Now()
		text := onTerminal(t, func(*os.File, string) bool { return false }, args...)
		if questions.MatchString(text) || text == "" {
			t.Errorf("%v: the terminal received %q after %v", args, text, time.Since(began))
		}
	}
}

// The screens ask the terminal nothing either, and draw in colours.
func TestScreensAskTheTerminalNothingAndHaveColours(t *testing.T) {
	text := onTerminal(t, func(_ *os.File, text string) bool { return strings.Contains(text, "Events") }, "demo")
	if asked := questions.FindString(text); asked != "" {
		t.Errorf("the screens asked %q", asked)
	}
	if !strings.Contains(text, "\x1b[38;5;") && !strings.Contains(text, ";38;5;") {
		t.Errorf("a frame without colours: %q", text)
	}
}

// A test of the pattern, without which the tests above could not fail.
func TestQuestionsAreRecognized(t *testing.T) {
	for text, want := range map[string]bool{
		"\x1b]11;?\x1b\\": true, "\x1b[6n": true, "\x1b[c": true, "\x1b[>0q": true, "\x1b[?2026$p": true, "\x1b[?u": true,
		"\x1b[?1049h\x1b[?25l\x1b[2J\x1b[1;1H\x1b[0;1;38;5;33mx\x1b[K\x1b[?2004h\x1b]2;title\x07": false,
	} {
		if questions.MatchString(text) != want {
			t.Errorf("%q counts as a question: %v", text, !want)
		}
	}
}

// The environment is the one that the process was started with.
func TestEnvironmentIsRestored(t *testing.T) {
	began, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		t.Skip(err)
	}
	want := ""
	for _, v := range strings.Split(string(began), "\x00") {
		if strings.HasPrefix(v, "CI=") {
			want = v
		}
	}
	got := ""
	if v, ok := os.LookupEnv("CI"); ok {
		got = "CI=" + v
	}
	if got != want {
		t.Errorf("the environment has %q, want %q", got, want)
	}
}

// typist returns a read function for onTerminal that types keys, each after the text before it has
// come since the last one. It ends the program after the last text.
func typist(t *testing.T, steps ...[2]string) func(master *os.File, text string) bool {
	t.Helper()
	from := 0
	return func(master *os.File, text string) bool {
		for len(steps) > 0 {
			i := strings.Index(text[from:], steps[0][0])
			if i < 0 {
				return false
			}
			from += i + len(steps[0][0])
			if _, err := master.WriteString(steps[0][1]); err != nil {
				t.Error(err)
			}
			steps = steps[1:]
		}
		return false
	}
}

// A speaker steps through a cue sheet and back, and leaves the demo after a question.
func TestCuesOnATerminal(t *testing.T) {
	text := onTerminal(t, typist(t, [2]string{"0/11", "n"}, [2]string{"coordinator n3  W 2/2", "N"}, // the put has ended
		[2]string{"fresh cluster, and 0 cues", "q"}, [2]string{"leave, and end the cluster", "\r"}),
		"demo", "--cues", "conflict")
	if !strings.Contains(text, "The demo is over") || questions.MatchString(text) {
		t.Errorf("the terminal received %q", text)
	}
}

// A demo that is kept runs on after its screen, says how to reach it, and is ended by down.
func TestKeptDemoRunsOn(t *testing.T) {
	home := dataHome(t)
	text := onTerminalIn(t, home, typist(t, [2]string{"in another shell", "\x1b"}, [2]string{"select", "q"}), "demo", "--keep")
	if !strings.Contains(text, "demo runs on in the background") || !strings.Contains(text, "--cluster demo down") {
		t.Errorf("the terminal received %q", text)
	}
	for _, line := range []string{"--cluster demo get cart", "--cluster demo down"} {
		if r := ringside(t, home, line); r.exit != 0 {
			t.Errorf("%s: exit %d: %s", line, r.exit, r.err)
		}
	}
}

// A recording of the screens has the sizes that the terminal gets meanwhile.
func TestRecordingHasTheSizesOfTheTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "talk.cast")
	wider := &unix.Winsize{Col: 120, Row: 36}
	resized, ended := false, false
	onTerminal(t, func(master *os.File, text string) bool {
		if !resized && strings.Contains(text, "Events") {
			resized = true
			if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, wider); err != nil {
				t.Error(err)
			}
		}
		tape, err := os.ReadFile(file)
		ended = err == nil && strings.Contains(string(tape), `"r","120x36"]`)
		return ended
	}, "demo", "--record", file)
	tape, err := os.ReadFile(file)
	if err != nil || !ended || !strings.Contains(string(tape), `"width":100,"height":30,`) ||
		strings.Count(string(tape), `,"r",`) != 1 {
		t.Errorf("the recording (%v) is %.200q, and has %d changes of the size", err, tape, strings.Count(string(tape), `,"r",`))
	}
}

package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/verbs"
)

// run runs the command tour with lines as its input.
func run(t *testing.T, ctx context.Context, in io.Reader, args ...string) (out, errs string, err error) {
	t.Helper()
	call, err := verbs.Parse(Verb, args)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	con := &console.Console{Stdin: in, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" },
		JSON: call.Bool("json")}
	err = Run(ctx, con, call, Options{Home: t.TempDir(), MaxKeys: fewKeys})
	return stdout.String(), stderr.String(), err
}

// In a pipe, a lesson that was completed ends well, and one that was not ends with exit code 8.
func TestPipe(t *testing.T) {
	t.Parallel()
	walk := "show me\n\nshow me\n\nyes\r\nshow me\n\n2\nshow me\n"
	out, errs, err := run(t, t.Context(), strings.NewReader(walk), "carts", "--plain")
	if err != nil || errs != "" {
		t.Errorf("%v %s", err, errs)
	}
	wants(t, out, "Lesson 4: Two carts", "tour> yes\n", "Right: 2.", "End of Two carts", "Remember: ", "Your turn: ",
		"What the paper says: paper 4.4")
	for line := range strings.Lines(out) {
		if strings.ContainsAny(line, "\x1b*") || utf8.RuneCountInString(line) > plainWidth+1 { // with its newline
			t.Errorf("not plain, or too wide: %q", line)
		}
	}
	for _, walk := range []string{"", "show me\n", "quit\nshow me\n", strings.ReplaceAll(walk, "yes", "skip")} {
		_, _, err := run(t, t.Context(), strings.NewReader(walk), "carts")
		if e := exit.As(err); e == nil || e.Exit != exit.Expectation {
			t.Errorf("%q: %v", walk, err)
		}
	}
	if _, _, err := run(t, t.Context(), strings.NewReader(""), "--list", "carts"); exit.As(err).Exit != exit.Usage {
		t.Error(err)
	}
}

// The example of the help walks lesson 4 to its end.
func TestExampleOfHelp(t *testing.T) {
	t.Parallel()
	wants(t, Verb.Help, "yes 'show me\n  next' | head -12 | ringside tour 4")
	out, _, err := run(t, t.Context(), strings.NewReader(strings.Repeat("show me\nnext\n", 6)), "4")
	if err != nil {
		t.Error(err)
	}
	wants(t, out, "End of Two carts")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	out, _, err := run(t, t.Context(), strings.NewReader("3\n"), "where", "--json")
	if e := exit.As(err); e == nil || !e.Reported {
		t.Errorf("%v", err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	wants(t, lines[0], `"kind":"heading"`)
	wants(t, lines[len(lines)-1], `"completed":false`, `"right":0`)
}

// An interrupt ends the tour, although no line comes.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	defer feed.Close()
	ended := make(chan error, 1)
	go func() {
		_, _, err := run(t, ctx, in, "carts")
		ended <- err
	}()
	if _, err := io.WriteString(feed, "put cart milk\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(walkTime):
		t.Error("the tour does not end")
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string
	}{
		{"one two three", "one two\nthree"},
		{"a **b c** d e", "a b c d\ne"},
		{"a b **cccc dddd**.", "a b\ncccc dddd."},
		{"", ""},
	} {
		lines := Wrap(tt.text, 8)
		for i := range lines {
			lines[i] = Text(lines[i]).Plain()
		}
		if got := strings.Join(lines, "\n"); got != tt.want {
			t.Errorf("%q: got %q", tt.text, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	choice := []string{"neither is newer", "n1's"}
	for _, tt := range []struct {
		kind AnswerKind
		text string
		want string // "": refused
	}{
		{Nodes, "n3, n4 and n5", "n3 n4 n5"},
		{Nodes, " n5 n3  n5", "n3 n5"},
		{Nodes, "n1!", ""},
		{Nodes, "", ""},
		{Number, " 2.", "2"},
		{Number, "Two", "2"},
		{Number, "02", "2"},
		{Number, "many", ""},
		{YesNo, "Yes.", "yes"},
		{YesNo, "n", "no"},
		{YesNo, "maybe", ""},
		{Choice, "A)", "neither is newer"},
		{Choice, "N1's", "n1's"},
		{Choice, "c", ""},
		{Clock, "{ n3:2, n1:1 }", "{n1:1 n3:2}"},
		{Clock, "{n3:1.3}", "{n3:1.3}"},
		{Clock, "n3=2 n1=1", "{n1:1 n3:2}"},
		{Clock, "{}", ""},
		{Clock, "three", ""},
	} {
		q := Question{Kind: tt.kind, Options: choice}
		got, err := q.read(tt.text)
		if got != tt.want && tt.want != "" || (err != nil) != (tt.want == "") {
			t.Errorf("%s %q: got %q, %v", tt.kind, tt.text, got, err)
		}
	}
}

// When the tour is interrupted while a line waits, the end of the lines has its error.
func TestInterruptWithALineLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := &plain{con: &console.Console{Stdin: strings.NewReader("put cart milk\n")}}
	_, failed := p.lines(ctx)
	select {
	case err := <-failed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(walkTime):
		t.Error("the end of the lines has no error")
	}
}

// The exam shows nothing, so the error about an unfinished one does not offer show me.
func TestUnfinishedExam(t *testing.T) {
	t.Parallel()
	_, _, err := run(t, t.Context(), strings.NewReader("show me\n"), "exam")
	if e := exit.As(err); e == nil || !strings.Contains(e.Message, "answer or skip") {
		t.Error(err)
	}
}

package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ringside/cli/exit"
)

// pictureLink matches a picture in the README.
var pictureLink = regexp.MustCompile(`!\[[^\]]{20,}\]\((docs/[a-z]+\.svg)\)`)

// The README's pictures exist, have a text for readers who do not see them, and can be drawn again
// from the recording beside them.
func TestPicturesOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	links := pictureLink.FindAllStringSubmatch(string(readme), -1)
	if len(links) < 2 || len(links) != strings.Count(string(readme), "![") {
		t.Errorf("the README has %d pictures with a text", len(links))
	}
	for _, l := range links {
		if svg, err := os.ReadFile(filepath.Join("..", l[1])); err != nil || !strings.HasPrefix(string(svg), "<svg") {
			t.Errorf("%s is no picture (%v)", l[1], err)
		}
	}
	recording, err := filepath.Abs("../docs/conflict.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	home := dataHome(t)
	for flags, want := range map[string]string{"": ">CONCURRENT:</text>", " --big --size 80x24": ">descends</text>"} {
		name := filepath.Join(home, "again"+strings.ReplaceAll(flags, " ", "")+".svg")
		if r := ringside(t, home, "snapshot "+name+" --key cart --play "+recording+flags); r.exit != 0 {
			t.Fatalf("exit %d: %s", r.exit, r.err)
		}
		if svg, err := os.ReadFile(name); err != nil || !strings.Contains(string(svg), want) {
			t.Errorf("the picture%s lacks %s (%v)", flags, want, err)
		}
	}
}

// The session that the README names is an asciicast that plays in about two minutes.
func TestSessionOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil || !strings.Contains(string(readme), "(docs/session.cast)") {
		t.Fatalf("the README names no session (%v)", err)
	}
	name := filepath.Join("..", "docs", "session.cast")
	head, length, text := readCast(t, name)
	file, err := os.Stat(name)
	if err != nil || head.Width != 120 || head.Height != 36 || length < 90 || length > 130 || file.Size() > 300_000 {
		t.Errorf("a session of %+v and %v s: %v, %v", head, length, file, err)
	}
	for _, want := range []string{"PARTITION", "CONCURRENT", "That is Dynamo."} {
		if !strings.Contains(text, want) {
			t.Errorf("the session does not show %s", want)
		}
	}
}

// castHead is the first line of an asciicast.
type castHead struct{ Version, Width, Height int }

// readCast returns the head of an asciicast, its length in seconds and its text.
func readCast(t *testing.T, name string) (head castHead, seconds float64, text string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil || head.Version != 2 {
		t.Fatalf("%s is not an asciicast: %v", name, err)
	}
	var out strings.Builder
	for _, line := range lines[1:] {
		var e []any
		if err := json.Unmarshal([]byte(line), &e); err != nil || len(e) != 3 || e[1] != "o" {
			t.Fatalf("%s: line %s: %v", name, line, err)
		}
		seconds = e[0].(float64)
		out.WriteString(e[2].(string))
	}
	return head, seconds, out.String()
}

// A cue sheet that plays by itself is recorded without a terminal. A cue that fails fails the
// command.
func TestRecordedCues(t *testing.T) {
	home := dataHome(t)
	sheet := filepath.Join(home, "talk.cues")
	write := func(text string) {
		if err := os.WriteFile(sheet, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# First a put.\nput cart milk\nget cart\n# That is all.\n")
	record := func(name string) result {
		return ringside(t, home, "demo --cues "+sheet+" --every 100ms --record "+filepath.Join(home, name))
	}
	if r := record("a.cast"); r.exit != exit.OK {
		t.Fatalf("%+v", r)
	}
	head, seconds, text := readCast(t, filepath.Join(home, "a.cast"))
	if head.Width != 120 || head.Height != 36 || seconds < .3 {
		t.Errorf("%+v, %v s", head, seconds)
	}
	for _, want := range []string{"First a put.", "get cart", "That is all.", "the end"} {
		if !strings.Contains(text, want) {
			t.Errorf("the recording lacks %q", want)
		}
	}
	write("put cart milk\nexpect 'siblings(cart)==7'\n")
	if r := record("b.cast"); r.exit != exit.Expectation || !strings.Contains(r.err, "1 of 2 cues failed") {
		t.Errorf("a cue that fails: %+v", r)
	}
	for line, want := range map[string]string{
		"demo --every 5s": "add --cues FILE", "demo --cues conflict --every 5s": "needs a terminal",
		"demo --cues conflict --every 5s --text": "leave out --text", "demo --cues conflict --every 0s": "press n",
		"demo --cues conflict --record x.cast": "add --every",
	} {
		if r := ringside(t, home, line); r.exit != exit.Usage || !strings.Contains(r.err, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

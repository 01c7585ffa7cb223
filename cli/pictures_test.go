package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

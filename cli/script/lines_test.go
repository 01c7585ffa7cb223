package script

import (
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	s := Script{Shown: "a.txtar", Text: []byte(`# ringside is not run here
ringside up -n 5
[!short] ! ringside put cart "milk and eggs" # why
stdout 'x'
exec ringside get 'it''s' &
ringside wait 'value(cart)=="milk"'
stderr ringside

-- file --
ringside down
`)}
	want := []string{"2 up -n 5", "3 put cart milk and eggs", "5 get it's", `6 wait value(cart)=="milk"`}
	lines := s.Lines()
	for i, l := range lines {
		got := string(rune('0'+l.Number)) + " " + strings.Join(l.Words, " ")
		if i >= len(want) || got != want[i] {
			t.Errorf("line %q", got)
		}
	}
	if len(lines) != len(want) || len(lines[1].Words) != 3 {
		t.Errorf("%v", lines)
	}
	without := s.Without([]int{3, 6})
	var kept []string
	for _, l := range without.Lines() {
		kept = append(kept, l.Words[0])
	}
	text := strings.Split(string(without.Text), "\n")
	if !slices.Equal(kept, []string{"up", "get"}) || len(text) != 11 || text[3] != "# skipped: stdout 'x'" ||
		text[6] != "# skipped: stderr ringside" || text[9] != "ringside down" {
		t.Errorf("%q", text)
	}
}

package cast

import (
	"bufio"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRecorder(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	var out strings.Builder
	r := begin(&out, 80, 24, func() time.Time { return at })
	at = at.Add(1500 * time.Millisecond)
	r.Output([]byte("a\x1b[1mb"))
	r.Output([]byte("\xe2\x97"))        // the first bytes of ◉
	r.Output([]byte("\x89 n1\xff end")) // a byte that is no character
	r.Resize(80, 24)                    // the size that it has
	r.Resize(120, 36)
	r.Resize(120, 36)
	r.Resize(80, 24)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(strings.NewReader(out.String()))
	lines.Scan()
	var h header
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Version != 2 || h.Width != 80 || h.Height != 24 ||
		h.Timestamp != 1_700_000_000 {
		t.Errorf("header %s: %v", lines.Text(), err)
	}
	want := [][]any{{1.5, "o", "a\x1b[1mb"}, {1.5, "o", "◉ n1\ufffd end"}, {1.5, "r", "120x36"},
		{1.5, "r", "80x24"}}
	for _, w := range want {
		if !lines.Scan() {
			t.Fatal("a line is missing")
		}
		var got []any
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil || len(got) != 3 || got[0] != w[0] || got[1] != w[1] ||
			got[2] != w[2] {
			t.Errorf("line %q, want %v: %v", lines.Text(), w, err)
		}
	}
	if lines.Scan() {
		t.Errorf("another line %q", lines.Text())
	}
}

// failing is a file on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRecorderTellsOfAnError(t *testing.T) {
	r := New(failing{}, 80, 24)
	r.Output([]byte("x"))
	if err := r.Err(); err == nil || err.Error() != "disk full" {
		t.Errorf("error %v", err)
	}
}

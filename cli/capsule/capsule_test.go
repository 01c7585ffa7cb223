package capsule

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"ringside/engine/event"
	"ringside/engine/settings"
)

// live returns the capsule of a small real cluster.
func live(t *testing.T) Capsule {
	t.Helper()
	c, err := New("text\n", map[string]int{"requests": 1})
	if err != nil {
		t.Fatal(err)
	}
	s := settings.Cluster{Nodes: []string{"n1"}, N: 1, R: 1, W: 1, Mode: settings.ModeSiblings, Strategy: 3, Q: 8, T: 8}
	c.Events = []event.Event{{Seq: 1, Time: 5, Kind: event.Cluster, Settings: &s}, {Seq: 2, Time: 6, Kind: event.Gap, Count: 7}}
	c.Ending = []event.Event{{Time: 9, Kind: event.Cluster, Settings: &s}}
	return c
}

// A capsule is the same after it was written and read.
func TestCapsuleComesBack(t *testing.T) {
	c := live(t)
	name := filepath.Join(t.TempDir(), "a.capsule")
	if err := c.Write(name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil || !Is(text) {
		t.Fatalf("%v: %q", err, text)
	}
	back, err := Parse(text)
	if err != nil || !back.Live() {
		t.Fatalf("%v: %+v", err, back)
	}
	a, _ := json.Marshal(c)
	if b, _ := json.Marshal(back); string(a) != string(b) || !reflect.DeepEqual(back.Events[1], c.Events[1]) {
		t.Errorf("%s\n%s", a, b)
	}
}

// What is not a whole capsule is refused.
func TestParseRefuses(t *testing.T) {
	for why, change := range map[string]func(*Capsule){
		"not a capsule of format 1":      func(c *Capsule) { c.Format = 2 },
		"neither a script nor events":    func(c *Capsule) { c.Events = nil },
		"a script and events":            func(c *Capsule) { c.Script = "ringside sim script 1" },
		"events of the capsule do not":   func(c *Capsule) { c.Events = c.Events[1:] },
		"ending of the capsule does not": func(c *Capsule) { c.Ending = nil },
	} {
		c := live(t)
		change(&c)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want %q: %v", why, err)
		}
	}
	if _, err := Parse([]byte(`{"capsule":1,"events":[{"kind":3}]}`)); err == nil {
		t.Error("an event of another type was read")
	}
}

// A file that is too large is refused before it is decoded.
func TestTextIsBounded(t *testing.T) {
	large := &endless{}
	if _, err := Text(large); err == nil || large.read > MaxSize+1<<20 {
		t.Errorf("%v after %d bytes", err, large.read)
	}
	if text, err := Text(bytes.NewReader([]byte("x"))); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}

// endless is a file without an end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return len(b), nil
}

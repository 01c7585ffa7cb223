package answer

import (
	"encoding/json"
	"errors"
	"testing"

	"ringside/cli/exit"
)

func TestNew(t *testing.T) {
	failed := &exit.Error{Exit: exit.NotFound, Code: "key_not_found", Message: "no value"}
	for name, tt := range map[string]struct {
		stream           bool
		out, notes, want string
		err              error
	}{
		"object":          {out: "{\"a\":1}\n", want: `{"exit":0,"result":{"a":1}}`},
		"nothing":         {want: `{"exit":0}`},
		"stream of one":   {stream: true, out: "{}\n", want: `{"exit":0,"results":[{}]}`},
		"stream of none":  {stream: true, want: `{"exit":0,"results":[]}`},
		"two objects":     {out: "{}\n{}\n", want: `{"exit":0,"results":[{},{}]}`},
		"text":            {out: "123 is text\n", want: `{"exit":0,"text":"123 is text\n"}`},
		"number":          {out: "123\n", want: `{"exit":0,"text":"123\n"}`},
		"notes":           {out: "{}", notes: "a\n\n  b", want: `{"exit":0,"result":{},"notes":["a","  b"]}`},
		"result of error": {out: "{}", err: failed, want: `{"exit":3,"result":{},"error":{"code":"key_not_found","message":"no value"}}`},
		"reported": {out: "{}", err: exit.Reported(failed),
			want: `{"exit":3,"result":{},"error":{"code":"key_not_found","message":"no value"}}`},
		"internal": {err: errors.New("broken"), want: `{"exit":1,"error":{"code":"internal","message":"broken"}}`},
	} {
		b, err := json.Marshal(New(tt.stream, []byte(tt.out), []byte(tt.notes), tt.err))
		if err != nil || string(b) != tt.want {
			t.Errorf("%s: %s (%v), want %s", name, b, err, tt.want)
		}
	}
}

func TestStreams(t *testing.T) {
	for words, want := range map[*[]string]bool{
		{}: false, {"events", "--kind", "heal"}: true, {"as", "alice", "events"}: true, {"get", "events"}: false,
		{"as", "events"}: false, {"nonsense"}: false,
	} {
		if got := Streams(*words); got != want {
			t.Errorf("%q: %v", *words, got)
		}
	}
}

package verbs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/wire"
)

// Two clients that read the same version each send the context that they read, and no other.
func TestClientsKeepTheirOwnContexts(t *testing.T) {
	f := newFake(t)
	contexts := contextsWith(t, "old", []byte("seen"))
	run := func(line string) said {
		t.Helper()
		return f.say(line, func(e *Env) { e.Contexts = contexts })
	}
	sent := func() string { return string(f.puts[len(f.puts)-1].Context) }
	f.get, f.put = wire.GetReply{Context: []byte("first"), Siblings: diverged()}, wire.PutReply{Context: []byte("second")}
	for _, c := range []struct{ line, sends string }{
		{"as alice put cart milk", ""}, // a blind write
		{"as alice put cart milk", "second"},
		{"as bob put cart milk", ""},
		{"as alice put Cart milk", ""}, // another key
		{"as alice put cart milk -c @old", "seen"},
		{"as bob put cart milk --save @mine", "second"},
		{"put cart milk", ""},
		{"as alice resolve cart --pick 1", "first"}, // it reads
		{"as alice cart add basket milk", "first"},
		{"as alice del cart", "second"},
	} {
		if got := run(c.line); got.exit != 0 || sent() != c.sends {
			t.Errorf("%s: exit %d, sent context %q, want %q\n%s", c.line, got.exit, sent(), c.sends, got.failure)
		}
	}
	if _, err := contexts.Load("mine"); err != nil {
		t.Error("--save of a client is ignored")
	}
	if got := run("as --json"); got.out != `{"clients":[{"client":"alice","keys":["Cart","basket","cart"]},{"client":"bob","keys":["cart"]}]}`+"\n" {
		t.Errorf("the clients are %s", got.out)
	}
	if got := run("as bob"); got.out != "bob  cart\n" {
		t.Errorf("bob is listed as %q", got.out)
	}
	run("as carol get cart")
	if run("as carol put cart x"); sent() != "first" {
		t.Errorf("after a get the client sends %q", sent())
	}
}

func TestAsRefusesWhatIsNoClient(t *testing.T) {
	f := newFake(t)
	for line, want := range map[string]string{
		"as Alice get cart":                     "invalid client name",
		"as alice.b get cart":                   "invalid client name",
		"as - get cart":                         "invalid client name",
		"as abcdefghijklmnopq get":              "invalid client name",
		"as alice as bob get cart":              "leave out the inner as",
		"as alice gte cart":                     "there is no command",
		"as alice get":                          "get: KEY is missing",
		"as alice del cart":                     "alice has read no version of cart",
		"as alice get cart --cluster elsewhere": "unknown flag",
	} {
		if got := f.say(line); got.exit != exit.Usage || !strings.Contains(got.failure.Message, want) {
			t.Errorf("%s: exit %d: %v, want %s", line, got.exit, got.failure, want)
		}
	}
	if len(f.puts) > 0 || len(f.vias) > 0 {
		t.Error("something was sent")
	}
}

// A put whose client's context cannot be saved sends nothing.
func TestClientWithoutAPlace(t *testing.T) {
	f := newFake(t)
	for name, change := range map[string]func(*Env){
		"no contexts": func(e *Env) { e.Contexts = nil },
		"broken":      func(e *Env) { e.Contexts = unwritable{e.Contexts} },
	} {
		if got := f.say("as alice put cart milk", change); got.exit == 0 || len(f.puts) > 0 {
			t.Errorf("%s: exit %d, %d puts", name, got.exit, len(f.puts))
		}
	}
}

type unwritable struct{ Contexts }

func (unwritable) Create(string) (*ContextFile, error) { return nil, errors.New("disk full") }

// Every key has a name of its own, also on a file system that does not tell upper case from lower
// case, and the key is read back from it.
func TestNamesOfClientContexts(t *testing.T) {
	seen := map[string]string{}
	for _, key := range []string{"cart", "Cart", "CART", "a b", "a_b", "a_20b", "\xff\x00", "../up", "é",
		strings.Repeat("x", maxClientKey), "_h" + strings.Repeat("0", hashDigits)} {
		name := clientContext("alice", []byte(key))
		if other, ok := seen[strings.ToLower(name)]; ok {
			t.Errorf("%q and %q share the name %s", key, other, name)
		}
		seen[strings.ToLower(name)] = key
		client, back, ok := splitContext(name)
		if !ok || client != "alice" || back != key || len(name) > 64 {
			t.Errorf("%q is saved as %s, which is read as %q of %q", key, name, back, client)
		}
	}
	long := strings.Repeat("x", maxClientKey+1)
	if _, key, ok := splitContext(clientContext("a", []byte(long))); !ok || !strings.HasPrefix(key, "KEY of hash ") {
		t.Errorf("a long key is listed as %q", key)
	}
	for _, name := range []string{"cart", "as.alice", "as..cart", "as.Bob.cart", "as.a.x_", "as.a._zz", "alice.cart"} {
		if client, key, ok := splitContext(name); ok {
			t.Errorf("%s counts as the context %q of client %q", name, key, client)
		}
	}
}

func TestCompletionOfAs(t *testing.T) {
	f := newFake(t)
	env := &Env{Cluster: f, Contexts: contextsWith(t, "as.alice.cart", nil)}
	for line, want := range map[string][]string{
		"as a": {"alice"}, "as alice resol": {"resolve"}, "as alice get cart --no-r": {"--no-repair"},
	} {
		words, _ := Split(line)
		if got := Complete(t.Context(), env, words); !slices.Equal(got, want) {
			t.Errorf("%s completes to %q, want %q", line, got, want)
		}
	}
}

package command

import (
	"testing"

	"ringside/cli/verbs"
)

func TestKeyOfALine(t *testing.T) {
	for line, want := range map[string]string{
		"get cart": "cart", "put -c @cart user milk": "user", "put --via=n4 'a b' x": "a b", "get --one user": "user",
		"heal": "", "get": "", `put "q\"k" v`: `q"k`, "expect siblings(cart)==2": "", "get -- -k": "-k", "": "",
		"resolve cart --union": "cart", "resolve --or-set cart": "cart", "resolve --pick 1 cart": "cart", "cart add basket milk": "basket",
		"cart show --merge or-set basket": "basket", "ring": "", "ring user": "user", "merkle p07": "", "merkle cart": "cart",
		"get cart --no-such-flag": "", "get cart --cluster red": "cart", "get 'cart": "", "gte cart": "",
	} {
		extra := []verbs.Flag{{Name: "cluster", Kind: verbs.String}}
		if got := Parse(line, extra).Key(); got != want {
			t.Errorf("the key of %q is %q, want %q", line, got, want)
		}
	}
}

func TestFlagsOfALine(t *testing.T) {
	c := Parse("get cart --save=@cart", nil)
	if c.Flag("save") != "@cart" || c.Flag("via") != "" || c.Flag("nonsense") != "" || c.Writes() {
		t.Errorf("read as save %q, via %q", c.Flag("save"), c.Flag("via"))
	}
	if c := Parse("put cart x --context @c", nil); c.Flag("c") != "@c" || !c.Writes() {
		t.Errorf("the context of a put is read as %q", c.Flag("c"))
	}
	if Parse("cart show x", nil).Writes() || !Parse("cart add x y", nil).Writes() {
		t.Error("cart add writes, and cart show does not")
	}
}

// The prompt reads what On and Quote write.
func TestLinesAreReadBack(t *testing.T) {
	for _, key := range []string{"cart", "a b", "it's", "-x", "", `back\slash`, `["a"]`, "!bang", "a=b"} {
		words, err := verbs.Split("get " + Quote(key))
		if err != nil || len(words) != 2 || words[1] != key {
			t.Errorf("%q quoted is read as %q (%v)", key, words, err)
		}
		line := On("get", key, "--via", "n1")
		if c := Parse(line, nil); c.Key() != key || c.Flag("via") != "n1" {
			t.Errorf("%s is read as key %q via %q", line, c.Key(), c.Flag("via"))
		}
	}
}

// A client's command is about the same key as the command alone.
func TestCommandsOfClients(t *testing.T) {
	c := Parse("as alice put 'a b' x -c @c", nil)
	if c.Key() != "a b" || c.Client != "alice" || !c.Writes() || c.Flag("c") != "@c" || c.Introduces() {
		t.Errorf("read as key %q of client %q", c.Key(), c.Client)
	}
	if !Parse("as alice", nil).Introduces() || Parse("as", nil).Introduces() || Parse("get as", nil).Introduces() {
		t.Error("only a name alone introduces a client")
	}
	for line, want := range map[string]string{
		"get cart": "as alice get cart", "heal": "heal", "as bob get cart": "as bob get cart", "as": "as", "gte cart": "gte cart",
		"put -c @x cart 'a b'": "as alice put -c @x cart 'a b'", "": "", "status": "status",
	} {
		if got := For("alice", line, nil); got != want {
			t.Errorf("alice's %q is %q, want %q", line, got, want)
		}
		if got := For("", line, nil); got != line {
			t.Errorf("nobody's %q is %q", line, got)
		}
	}
}

package verbs

// §4.4 semantic reconciliation: the client makes one version of the siblings.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

var resolveVerb = &Verb{
	Name: "resolve", Group: GroupData, Section: "§4.4",
	Args:  []Arg{keyArgument},
	Usage: "make one version of a key's siblings",
	Help: `Reads the key, and puts one value with the context that covers all siblings: the new
version descends from every one of them. --pick takes the number that get shows;
--union keeps what any sibling has, as the paper's shopping cart does: added items
are never lost, and removed ones can come back.`,
	Flags: []Flag{
		{Name: "pick", Kind: Int, Value: "I", Help: "keep sibling I"},
		{Name: "with", Kind: String, Value: "VALUE", Help: "write this value", MayBeEmpty: true},
		unionFlag, viaFlag, readFlag, writeFlag, strictFlag, saveFlag},
	Run: runResolve,
}

func runResolve(ctx context.Context, e *Env, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	ways := 0
	for _, f := range []string{"pick", "with", "union"} {
		if c.Has(f) {
			ways++
		}
	}
	if ways != 1 {
		return &UsageError{Verb: c.Verb, Err: fmt.Errorf("resolve: want one of --pick I, --with VALUE and --union")}
	}
	if err := checkSave(c); err != nil {
		return err
	}
	g, err := e.read(ctx, c, key)
	if err != nil {
		return err
	}
	if err := g.verdict(false); err != nil && !(g.Deleted() && c.Has("with")) {
		return err
	}
	value, err := g.choose(e, c)
	if err != nil {
		return err
	}
	if err := checkValue(value); err != nil {
		return err
	}
	remark := fmt.Sprintf("%s: %s become one: %s\n", shortKey(key), count(len(g.Siblings), "sibling"), showValue(value))
	if len(g.Siblings) == 1 {
		remark = fmt.Sprintf("%s had one value; now it is: %s\n", shortKey(key), showValue(value))
	}
	return e.put(ctx, c, wire.PutRequest{Key: key, Context: g.Context, Value: value, Quorum: quorumOf(c)}, remark)
}

func (g *got) choose(e *Env, c *Call) ([]byte, error) {
	switch {
	case c.Has("with"):
		return e.readValue(c.String("with"))
	case c.Bool("union"):
		return union(g.Siblings), nil
	}
	i := c.Int("pick")
	if i > len(g.Siblings) {
		return nil, Usagef("resolve: --pick %d: %s has %s", i, shortKey(g.key), count(len(g.Siblings), "sibling"))
	}
	return g.Siblings[i-1].Value, nil
}

// union merges carts: items in the order in which they were first seen. If all
// siblings are JSON arrays it makes a JSON array of their elements, otherwise
// a list parted by commas.
func union(s vclock.Siblings) []byte {
	if out, ok := unionJSON(s); ok {
		return out
	}
	var items []string
	seen := map[string]bool{}
	for _, v := range s {
		for item := range strings.SplitSeq(string(v.Value), ",") {
			if item = strings.TrimSpace(item); item != "" && !seen[item] {
				seen[item] = true
				items = append(items, item)
			}
		}
	}
	return []byte(strings.Join(items, ","))
}

func unionJSON(s vclock.Siblings) ([]byte, bool) {
	out := []json.RawMessage{}
	seen := map[string]bool{}
	for _, v := range s {
		var items []json.RawMessage
		if err := json.Unmarshal(v.Value, &items); err != nil || items == nil || !utf8.Valid(v.Value) {
			return nil, false
		}
		for _, item := range items {
			if id := canonical(item); !seen[id] {
				seen[id] = true
				out = append(out, item)
			}
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, false
	}
	return bytes.TrimSpace(buf.Bytes()), true
}

// canonical is the same text for the same JSON value: sorted members, no
// spaces. Numbers stay as written, which never makes two of one that differ.
func canonical(item json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(item))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return strconv.Quote(string(item))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return strconv.Quote(string(item))
	}
	return string(b)
}

package verbs

// §4.4: semantic reconciliation. The client replaces siblings by one version.

import (
	"bytes"
	"context"
	"fmt"

	"ringside/cli/render"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

var resolveVerb = &Verb{
	Name: "resolve", Group: GroupData, Section: "§4.4",
	Args:  []Arg{keyArgument},
	Usage: "replace a key's siblings by one version",
	Help: `resolve reads the key and puts one value with the context that covers all siblings, so that the new
version descends from each of them. --pick takes the number that get shows. --union keeps the items of every
sibling, as the paper's shopping cart does: added items are never lost, and removed items can come back. --or-set
merges the sets of  cart add --merge or-set , in which removed items do not come back. What put --meta stored beside
the sibling that --pick takes stays, and otherwise what is the same beside all siblings.`,
	Flags: []Flag{
		{Name: "pick", Kind: Int, Value: "I", Max: wire.MaxMerged, Help: "keep sibling I"},
		{Name: "with", Kind: String, Value: "VALUE", Help: "write this value", MayBeEmpty: true},
		unionFlag,
		{Name: "or-set", Kind: Bool, Help: "write the merge of all siblings, which are observed-remove sets"},
		viaFlag, readFlag, writeFlag, strictFlag, saveFlag},
	Run: runResolve,
}

func runResolve(ctx context.Context, e *Env, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	ways := 0
	for _, f := range []string{"pick", "with", cartUnion, cartSet} {
		if c.Has(f) {
			ways++
		}
	}
	if ways != 1 {
		return c.Misusef("want one of --pick I, --with VALUE, --union and --or-set")
	}
	save, err := e.openSave(c, key)
	if err != nil {
		return err
	}
	defer save.discard()
	g, err := e.read(ctx, c, key)
	if err != nil {
		return err
	}
	if err := g.verdict(false); err != nil && !(g.Deleted() && c.Has("with")) {
		return err
	}
	value, meta, err := g.choose(ctx, e, c)
	if err != nil {
		return err
	}
	if err := checkValue(value); err != nil {
		return err
	}
	remark := fmt.Sprintf("%s: %s become one: %s\n", render.Key(key), render.Count(len(g.Siblings), "sibling"),
		showValue(value))
	switch len(g.Siblings) {
	case 0:
		remark = fmt.Sprintf("%s was deleted; its value is now: %s\n", render.Key(key), showValue(value))
	case 1:
		remark = fmt.Sprintf("%s had one value; its value is now: %s\n", render.Key(key), showValue(value))
	}
	return e.put(ctx, c, save, wire.PutRequest{Key: key, Context: g.Context, Value: value, Meta: meta,
		Quorum: quorumOf(c)}, remark)
}

// choose returns the value that the flags of the call choose, and what is stored beside it.
func (g *getResult) choose(ctx context.Context, e *Env, c *Call) (value, meta []byte, err error) {
	meta = g.commonMeta()
	switch {
	case c.Has("with"):
		value, err = e.readValue(ctx, c.String("with"))
		return value, meta, err
	case c.Bool(cartUnion):
		value, err = mergeCarts(g, cartUnion)
		return value, meta, err
	case c.Bool(cartSet):
		value, err = mergeCarts(g, cartSet)
		return value, meta, err
	}
	i := c.Int("pick")
	if i > len(g.Siblings) {
		return nil, nil, usage.Errorf("resolve: --pick %d: %s has %s", i, render.Key(g.key), render.Count(len(g.Siblings),
			"sibling"))
	}
	return g.Siblings[i-1].Value, g.Siblings[i-1].Meta, nil
}

// commonMeta returns what is stored beside each sibling, nil unless it is the same for all.
func (g *getResult) commonMeta() []byte {
	if len(g.Siblings) == 0 {
		return nil
	}
	first := g.Siblings[0].Meta
	for _, v := range g.Siblings[1:] {
		if !bytes.Equal(v.Meta, first) {
			return nil
		}
	}
	return first
}

// mergeCarts returns the merge of all siblings as a value.
func mergeCarts(g *getResult, merge string) ([]byte, error) {
	other := cartUnion
	if merge == cartUnion {
		other = cartSet
	}
	b, err := readBasket(g, merge, "use --"+other+", or keep one with --pick I")
	if err != nil {
		return nil, err
	}
	return b.encode(), nil
}

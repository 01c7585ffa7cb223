package verbs

// §4.4: an application that reconciles. The paper's cart merges by union, "however, deleted
// items can resurface". The other kind of cart is an observed-remove set, where they do not.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs/cart"
	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// How carts merge.
const (
	cartUnion = "union"
	cartSet   = "or-set"
)

const (
	cartAdd    = "add"
	cartRemove = "remove"
	cartShow   = "show"
)

var cartActions = []string{cartAdd, cartRemove, cartShow}

// tagSize is the bytes of an addition's random tag. Two equal tags are practically impossible.
const tagSize = 8

var cartVerb = &Verb{
	Name: "cart", Group: GroupData, Section: "§4.4",
	Args: []Arg{
		{Name: "ACTION", Words: cartActions}, keyArgument,
		{Name: "ITEM", Optional: true, Many: true},
	},
	Usage: "keep a shopping cart: an application that merges siblings",
	Help: `ACTION is add, remove or show. cart reads the key, merges its siblings, adds or removes
items, and puts the result with the context that covers all siblings. A new cart decides how it merges:
--merge union is the paper's cart, a list of items. Items added on two sides are never lost,
but an item that was removed on one side comes back from the other.
--merge or-set tags each addition and remembers the tags that were removed (an observed-remove
set): a removed item stays away unless it was added again.`,
	Flags: []Flag{
		{Name: "merge", Kind: String, Value: "union|or-set", Words: []string{cartUnion, cartSet},
			Help: "how siblings merge; otherwise as the cart does, and union for a new one"},
		viaFlag, readFlag, writeFlag, strictFlag, saveFlag},
	Run: runCart,
}

func runCart(ctx context.Context, e *Env, c *Call) error {
	action := c.Arg(0)
	if !slices.Contains(cartActions, action) {
		return c.Misusef("%s is none of %s%s", render.Quoted(action), strings.Join(cartActions, ", "),
			render.DidYouMean(action, cartActions))
	}
	key, items := []byte(c.Arg(1)), c.Args[2:]
	if err := checkItems(c, action, items); err != nil {
		return err
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
	b, err := readBasket(g, c.String("merge"), "leave out --merge")
	if err != nil {
		return err
	}
	if action == cartShow {
		if len(g.Siblings) == 0 {
			return g.verdict(false)
		}
		return e.afterSave(save.keep(g.Context), func() error { return b.show(e, g) })
	}
	for _, item := range items {
		if err := b.change(action, item, g); err != nil {
			return err
		}
	}
	value := b.encode()
	if err := checkValue(value); err != nil {
		return err
	}
	remark := fmt.Sprintf("%s: %s\n", render.Key(key), b.words())
	if n := len(g.Siblings); n > 1 {
		remark = fmt.Sprintf("%s: %s merged by %s: %s\n", render.Key(key), render.Count(n, "sibling"), b.merge,
			b.words())
	}
	return e.put(ctx, c, save, wire.PutRequest{Key: key, Context: g.Context, Value: value, Meta: g.commonMeta(),
		Quorum: quorumOf(c)}, remark)
}

// checkItems returns a usage error for arguments that fit no cart.
func checkItems(c *Call, action string, items []string) error {
	merge := c.String("merge")
	switch {
	case c.Arg(1) == "":
		return c.Misusef("the key is empty")
	case c.Has("merge") && merge != cartUnion && merge != cartSet:
		return usage.Errorf("cart: --merge %s: want %s or %s", render.Short([]byte(merge)), cartUnion, cartSet)
	case action == cartShow && len(items) > 0:
		return c.Misuse(fmt.Errorf("cart show takes no item"))
	case action != cartShow && len(items) == 0:
		return c.Misuse(fmt.Errorf("cart %s: ITEM is missing", action))
	}
	for _, item := range items {
		if strings.TrimSpace(item) != item || item == "" || !utf8.ValidString(item) {
			return usage.Errorf("cart %s: invalid item %s: want text that is not empty and has no space at its ends",
				action, render.Quoted(item))
		}
	}
	return nil
}

// A basket is a cart of either kind.
type basket struct {
	merge string
	list  cart.List
	set   cart.Set
}

// kindOf returns how a cart merges.
func kindOf(v vclock.Version) string {
	if cart.IsSet(v.Value) {
		return cartSet
	}
	return cartUnion
}

// readBasket returns the merge of the siblings. want is how they merge, "" for as they do. The
// error for a cart that merges in another way ends in advice.
func readBasket(g *getResult, want, advice string) (*basket, error) {
	b := &basket{merge: want}
	for i, v := range g.Siblings {
		merge := kindOf(v)
		if first := kindOf(g.Siblings[0]); merge != first {
			return nil, usage.Errorf("%s: sibling 1 is a cart that merges by %s, and sibling %d by %s; "+
				"keep one with  resolve %s --pick I", render.Key(g.key), first, i+1, merge, typed(g.key))
		}
		if b.merge == "" {
			b.merge = merge
		}
		if err := b.take(v, i == 0); merge == b.merge && err != nil {
			return nil, usage.Errorf("%s: sibling %d is not a cart: %w", render.Key(g.key), i+1, err)
		}
	}
	if len(g.Siblings) > 0 && b.merge != kindOf(g.Siblings[0]) {
		return nil, usage.Errorf("%s is a cart that merges by %s, and not by %s; %s", render.Key(g.key),
			kindOf(g.Siblings[0]), b.merge, advice)
	}
	if b.merge == "" {
		b.merge = cartUnion
	}
	return b, nil
}

// take merges one sibling into the basket.
func (b *basket) take(v vclock.Version, first bool) error {
	if b.merge == cartSet {
		s, err := cart.ParseSet(v.Value)
		b.set = b.set.Merge(s)
		return err
	}
	l := cart.ParseList(v.Value)
	if !first {
		l = b.list.Merge(l)
	}
	b.list = l
	return nil
}

func (b *basket) items() []string {
	if b.merge == cartSet {
		return b.set.Items()
	}
	return b.list.Items()
}

func (b *basket) encode() []byte {
	if b.merge == cartSet {
		return b.set.Encode()
	}
	return b.list.Encode()
}

// words returns the items for a person.
func (b *basket) words() string {
	items := b.items()
	if len(items) == 0 {
		return "(empty)"
	}
	return escape.TerminalShort([]byte(strings.Join(items, ", ")), render.MaxValue)
}

// change adds or removes an item.
func (b *basket) change(action, item string, g *getResult) (err error) {
	if action == cartAdd && b.merge == cartSet {
		var tag [tagSize]byte
		_, _ = rand.Read(tag[:]) // never fails
		b.set = b.set.Add(item, hex.EncodeToString(tag[:]))
		return nil
	}
	if action == cartAdd {
		if b.list, err = b.list.Add(item); err != nil {
			return usage.Errorf("cart add: %s: %w", render.Short([]byte(item)), err)
		}
		return nil
	}
	if !slices.Contains(b.items(), item) {
		return &exit.Error{Exit: exit.NotFound, Code: "item_not_found",
			Message: fmt.Sprintf("cart remove: there is no %s in %s", render.Short([]byte(item)), render.Key(g.key))}
	}
	b.set, b.list = b.set.Remove(item), b.list.Remove(item)
	return nil
}

// show writes the items. The siblings stay until the next put.
func (b *basket) show(e *Env, g *getResult) error {
	if e.JSON {
		return e.print(struct {
			keyJSON
			Items    []string `json:"items"`
			Merge    string   `json:"merge"`
			Siblings int      `json:"siblings"`
			Context  string   `json:"context"`
		}{keyOf(g.key), orEmpty(b.items()), b.merge, len(g.Siblings), encodeToken(g.Context)})
	}
	line := b.words()
	if n := len(g.Siblings); n > 1 {
		line += "\n  " + e.paint(render.Warn, fmt.Sprintf("‖ %s, merged by %s; the next add or remove makes them one (§4.4)",
			render.Count(n, "sibling"), b.merge))
	}
	return e.write(line + "\n")
}

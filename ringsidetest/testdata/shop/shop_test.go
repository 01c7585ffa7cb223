package shop_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"example.com/shop"

	"ringside/ringsidetest"
)

var merge = flag.String("merge", "right", "the merge of carts that is tested: right, last or union")

// merges has the merge of the shop, and two that are wrong.
var merges = map[string]func(a, b shop.Cart) shop.Cart{
	"right": shop.Merge,
	// last keeps one of two carts, as last write wins does.
	"last": func(_, b shop.Cart) shop.Cart { return b },
	// union keeps the items of both, and forgets what was removed.
	"union": func(a, b shop.Cart) shop.Cart {
		out := shop.Cart{Added: map[string]string{}}
		for _, c := range []shop.Cart{a, b} {
			for _, item := range c.Items() {
				out.Added[item] = item
			}
		}
		return out
	},
}

var tags atomic.Int64

// open returns the shop on a store.
func open(store shop.Store) shop.Shop {
	return shop.Shop{Store: store, Merge: merges[*merge], Tag: func() string { return fmt.Sprint(tags.Add(1)) }}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A customer adds an item on one side of a partition, and removes another one on the other side.
func TestCartInAPartition(t *testing.T) {
	ctx := t.Context()
	c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 5})
	s := open(c.Client())
	ok(t, s.Add(ctx, "cart", "milk"))
	ok(t, s.Add(ctx, "cart", "tea"))

	left, right := c.Split("cart")
	ok(t, open(left).Add(ctx, "cart", "eggs"))
	ok(t, open(right).Remove(ctx, "cart", "milk"))
	c.Heal()
	c.WaitConverged()
	c.Siblings("cart", 2)

	items, err := s.Items(ctx, "cart")
	ok(t, err)
	if want := []string{"eggs", "tea"}; !slices.Equal(items, want) {
		t.Errorf("the cart has %v, want %v", items, want)
	}
	ok(t, s.Add(ctx, "cart", "jam")) // makes the siblings one version
	c.WaitConverged()
	c.NoSiblings()
	c.NothingLost()
}

// A node crashes while the cart is filled.
func TestCartWithACrash(t *testing.T) {
	ctx := t.Context()
	c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 5})
	s := open(c.Client())
	ok(t, s.Add(ctx, "cart", "milk"))
	home := c.Homes("cart")[0]
	c.Kill(home)
	ok(t, s.Add(ctx, "cart", "eggs"))
	c.Restart(home)
	ok(t, s.Add(ctx, "cart", "tea"))
	c.WaitConverged()
	c.NothingLost()
	items, err := s.Items(ctx, "cart")
	ok(t, err)
	if want := []string{"eggs", "milk", "tea"}; !slices.Equal(items, want) {
		t.Errorf("the cart has %v, want %v", items, want)
	}
}

// The merge keeps the laws that clients on different sides rely on.
func TestMergeLaws(t *testing.T) {
	cart := func(removed string, added ...string) shop.Cart {
		c := shop.Cart{Added: map[string]string{}, Removed: map[string]bool{}}
		for _, item := range added {
			c.Added[item+"1"] = item
		}
		if removed != "" {
			maps.Copy(c.Removed, map[string]bool{removed + "1": true})
		}
		return c
	}
	ringsidetest.CheckMerge(t, ringsidetest.JSON(merges[*merge]),
		cart(""), cart("", "milk"), cart("milk", "milk", "eggs"), cart("", "tea", "eggs"))
}

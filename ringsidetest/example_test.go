package ringsidetest_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"ringside/ringsidetest"
)

// cart is a shopping cart: a set of items, which merges by union.
type cart map[string]bool

func union(a, b cart) cart {
	out := cart{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

func add(item string) func(cart) cart {
	return func(c cart) cart { return union(c, cart{item: true}) }
}

// Example lets two customers fill one cart on the two sides of a partition. In a test, the TB is
// the *testing.T.
func Example() {
	err := ringsidetest.Run("example", func(t ringsidetest.TB) {
		ctx := context.Background()
		c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 5})
		codec := ringsidetest.JSON(union)
		if _, err := ringsidetest.Of(c.Client(), codec).Update(ctx, "cart", add("tea")); err != nil {
			t.Fatalf("%v", err)
		}

		one, two := c.Split("cart")
		left, right := ringsidetest.Of(one, codec), ringsidetest.Of(two, codec)
		if _, err := left.Update(ctx, "cart", add("milk")); err != nil {
			t.Fatalf("%v", err)
		}
		if _, err := right.Update(ctx, "cart", add("eggs")); err != nil {
			t.Fatalf("%v", err)
		}
		c.Heal()
		c.WaitConverged()
		fmt.Println(len(c.Siblings("cart", 2)), "siblings")

		merged, err := right.Update(ctx, "cart", add("jam"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		fmt.Println(slices.Sorted(maps.Keys(merged)))
		c.WaitConverged()
		c.NoSiblings()
		c.NothingLost()
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2 siblings
	// [eggs jam milk tea]
}

// Package shop keeps shopping carts in a Dynamo-style store (§4.4 of the paper). It knows nothing
// of ringside: a Store is any store whose get returns siblings and a context.
//
// Its tests use the Go package ringside/ringsidetest. They are an example of how an application is
// tested against partitions:
//
//	go test .                          the right merge passes
//	go test . -args -merge last        a merge that keeps one of two carts is found
//	go test . -args -merge union       a merge that forgets removals is found
package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A Store is what the shop needs of a store (§4.1).
type Store interface {
	// Get returns the siblings of a key, none if it is absent, and the context that covers them.
	Get(ctx context.Context, key string) (values [][]byte, token []byte, err error)
	// Put writes a value that supersedes what the context covers.
	Put(ctx context.Context, key string, value, token []byte) ([]byte, error)
}

// A Cart is an observed-remove set. Each addition has a tag of its own. A removal remembers the
// tags that it saw, so an item that was removed on one side of a partition stays away, unless the
// other side added the item again.
type Cart struct {
	Added   map[string]string `json:"added"`   // tag to item
	Removed map[string]bool   `json:"removed"` // tags
}

// Items returns the items that are in the cart, sorted.
func (c Cart) Items() []string {
	items := map[string]bool{}
	for tag, item := range c.Added {
		if !c.Removed[tag] {
			items[item] = true
		}
	}
	return slices.Sorted(maps.Keys(items))
}

// Merge returns the union of what two carts know of additions and removals.
func Merge(a, b Cart) Cart {
	out := Cart{map[string]string{}, map[string]bool{}}
	for _, c := range []Cart{a, b} {
		maps.Copy(out.Added, c.Added)
		maps.Copy(out.Removed, c.Removed)
	}
	return out
}

// A Shop changes carts.
type Shop struct {
	Store Store
	Merge func(a, b Cart) Cart
	Tag   func() string // returns another tag each time, on all machines
}

// Add adds an item to a cart.
func (s Shop) Add(ctx context.Context, cart, item string) error {
	return s.update(ctx, cart, func(c Cart) Cart {
		return Merge(c, Cart{Added: map[string]string{s.Tag(): item}})
	})
}

// Remove removes an item from a cart.
func (s Shop) Remove(ctx context.Context, cart, item string) error {
	return s.update(ctx, cart, func(c Cart) Cart {
		seen := map[string]bool{}
		for tag, name := range c.Added {
			seen[tag] = name == item || c.Removed[tag]
		}
		maps.DeleteFunc(seen, func(_ string, removed bool) bool { return !removed })
		return Merge(c, Cart{Removed: seen})
	})
}

// Items returns the items of a cart.
func (s Shop) Items(ctx context.Context, cart string) ([]string, error) {
	c, _, err := s.read(ctx, cart)
	return c.Items(), err
}

// update reads a cart, merges its siblings, changes the result, and writes it with the context that
// covers all siblings.
func (s Shop) update(ctx context.Context, cart string, change func(Cart) Cart) error {
	c, token, err := s.read(ctx, cart)
	if err != nil {
		return err
	}
	value, err := json.Marshal(change(c))
	if err != nil {
		return err
	}
	_, err = s.Store.Put(ctx, cart, value, token)
	return err
}

// read returns the merge of a cart's siblings.
func (s Shop) read(ctx context.Context, cart string) (out Cart, token []byte, err error) {
	values, token, err := s.Store.Get(ctx, cart)
	if err != nil {
		return out, nil, err
	}
	for i, v := range values {
		var c Cart
		if err := json.Unmarshal(v, &c); err != nil {
			return out, nil, fmt.Errorf("cart %s, sibling %d: %w", cart, i+1, err)
		}
		if i == 0 {
			out = c
			continue
		}
		out = s.Merge(out, c)
	}
	return out, token, nil
}

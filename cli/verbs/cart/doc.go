// Package cart is the shopping cart of §4.4: an application keeps it in one value and merges its
// siblings. A List is the paper's cart: "using this reconciliation mechanism, an 'add to cart'
// operation is never lost. However, deleted items can resurface." A Set is a cart in which deleted
// items stay away. Both are immutable values; the package knows nothing of the store.
package cart

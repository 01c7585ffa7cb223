// Package slab hands out small pieces of memory of which several share one allocation. Each piece
// is handed out once and never again, so no piece can change under a holder that keeps it too long.
// Begin reading at Slab.Take.
package slab

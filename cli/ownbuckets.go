package cli

// The buckets of Riak that run --target and bench --target make.

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"ringside/cli/bench"
	"ringside/cli/render"
	"ringside/riak/target"
)

// ownBuckets are the buckets that one command has made on a target.
type ownBuckets struct {
	mu   sync.Mutex
	list []target.Address // each with its bucket
}

// add makes a bucket that no other command uses.
func (b *ownBuckets) add(a target.Address) target.Address {
	own := a.OwnBucket()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, own)
	return own
}

// finish deletes the keys of the buckets if clean is set, and otherwise says which buckets stay.
// After an interrupt they stay. name is that of the command.
func (b *ownBuckets) finish(ctx context.Context, s *session, name string, clean bool) error {
	if len(b.list) == 0 {
		return nil
	}
	if !clean || ctx.Err() != nil {
		s.Notef("%s: the keys stay in %s; --%s deletes them at the end\n", name, b.names(), bench.CleanFlag)
		return nil
	}
	deleted := 0
	for _, a := range b.list {
		cluster := target.Open(a)
		n, err := cluster.Clear(ctx)
		cluster.Close()
		deleted += n
		if err != nil {
			return fmt.Errorf("%s --%s: delete the keys of the bucket %s: %w; they stay", name, bench.CleanFlag,
				render.Text(a.Bucket), foreign{cluster}.withFailure(err))
		}
	}
	s.Notef("%s: deleted %s in %s\n", name, render.Count(deleted, "key"), b.names())
	return nil
}

// names returns the names of the buckets, of which there is at least one.
func (b *ownBuckets) names() string {
	var names []string
	for _, a := range b.list[:min(len(b.list), maxLacks)] {
		names = append(names, render.Text(a.Bucket))
	}
	noun := "the bucket "
	if len(b.list) > 1 {
		noun = "the buckets "
	}
	out := noun + strings.Join(names, " ")
	if more := len(b.list) - len(names); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out + " of type " + render.Text(b.list[0].Type)
}

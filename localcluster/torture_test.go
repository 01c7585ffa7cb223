package localcluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"ringside/engine/wire"
)

const (
	// folderRounds is how often a folder is put back or damaged in an ordinary test run.
	folderRounds = 4
	// tortureKeys is the number of keys. One client writes each key, and knows what the key must
	// hold.
	tortureKeys = 12
)

// A keeper is a client that writes one key, each put with the context of the one before.
type keeper struct {
	key    string
	puts   int
	last   string // the value that was acknowledged last
	next   string // a later value with an unknown outcome, "" if there is none
	token  []byte
	failed int
}

// write puts until ctx ends.
func (k *keeper) write(ctx context.Context, c *Cluster) {
	for ctx.Err() == nil {
		k.puts++
		value := fmt.Sprintf("%s-%d", k.key, k.puts)
		r, err := c.Do(context.WithoutCancel(ctx), "",
			wire.PutRequest{Key: []byte(k.key), Value: []byte(value), Context: k.token})
		if err != nil {
			k.failed++
			k.next = value
			continue
		}
		p := r.(wire.PutReply)
		if p.Err != wire.OK {
			k.failed++
			if p.Unknown {
				k.next = value
			}
			continue
		}
		k.last, k.next, k.token = value, "", p.Context
	}
}

// harm puts a node's folder back from a copy, damages a file in it, or loses it, and says which.
// old is a copy of the folder.
func harm(t *testing.T, folder, old string) string {
	t.Helper()
	switch rand.IntN(4) {
	case 0:
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		return "lost"
	case 1:
		files, err := filepath.Glob(filepath.Join(folder, "[0-9M]*")) // journals, tables, the manifest
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		name := files[rand.IntN(len(files))]
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			return "left alone"
		}
		at := rand.IntN(len(b))
		b[at] ^= 1 << rand.IntN(8)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("damaged: byte %d of %s", at, filepath.Base(name))
	}
	putBack(t, old, folder)
	return "put back from a copy"
}

// Folders of nodes are put back from copies, damaged and lost, one in each round, under clients at
// work: no acknowledged write is lost, and none becomes another.
func TestFoldersPutBackAndDamaged(t *testing.T) {
	o := Options{Home: t.TempDir(), Dir: filepath.Join(t.TempDir(), "data")}
	keepers, keys := make([]*keeper, tortureKeys), make([]string, tortureKeys)
	for i := range keepers {
		keys[i] = fmt.Sprintf("key%d", i)
		keepers[i] = &keeper{key: keys[i]}
	}
	c := begin(t, o)
	old, victim := "", ""
	for round := range roundsOr(t, folderRounds) {
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, k := range keepers {
			wg.Go(func() { k.write(ctx, c) })
		}
		// The clients work for this long. The sleep stands for no condition.
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
		stop()
		wg.Wait()
		mend(t, c, keys)
		checkKeepers(t, c, keepers, fmt.Sprintf("round %d, %s", round, victim))
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		next, copied := fmt.Sprintf("n%d", 1+rand.IntN(5)), filepath.Join(t.TempDir(), "old")
		copyDir(t, filepath.Join(o.Dir, next), copied)
		if old != "" {
			t.Logf("round %d: %s %s", round, victim, harm(t, filepath.Join(o.Dir, victim), old))
		}
		old, victim = copied, next
		c = begin(t, o)
	}
}

// mend waits until no hint is left, has all homes compare their trees, and waits until they hold
// the same of keys.
func mend(t *testing.T, c *Cluster, keys []string) {
	t.Helper()
	await(t, "the hints to go home", func() bool { return viewOf(t, c).Hints() == 0 })
	if _, err := c.Compare(t.Context(), withRepair); err != nil {
		t.Fatal(err)
	}
	await(t, "equal replicas", func() bool {
		v := viewOf(t, c, keys...)
		return !slices.ContainsFunc(keys, func(k string) bool { return !v.Converged([]byte(k)) })
	})
}

func checkKeepers(t *testing.T, c *Cluster, keepers []*keeper, when string) {
	t.Helper()
	for _, k := range keepers {
		if k.last == "" {
			t.Fatalf("%s: %s was never acknowledged in %d puts", when, k.key, k.puts)
		}
		vals := values(getAll(t, c, k.key))
		for _, v := range vals {
			if v != k.last && v != k.next {
				t.Fatalf("%s: %s is %q, the last put that was acknowledged wrote %q", when, k.key, vals, k.last)
			}
		}
		if len(vals) == 0 {
			t.Fatalf("%s: %s is gone, the last put that was acknowledged wrote %q", when, k.key, k.last)
		}
	}
}

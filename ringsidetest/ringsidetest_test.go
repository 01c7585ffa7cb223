package ringsidetest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/cli/capsule"
	"ringside/cli/recording"
	"ringside/engine/wire"
	"ringside/ringsidetest"
)

// fails runs fn, which must fail, and returns what it logged.
func fails(t *testing.T, fn func(ringsidetest.TB)) string {
	t.Helper()
	err := ringsidetest.Run(t.Name(), fn)
	if err == nil {
		t.Fatal("it did not fail")
	}
	return err.Error()
}

func must[T any](t ringsidetest.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return v
}

// left is where a test that fails leaves its capsule.
func left(t *testing.T) string { return filepath.Join(t.TempDir(), "run.capsule") }

func TestClient(t *testing.T) {
	c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 3})
	k, ctx := c.Client(), t.Context()
	if values, _, err := k.Get(ctx, "x"); err != nil || len(values) != 0 {
		t.Fatal(values, err)
	}
	token := must(t, must2(k.Put(ctx, "x", []byte("one"), nil)), nil)
	token = must(t, must2(k.Via("n2").Put(ctx, "x", []byte("two"), token)), nil)
	values, seen, err := k.Quorum(ringsidetest.Quorum{R: 3, Strict: true}).Get(ctx, "x")
	if err != nil || len(values) != 1 || string(values[0]) != "two" || len(seen) == 0 {
		t.Fatal(values, err)
	}
	must(t, must2(k.Del(ctx, "x", token)), nil)
	c.WaitConverged()
	c.Siblings("x", 0)
	c.NothingLost()
	var failure *ringsidetest.RequestError
	if _, err := k.Put(ctx, "x", []byte("three"), []byte("made up")); !errors.As(err, &failure) ||
		failure.Code != wire.ContextRefused || !strings.HasPrefix(err.Error(), "put x: context_refused: ") {
		t.Error(err)
	}
	if _, _, err := k.Via("n9").Get(ctx, "x"); err == nil || !strings.Contains(err.Error(), "there are n1 n2 n3") {
		t.Error(err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := k.Get(over, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// must2 passes on a value, and panics with an error, which fails the test.
func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTyped(t *testing.T) {
	c, ctx := ringsidetest.Start(t, ringsidetest.Options{Nodes: 3}), t.Context()
	k := ringsidetest.Of(c.Client(), ringsidetest.JSON[int](nil))
	if _, _, found, err := k.Get(ctx, "x"); found || err != nil {
		t.Fatal(found, err)
	}
	must(t, must2(k.Put(ctx, "x", 1, nil)), nil)
	v, _, found, err := k.Get(ctx, "x")
	if v != 1 || !found || err != nil {
		t.Fatal(v, found, err)
	}
	must(t, must2(k.Put(ctx, "x", 2, nil)), nil) // blind: a sibling
	if _, _, _, err := k.Get(ctx, "x"); err == nil || !strings.Contains(err.Error(), "set Codec.Merge") {
		t.Error(err)
	}
	sum := ringsidetest.Of(c.Client(), ringsidetest.JSON(func(a, b int) int { return a + b }))
	if v, err := sum.Update(ctx, "x", func(v int) int { return v * 10 }); v != 30 || err != nil {
		t.Error(v, err)
	}
	_, token, _, err := sum.Get(ctx, "x")
	must(t, must2(sum.Del(ctx, "x", token)), err)
	if _, _, found, err := sum.Get(ctx, "x"); found || err != nil {
		t.Error(found, err)
	}
	must(t, must2(c.Client().Put(ctx, "y", []byte("no JSON"), nil)), nil)
	if _, _, _, err := k.Get(ctx, "y"); err == nil || !strings.Contains(err.Error(), "decode y, sibling 1") {
		t.Error(err)
	}
}

// Clients may be used by any goroutine, and no event is missed.
func TestConcurrentClients(t *testing.T) {
	const clients, writes = 8, 20
	c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 3})
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			k := c.Client().Via(c.Nodes()[i%3])
			for range writes {
				if _, err := k.Put(t.Context(), "x", fmt.Append(nil, i), nil); err != nil {
					t.Error(err)
				}
				_, token, err := k.Get(t.Context(), "x")
				if err == nil {
					_, err = k.Put(t.Context(), "x", fmt.Append(nil, i), token)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c.WaitConverged()
	c.NothingLost()
}

// Each fault shows in the state of the cluster.
func TestFaults(t *testing.T) {
	c := ringsidetest.Start(t, ringsidetest.Options{Names: []string{"a", "b", "c", "d"}, NoAntiEntropy: true})
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { c.Partition("a,b", "c") }, "apart(a,c) && apart(b,d) && !apart(a,b)"},
		{c.Heal, "!split"},
		{func() { c.PartitionOneWay("a,b", "c,d") }, "split"},
		{c.Heal, "!split"},
		{func() { c.Kill("a", "b") }, "down(a) && down(b)"},
		{func() { c.Restart("a", "b") }, "up"},
		{func() { c.Wipe("c") }, "wiped(c)"},
		{func() { c.Pause("d") }, "paused(d)"},
		{func() { c.Resume("d") }, "up"},
		{func() { c.Slow("a-b", time.Millisecond) }, "!lossy"},
		{func() { c.Loss("a", 20) }, "lossy"},
		{c.Heal, "!lossy"},
	} {
		step.do()
		c.Wait(step.want)
	}
}

// Clocks that disagree make last write wins lose an acknowledged write, which NothingLost finds.
func TestSkewLosesWrites(t *testing.T) {
	file := left(t)
	log := fails(t, func(tb ringsidetest.TB) {
		c := ringsidetest.Start(tb, ringsidetest.Options{
			Nodes: 3, LastWriteWins: true, Skew: map[string]time.Duration{"n1": time.Hour}, Capsule: file,
		})
		must(tb, must2(c.Client().Via("n1").Put(t.Context(), "x", []byte("ahead"), nil)), nil)
		must(tb, must2(c.Client().Via("n2").Put(t.Context(), "x", []byte("later"), nil)), nil)
		c.WaitConverged()
		if values := c.Siblings("x", 1); string(values[0]) != "ahead" {
			tb.Errorf("%q has won", values)
		}
		c.NothingLost()
	})
	for _, want := range []string{"acknowledged writes are missing", "#2 put of x: lost: ", "ringside open " + file} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in:\n%s", want, log)
		}
	}
	if strings.Contains(log, "has won") {
		t.Error(log)
	}
	for _, e := range capsuleIn(t, file).Events {
		if ahead := e.Time - time.Duration(time.Now().UnixNano()); ahead.Abs() > 10*time.Minute {
			t.Errorf("event %d, %s of %q, is %v ahead of the cluster's time", e.Seq, e.Kind, e.Node, ahead)
		}
	}
}

// A clock that goes wrong later makes last write wins lose a write, and siblings lose nothing.
func TestSkewLater(t *testing.T) {
	for _, lww := range []bool{false, true} {
		c := ringsidetest.Start(t, ringsidetest.Options{Nodes: 3, LastWriteWins: lww})
		c.Skew(time.Hour, "n1")
		must(t, must2(c.Client().Via("n1").Put(t.Context(), "x", []byte("ahead"), nil)), nil)
		must(t, must2(c.Client().Via("n2").Put(t.Context(), "x", []byte("later"), nil)), nil)
		c.WaitConverged()
		if !lww {
			c.Siblings("x", 2)
			c.NothingLost()
			continue
		}
		if values := c.Siblings("x", 1); string(values[0]) != "ahead" {
			t.Errorf("%q has won", values)
		}
	}
}

// A test that fails shows its requests, and its capsule opens on the screens.
func TestFailureLeavesATraceAndACapsule(t *testing.T) {
	file := left(t)
	log := fails(t, func(tb ringsidetest.TB) {
		c := ringsidetest.Start(tb, ringsidetest.Options{Capsule: file})
		left, right := c.Split("cart")
		must(tb, must2(left.Put(t.Context(), "cart", []byte("milk"), nil)), nil)
		must(tb, must2(right.Put(t.Context(), "cart", []byte("eggs"), nil)), nil)
		c.Heal()
		c.WaitConverged()
		c.NoSiblings()
		c.Siblings("cart", 1)
	})
	for _, want := range []string{
		`cart has 2 siblings: "milk", "eggs"; `, "cart has 2 values, want 1", "put cart", "§4.6", "ringside open " + file,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in:\n%s", want, log)
		}
	}
	c := capsuleIn(t, file)
	r, err := recording.NewSession(c.Events, c.Ending, "a test")
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Progress(); p.Length <= 0 || len(c.Events) < 50 || !strings.Contains(c.Text, "2 siblings") &&
		!strings.Contains(c.Text, "2 writes: 2 sibling") {
		t.Errorf("%d events over %v:\n%s", len(c.Events), p.Length, c.Text)
	}
}

// capsuleIn reads a capsule.
func capsuleIn(t *testing.T, file string) *capsule.Capsule {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := capsule.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The capsule of each cluster of a test that fails has a name of its own in the folder that a CI
// job keeps.
func TestCapsulesAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	t.Setenv("RINGSIDE_ARTIFACTS", dir)
	fails(t, func(tb ringsidetest.TB) {
		for range 2 {
			ringsidetest.Start(tb, ringsidetest.Options{Nodes: 1, N: 1, R: 1, W: 1})
		}
		tb.Errorf("failed")
	})
	files, err := filepath.Glob(filepath.Join(dir, "*.capsule"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if c := capsuleIn(t, f); c.Events[0].Settings.N != 1 {
			t.Errorf("%s is of %+v", f, c.Events[0].Settings)
		}
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for name, c := range map[string]struct {
		o    ringsidetest.Options
		do   func(*ringsidetest.Cluster)
		want string
	}{
		"nodes":     {ringsidetest.Options{Nodes: -1}, nil, "invalid Options.Nodes -1: want 1 to 256"},
		"too many":  {ringsidetest.Options{Nodes: 1000}, nil, "invalid Options.Nodes 1000: want 1 to 256"},
		"both":      {ringsidetest.Options{Nodes: 2, Names: []string{"a"}}, nil, "leave Nodes out"},
		"quorum":    {ringsidetest.Options{R: 9}, nil, "R"},
		"skew":      {ringsidetest.Options{Skew: map[string]time.Duration{"n9": 1}}, nil, `Skew names "n9"; the nodes are n1 n2`},
		"long skew": {ringsidetest.Options{Skew: map[string]time.Duration{"n1": time.Hour * 99}}, nil, "want at most 24h"},
		"wait":      {ringsidetest.Options{Wait: -1}, nil, "invalid Options.Wait"},
		"kill": {ringsidetest.Options{Nodes: 2}, func(c *ringsidetest.Cluster) { c.Kill("n7") },
			"there is no node 'n7'"},
		"condition": {ringsidetest.Options{Nodes: 2}, func(c *ringsidetest.Cluster) { c.Wait("milk(") }, "ringside help wait"},
		"group":     {ringsidetest.Options{Nodes: 2}, func(c *ringsidetest.Cluster) { c.Partition("") }, "a group is empty"},
		"one home":  {ringsidetest.Options{N: 1, R: 1, W: 1}, func(c *ringsidetest.Cluster) { c.Split("x") }, "set Options.N to 2"},
		"not converged": {ringsidetest.Options{Wait: 20 * time.Millisecond}, func(c *ringsidetest.Cluster) {
			left, _ := c.Split("x")
			must2(left.Put(context.Background(), "x", nil, nil))
			c.WaitConverged()
		}, "does not hold after 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Capsule = left(t)
			log := fails(t, func(tb ringsidetest.TB) { c.do(ringsidetest.Start(tb, c.o)) })
			if !strings.Contains(log, c.want) {
				t.Errorf("no %q in:\n%s", c.want, log)
			}
		})
	}
}

func TestCheckMerge(t *testing.T) {
	values := []cart{{}, {"milk": true}, {"eggs": true}, {"milk": false, "tea": true}}
	or := func(a, b cart) cart {
		out := maps.Clone(a)
		for k, v := range b {
			out[k] = out[k] || v
		}
		return out
	}
	ringsidetest.CheckMerge(t, ringsidetest.JSON(or), values...)
	log := fails(t, func(tb ringsidetest.TB) {
		ringsidetest.CheckMerge(tb, ringsidetest.JSON(union), values...)
	})
	if !strings.Contains(log, "the merge is not commutative:\n  a = {\"milk\":") {
		t.Error(log)
	}
	n := 0
	log = fails(t, func(tb ringsidetest.TB) {
		ringsidetest.CheckMerge(tb, ringsidetest.JSON(func(a, b int) int { n++; return a + b + n }), 1, 2)
	})
	for _, law := range []string{"idempotent", "deterministic", "commutative", "associative"} {
		if strings.Count(log, "the merge is not "+law) != 1 {
			t.Errorf("%s:\n%s", law, log)
		}
	}
}

// A panic of the function that Run calls is not swallowed.
func TestRunPanics(t *testing.T) {
	defer func() {
		if p := recover(); p != "oh" {
			t.Error(p)
		}
	}()
	_ = ringsidetest.Run("panics", func(ringsidetest.TB) { panic("oh") })
}

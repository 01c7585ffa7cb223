package recent

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// A cache returns the last value of a key or nothing, whatever the sizes, and never writes outside
// of its memory. Some keys share a hash.
func TestCacheNeverReturnsAnotherValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks := rapid.IntRange(0, 3).Draw(t, "chunks")
		all := bytes.Repeat([]byte{0xee}, (chunks+1)*Chunk)
		c := New(all[: chunks*Chunk : chunks*Chunk])
		buckets := rapid.SampledFrom([]uint64{5, 1 << 40}).Draw(t, "hashes")
		whole := c.hash
		c.hash = func(key []byte) uint64 { return whole(key) % buckets }
		want := map[string][]byte{}
		keys := rapid.IntRange(1, 40).Draw(t, "keys")
		key := func() []byte { return fmt.Appendf(nil, "%d", rapid.IntRange(1, keys).Draw(t, "key")) }
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			k := key()
			switch rapid.SampledFrom([]string{"put", "put", "get", "drop"}).Draw(t, "step") {
			case "put":
				size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(mostEntry-40, mostEntry+40)).Draw(t, "size")
				want[string(k)] = bytes.Repeat([]byte{byte(i)}, size)
				c.Put(k, want[string(k)])
			case "drop":
				delete(want, string(k))
				c.Drop(k)
			}
			for _, k := range [][]byte{k, key()} {
				got, ok := c.Get(k)
				if w, there := want[string(k)]; ok && (!there || !bytes.Equal(got, w)) {
					t.Fatalf("%s is %d bytes, want %v and %d bytes", k, len(got), there, len(w))
				}
			}
			if !bytes.Equal(all[chunks*Chunk:], bytes.Repeat([]byte{0xee}, Chunk)) {
				t.Fatal("the cache wrote beyond its memory")
			}
		}
	})
}

// A value that was just put is there, unless it is too large.
func TestCacheHasTheLatestValue(t *testing.T) {
	c := New(make([]byte, 2*Chunk))
	for i := range 5000 {
		k, v := fmt.Appendf(nil, "key %d", i%700), bytes.Repeat([]byte{byte(i)}, i%997)
		c.Put(k, v)
		if got, ok := c.Get(k); !ok || !bytes.Equal(got, v) {
			t.Fatalf("%s is %v, %d bytes, want %d", k, ok, len(got), len(v))
		}
	}
	c.Put([]byte("key 1"), make([]byte, mostEntry))
	if v, ok := c.Get([]byte("key 1")); ok {
		t.Errorf("a value that is too large leaves one of %d bytes", len(v))
	}
}

// An entry that is replaced takes no more memory, so all keys stay if there is room for each once.
func TestCacheReplacesInPlace(t *testing.T) {
	const keys = 500
	c := New(make([]byte, 2*Chunk)) // an entry has 208 bytes
	put := func() {
		for k := range keys {
			c.Put(fmt.Appendf(nil, "key-%06d", k), make([]byte, 180-k%3))
		}
	}
	for range 20 {
		put()
	}
	if c.Len() != keys {
		t.Errorf("the cache has %d of %d keys", c.Len(), keys)
	}
}

// A value that is read again and again stays while many others pass.
func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := New(make([]byte, 4*Chunk))
	hot, value := []byte("hot"), make([]byte, 100)
	c.Put(hot, value)
	for i := range 20_000 {
		c.Put(fmt.Appendf(nil, "%d", i), value)
		if _, ok := c.Get(hot); !ok {
			t.Fatalf("the value is gone after %d others", i)
		}
	}
	if most := 4 * Chunk / entrySize(hot, value); c.Len() > most {
		t.Errorf("the cache has %d values, and %d fit", c.Len(), most)
	}
}

func BenchmarkGet(b *testing.B) {
	const keys = 100_000
	c, all := New(make([]byte, 32<<20)), make([][]byte, keys)
	for i := range all {
		all[i] = fmt.Appendf(nil, "dxxxxxxxxkey-%07d", i)
		c.Put(all[i], make([]byte, 170))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Get(all[rng.IntN(keys)]); !ok {
			b.Fatal("a value is missing")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for _, keys := range []int{10_000, 300_000} { // the second number does not fit
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			c, all, value := New(make([]byte, 32<<20)), make([][]byte, keys), make([]byte, 170)
			for i := range all {
				all[i] = fmt.Appendf(nil, "dxxxxxxxxkey-%07d", i)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				c.Put(all[rng.IntN(keys)], value)
			}
		})
	}
}

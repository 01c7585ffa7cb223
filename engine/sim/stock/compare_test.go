package stock

import (
	"errors"
	"testing"
)

func always() bool { return true }

func compare(t *testing.T, keys, differences, ranges int) Cost {
	t.Helper()
	cost, err := Compare(always, Comparison{Keys{1, keys, 100}, differences, ranges})
	if err != nil {
		t.Fatal(err)
	}
	return cost
}

// §4.7: equal trees cost one question for each range. The cost of a few differences hardly depends
// on the keys, and a comparison in which all keys differ costs more than a copy.
func TestCompare(t *testing.T) {
	const keys, ranges = 1000, 6
	if c := compare(t, keys, 0, ranges); c.Messages != 2*ranges || c.Hashes != ranges || c.Repaired != 0 {
		t.Errorf("no difference: %+v", c)
	}
	one, more := compare(t, keys, 1, ranges), compare(t, 4*keys, 1, ranges)
	if one.Messages != more.Messages || more.Bytes > one.Bytes+100 || more.FullCopy < 3*one.FullCopy {
		t.Errorf("one difference: %+v of %d keys, %+v of four times as many", one, keys, more)
	}
	if all := compare(t, keys, keys, ranges); all.Bytes < all.FullCopy || all.Repaired != keys {
		t.Errorf("all keys differ: %+v", all)
	}
}

// A comparison stops when its caller wants that, and refuses what it cannot play.
func TestCompareStops(t *testing.T) {
	never := func() bool { return false }
	if _, err := Compare(never, Comparison{Keys{1, 10, 1}, 1, 2}); !errors.Is(err, ErrStopped) {
		t.Errorf("got %v", err)
	}
	if _, err := Compare(always, Comparison{Keys{1, 10, 1}, 11, 2}); err == nil {
		t.Error("11 differences of 10 keys: no error")
	}
}

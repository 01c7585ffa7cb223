package wire

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestContextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := genBytes.Draw(t, "key")
		c := genContext.Draw(t, "context")
		token, err := DecodeToken(EncodeToken(NewSealer(secretA).Seal(key, c)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewSealer(secretA).Open(key, token)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("got %+v %v, want %+v", got, err, c)
		}
		if _, err := NewSealer(secretA).Open(append(key, 'x'), token); !errors.Is(err, errWrongToken) {
			t.Fatalf("for another key: %v", err)
		}
		if _, err := NewSealer(secretB).Open(key, token); !errors.Is(err, errWrongToken) {
			t.Fatalf("of another cluster: %v", err)
		}
		bit := rapid.IntRange(0, 8*len(token)-1).Draw(t, "bit")
		token[bit/8] ^= 1 << (bit % 8)
		if _, err := NewSealer(secretA).Open(key, token); err == nil {
			t.Fatal("altered and opened")
		}
	})
}

func TestOpenContextRefusals(t *testing.T) {
	token := NewSealer(secretA).Seal([]byte("k"), Context{Clock: many(3).Context()})
	other := slices.Clone(token)
	other[0]++
	for name, c := range map[string]struct {
		token []byte
		want  error
	}{
		"nothing": {nil, errNotToken},
		"short":   {token[:tokenMAC], errNotToken},
		"format":  {other, errNotToken},
		"long":    {append([]byte{tokenFormat}, make([]byte, MaxToken)...), errNotToken},
		"cut":     {token[:len(token)-1], errWrongToken},
		"altered": {append(slices.Clone(token), 0), errWrongToken},
	} {
		if _, err := NewSealer(secretA).Open([]byte("k"), c.token); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, s := range []string{"!", "a", "AB", strings.Repeat("A", 2*MaxToken), "AAA="} {
		if _, err := DecodeToken(s); !errors.Is(err, errNotToken) {
			t.Errorf("%.10q: %v", s, err)
		}
	}
}

// The largest clock with the longest names fits in a token.
func TestLargestContextFits(t *testing.T) {
	c := many(MaxClock).Context()
	for i := range c {
		c[i].Node += strings.Repeat("x", MaxName-len(c[i].Node))
		c[i].Epoch, c[i].Counter, c[i].Time = 1<<63, 1<<63, -1
	}
	token := NewSealer(secretA).Seal([]byte("k"), Context{Clock: c, Time: -1, Fastest: c[0].Node})
	if _, err := NewSealer(secretA).Open([]byte("k"), token); err != nil {
		t.Errorf("%d bytes: %v", len(token), err)
	}
}

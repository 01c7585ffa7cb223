package ringsidetest

import (
	"fmt"
	"strings"

	"ringside/engine/account"
	"ringside/engine/event"
)

// maxListed is the number of writes, keys or siblings that a message lists.
const maxListed = 10

// NoSiblings fails the test if a key has siblings. Without keys it looks at all keys that were
// written. The reads repair nothing.
func (c *Cluster) NoSiblings(keys ...string) {
	c.tb.Helper()
	if len(keys) == 0 {
		acc, err := c.account()
		if err != nil {
			c.tb.Fatalf("ringsidetest: no siblings: %v", err)
		}
		for _, k := range acc.Keys() {
			keys = append(keys, string(k))
		}
	}
	var bad []string
	for _, key := range keys {
		if values := c.look(key); len(values) > 1 {
			bad = append(bad, fmt.Sprintf("%s has %d siblings: %s; %s", shown(key), len(values), quoted(values), c.why(key)))
		}
	}
	if len(bad) > 0 {
		c.tb.Errorf("ringsidetest: siblings are left; read the key, merge the values, and put the result with the "+
			"context of the read:\n%s", list(bad))
	}
}

// Siblings fails the test unless a key has n values, and returns the values. 0 stands for an absent
// key. The read repairs nothing.
func (c *Cluster) Siblings(key string, n int) [][]byte {
	c.tb.Helper()
	values := c.look(key)
	if len(values) != n {
		c.tb.Errorf("ringsidetest: %s has %d values, want %d: %s; %s", shown(key), len(values), n, quoted(values), c.why(key))
	}
	return values
}

// NothingLost fails the test unless each acknowledged write is visible at its homes, is a sibling,
// or was superseded by a write that had seen it. A write that only a fallback holds fails the test
// also: call WaitConverged before. Whether a merge kept what it merged is for the application's own
// checks.
func (c *Cluster) NothingLost() {
	c.tb.Helper()
	acc, err := c.account()
	if err != nil {
		c.tb.Fatalf("ringsidetest: nothing lost: %v", err)
	}
	if missing := acc.Known().Missing; missing > 0 {
		c.tb.Errorf("ringsidetest: nothing lost: %d events are no longer known; check after fewer requests", missing)
	}
	var bad []string
	for _, w := range acc.Writes(nil) {
		if !w.Acked {
			continue
		}
		advice := ""
		switch w.Fate {
		case account.Visible, account.Superseded, account.Sibling:
			continue
		case account.Hint, account.Buffer, account.Unknown:
			advice = "; call Heal, Restart and WaitConverged first"
		}
		bad = append(bad, fmt.Sprintf("%s %s of %s: %s: %s%s", event.RequestName(w.Request), w.Op(),
			shown(string(w.Key)), w.Fate, w.Text, advice))
	}
	if len(bad) > 0 {
		c.tb.Errorf("ringsidetest: acknowledged writes are missing:\n%s", list(bad))
	}
}

// look reads a key without repair, and fails the test if that fails. The read is not among the
// requests that a failed test draws.
func (c *Cluster) look(key string) [][]byte {
	c.tb.Helper()
	ctx, cancel := background()
	defer cancel()
	reply, err := c.env.Source().Get(ctx, "", []byte(key))
	if err != nil {
		c.tb.Fatalf("ringsidetest: %v; call Heal and Restart first", err)
	}
	return valuesOf(reply)
}

// why explains a key in a sentence.
func (c *Cluster) why(key string) string {
	acc, err := c.account(key)
	if err != nil {
		return err.Error()
	}
	return acc.Why([]byte(key)).Text
}

// quoted shows values as text.
func quoted(values [][]byte) string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, "\""+shown(string(v))+"\"")
	}
	return strings.Join(limited(out), ", ")
}

// list shows findings, one a line.
func list(findings []string) string { return "  " + strings.Join(limited(findings), "\n  ") }

// limited cuts a list after maxListed, and says how many are left out.
func limited(list []string) []string {
	if n := len(list) - maxListed; n > 0 {
		return append(list[:maxListed:maxListed], fmt.Sprintf("and %d more", n))
	}
	return list
}

package account

import (
	"fmt"

	"ringside/engine/event"
)

// lostWrite returns the latest acknowledged write of the key that last write wins lost, nil if
// there is none. If now is set, only a write counts that was lost to the version that is current
// now.
func (c *chain) lostWrite(now bool) *write {
	if !c.isLWW() {
		return nil
	}
	var out *write
	for _, w := range c.writes {
		if w.replied < 0 && w.lost < 0 {
			continue
		}
		if f := c.fateOf(w); f.Fate == Lost && (!now || f.By != nil && c.current.Has(f.By.Dot)) {
			out = w
		}
	}
	return out
}

// loss explains how last write wins lost a write (§4.4).
func (c *chain) loss(w *write) string {
	by := c.displacer(w)
	c.wrote(w, "")
	if by == nil {
		c.step(w.lost, "last write wins dropped %s", c.ref(w.version))
		return "last write wins dropped " + c.ref(w.version) + " for a version that had not seen it"
	}
	g := c.whyUnseen(by, w)
	c.wrote(by, tail(g.remark(c, by)))
	c.step(w.replied, "the client of %s was told of success", c.ref(w.version))
	c.step(w.lost, "a replica had to choose: last write wins kept the later time, %s, and dropped %s", c.ref(by.version),
		c.ref(w.version))
	return fmt.Sprintf("%s. Last write wins compares times and not clocks, so it kept %s and dropped %s, which was "+
		"acknowledged%s. With --mode siblings both would be there", g.reason(c, by), c.ref(by.version), c.ref(w.version),
		c.skewInWords(by.version))
}

// absence explains why the key has no value.
func (c *chain) absence() string {
	if len(c.current) > 0 { // tombstones
		return c.deleted(c.byDot[c.current[0].Dot])
	}
	var last *write
	for _, w := range c.writes {
		if w.replied >= 0 || w.collected >= 0 || len(w.nodes) > 0 {
			if last == nil || !c.supersedes(last, w) {
				last = w
			}
		}
	}
	switch {
	case last == nil && c.known.Since == 0:
		return "no event of the cluster is known"
	case last == nil:
		return fmt.Sprintf("%s has no value: no node that answered holds anything of it, "+
			"and no write of it is known since %s", keyName(c.key), at(c.known.Since)) + c.silent()
	case last.version.Deleted:
		return c.deleted(last)
	}
	c.wrote(last, "")
	if f := c.fateOf(last); f.Fate == Unknown {
		return "whether a value is left is not known: " + f.Text
	}
	for _, node := range last.nodes {
		c.whyGone(last, node, len(c.Account.events))
	}
	return "no replica of " + c.ref(last.version) + " is left" + after(": ", c.destruction(c.key, last))
}

// silent says which nodes could hold something and were not asked.
func (c *chain) silent() string {
	var down []string
	for _, n := range c.view.Nodes {
		if c.isDown(n.Name) {
			down = append(down, n.Name)
		}
	}
	if len(down) == 0 {
		return ""
	}
	return "; " + list(down) + " " + be(len(down)) + " not running and may hold something older"
}

// deleted explains that a delete removed the key.
func (c *chain) deleted(w *write) string {
	for _, old := range c.writes {
		if !old.version.Deleted && c.supersedes(w, old) && c.displacer(old) == w {
			c.wrote(old, "")
		}
	}
	c.wrote(w, "")
	c.step(w.replied, "the client was told that the delete succeeded")
	text := fmt.Sprintf("%s was deleted by %s", keyName(c.key), c.ref(w.version))
	if w.collected < 0 {
		return text + ". Its homes keep the tombstone, so that an old replica cannot bring the value back"
	}
	for _, i := range c.history.events {
		if e := &c.Account.events[i]; e.Kind == event.TombstoneCollected {
			c.step(i, "%s dropped the tombstone: all members had said twice that they hold nothing older", named(e.Node))
		}
	}
	return text + ". The tombstone was collected as well, so no node holds anything of the key"
}

// after returns s after a prefix, "" if s is empty.
func after(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

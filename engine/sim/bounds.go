package sim

// P13: whatever waits, travels or is kept for others is bounded.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"ringside/engine/store"
	"ringside/engine/wire"
)

// mostSiblings is how many siblings a coordinator adds to.
func (c *checker) mostSiblings() int { return cmp.Or(c.w.plan.maxSiblings(), wire.MaxSiblings) }

// mostKept is how many siblings a key can have in all. A coordinator counts only the siblings that it holds: those of
// a split do not know of each other's, and a node that handed its hint home, or lost its disk, counts from nothing again.
func (c *checker) mostKept(key string) int {
	return c.mostSiblings() * (len(c.w.names) + c.restarts[key])
}

// handsOn notes that a node may forget what it holds of key, since others have it.
func (c *checker) handsOn(node, key string) {
	c.handed[node+" "+key] = c.w.now
	c.restarts[key]++
}

// overrun is P13 for what waits in a node.
func (c *checker) overrun(h *host) {
	if !h.up {
		return
	}
	if over := h.node.Overrun(); over != "" {
		c.fail("P13", "%s has %s", h.name, over)
	}
}

// idle is P13 for what clients asked long ago: no node still works on it.
func (c *checker) idle() {
	for _, name := range c.w.names {
		if n := c.w.hosts[name].node.Requests(); n != 0 {
			c.fail("P13", "%s works on %d requests, and no client waits", name, n)
		}
	}
}

// hints is P13 for what a node keeps for others.
func (c *checker) hints(h *host) {
	most, kept := c.w.plan.maxHints(), 0
	if most == 0 {
		return // no run comes near
	}
	h.view().Scan(store.Hints, nil, nil, func(_, _ []byte) bool { kept++; return true })
	if kept > most {
		c.fail("P13", "%s keeps %d hints, the bound is %d", h.name, kept, most)
	}
}

// framed is P13 for a message, and gives back what its receiver makes of the frame.
func (c *checker) framed(m wire.Message) wire.Message {
	b, err := wire.AppendMessage(nil, m)
	if err == nil && len(b) > wire.MaxFrame {
		err = fmt.Errorf("a frame of %d bytes, the bound is %d", len(b), wire.MaxFrame)
	}
	var got wire.Message
	if err == nil {
		got, err = wire.ParseMessage(b)
	}
	if err == nil {
		if again, _ := wire.AppendMessage(nil, got); !bytes.Equal(b, again) {
			err = errors.New("it is another one after the wire")
		}
	}
	if err != nil {
		c.fail("P13", "%T from %s to %s cannot be sent: %v", m.Body, m.From, m.To, err)
		return m
	}
	return got
}

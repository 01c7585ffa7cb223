package sim

// P5 and P1 in the middle of a run: everything is whole for a while, clients rest, and
// the cluster has to come to rest as it has to in the end. Then things go wrong again.

import (
	"slices"
	"time"
)

// lullTime is how long a lull takes: until peers are noticed, hints are home and, if there is anti-entropy, ranges
// were compared.
func lullTime(p *Plan) time.Duration {
	d := noticing + quiesce
	if p.AntiEntropy > 0 {
		d += p.syncTime()
	}
	return d
}

// lull makes everything whole until its time is over. Then the cluster must have come to rest.
func (w *world) lull(s Strike) {
	w.fault(lullKind)
	w.calm(w.names)
	w.after(s.For, func() {
		if w.ending {
			return
		}
		if s.For >= lullTime(w.plan) {
			w.check.rested(w.now - s.For)
		}
		w.peace = false
		clear(w.net.calm)
		w.breakDisks()
	})
}

// rested checks the cluster at the end of a lull that began at began.
func (c *checker) rested(began time.Duration) {
	w := c.w
	if left := w.hintsAmong(w.names); left != "" {
		c.fail("P5", "%v after the beginning of a lull %s", w.now-began, left)
	}
	w.recall()
	if left := w.unsettled(); left != "" {
		c.fail("P12", "%v after the beginning of a lull %s", w.now-began, left)
		return // no ring tells whose the keys are
	}
	for _, key := range c.keys {
		if !c.untouched(key, began+noticing) {
			continue
		}
		c.onlyAtHome(key)
		if w.plan.AntiEntropy > 0 {
			c.judge("in a lull", key, idsOf(c.agree(key, w.ring.Homes([]byte(key)))))
		}
	}
	c.kept()
	if c.w.resting(began + noticing) {
		c.idle()
	}
	for _, name := range w.names {
		c.audit(w.hosts[name])
	}
}

// resting says whether no client has asked for anything since.
func (w *world) resting(since time.Duration) bool {
	return !slices.ContainsFunc(w.check.keys, func(key string) bool { return !w.check.untouched(key, since) })
}

// untouched says whether nobody has asked for key since, or still does.
func (c *checker) untouched(key string, since time.Duration) bool {
	for _, op := range c.byKey[key] {
		if op.ended == 0 || op.ended > since {
			return false
		}
	}
	return true
}

package account

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// tellGet explains a get.
func (r *requestStory) tellGet() (About, string) {
	e, v := r.at(r.replied), r.verdict
	found := r.get()
	if e.Err != wire.OK {
		r.step(r.replied, "%s answered: %s", named(e.Node), failure(e))
		return Failed, "it failed: " + failure(e) + r.missing()
	}
	live := found.Live()
	r.step(r.replied, "%s answered, which is %d of R=%d: the client got %s", list(v.Answered), e.Count, e.Want,
		clocksOf(live))
	text := fmt.Sprintf("%s answered, enough for R=%d", list(v.Answered), e.Want)
	if silent := v.silent(); len(silent) > 0 {
		text += "; " + list(silent) + " had not answered by then"
	}
	if missed := r.missed(found); missed != nil {
		return Stale, r.stale(missed, text, e.Nodes)
	}
	switch {
	case len(live) == 0 && len(found) > 0:
		return Absent, text + ". They hold the delete " + escaped(found.String()) + ", so there is no value"
	case len(live) == 0:
		return Absent, text + ". They hold nothing of the key, and no acknowledged write was missed"
	case len(live) > 1:
		return Siblings, text + fmt.Sprintf(". What they hold has %d versions, and none descends from another: %s",
			len(live), escaped(live.String()))
	}
	return Nothing, "it succeeded: " + text + ". It missed no acknowledged write"
}

// clocksOf returns the clocks of versions, "nothing" if there are none.
func clocksOf(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return escaped(s.String())
}

// silent returns the names of the nodes in Silent.
func (v *Verdict) silent() (out []string) {
	for _, n := range v.Silent {
		out = append(out, n.Node)
	}
	return out
}

// get adds the steps in which nodes answered a get. It returns what the answers hold together.
func (r *requestStory) get() (found vclock.Siblings) {
	asked := map[string]int{}
	for _, i := range r.events {
		if r.replied >= 0 && i > r.replied {
			break
		}
		switch e := r.at(i); e.Kind {
		case event.ReadFrom:
			asked[e.Peer] = i
			if !slices.Contains(r.homes, e.Peer) {
				r.step(i, "%s asked %s, which is a fallback", named(e.Node), named(e.Peer))
			}
		case event.ReadReply:
			held := clocksOf(e.Versions)
			if e.Err != wire.OK {
				held = "nothing that counts: " + strings.ReplaceAll(e.Err.String(), "_", " ")
			}
			r.step(i, "%s answered that it holds %s", named(e.Peer), held)
			if r.isLWW() {
				found = found.Latest(e.Versions)
			} else {
				found = found.Merge(e.Versions)
			}
		case event.Dropped:
			r.step(i, "a message from %s to %s was lost: %s", named(e.Node), named(e.Peer), escaped(e.Message))
		}
	}
	for _, n := range r.verdict.silent() {
		if i, read := asked[n]; read {
			r.step(i, "%s asked %s, and had no answer by then", named(r.at(i).Node), named(n))
		}
	}
	return found
}

// missed returns the latest write that was acknowledged before the get began and that the versions
// found do not reflect, nil if there is none.
func (r *requestStory) missed(found vclock.Siblings) *write {
	var out *write
	for _, w := range r.writes {
		if w.replied < 0 || r.asked < 0 || w.replied > r.asked {
			continue
		}
		reflected := slices.ContainsFunc(found, func(v vclock.Version) bool {
			c := v.Compare(w.version)
			return c == vclock.Equal || c == vclock.After || r.isLWW() && beats(v, w.version)
		})
		overtaken := slices.ContainsFunc(r.writes, func(x *write) bool { // a later write is missed rather than this one
			return x != w && r.supersedes(x, w) && x.replied >= 0 && x.replied < r.asked
		})
		collected := w.collected >= 0 && w.collected < r.asked
		if !reflected && !overtaken && !collected {
			out = w
		}
	}
	return out
}

// stale explains why a get missed an acknowledged write.
func (r *requestStory) stale(w *write, text string, answered []string) string {
	ack := r.at(w.replied)
	r.step(w.replied, "%s of %s was acknowledged by %s", what(w.version), r.ref(w.version), list(ack.Nodes))
	from := r.at(r.replied).Node
	why := ""
	for _, node := range ack.Nodes {
		if slices.Contains(answered, node) {
			continue
		}
		if reason := r.unreached(from, node, r.replied); reason != "" && why == "" {
			why = ", because " + named(from) + " could not reach " + named(node) + ": " + reason
		}
	}
	promise := "A sloppy quorum counts fallbacks, so R+W>N does not promise the newest write"
	if rep := r.at(r.replied); rep.Want+ack.Want <= len(r.homes) {
		promise = fmt.Sprintf("With R=%d and W=%d the two quorums need not share a node, because R+W>N does not hold",
			rep.Want, ack.Want)
	}
	return fmt.Sprintf("it is stale: it missed %s, which %s had acknowledged at %s. Only %s%s. %s", r.ref(w.version),
		list(ack.Nodes), at(ack.Time), text, why, promise)
}

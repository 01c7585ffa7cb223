package account

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// WhyRequest explains why a request succeeded or failed. ok is false if no event of the request is
// remembered.
func (a *Account) WhyRequest(id uint64) (x Explanation, ok bool) {
	r := requestStory{events: a.requests[id]}
	var events []event.Event
	for _, i := range r.events {
		events = append(events, a.events[i])
		if e := &a.events[i]; e.Key != nil && r.chain == nil {
			r.chain = &chain{state: a.stateOf(a.history(e.Key)), used: map[int]bool{}}
		}
	}
	if r.chain == nil {
		return Explanation{}, false
	}
	r.verdict = a.Verdict(events, r.homes)
	r.replied, r.asked = -1, -1
	for _, i := range r.events {
		switch a.events[i].Kind {
		case event.Requested:
			r.asked = i
		case event.Replied:
			r.replied = i
		}
	}
	x = Explanation{Key: r.key, Request: id}
	x.About, x.Text = r.tell()
	x.Chain = r.sorted()
	return x, true
}

// KeyOf returns the key of a request, nil if no event of the request is remembered.
func (a *Account) KeyOf(id uint64) []byte {
	for _, i := range a.requests[id] {
		if key := a.events[i].Key; key != nil {
			return key
		}
	}
	return nil
}

// LastRequest returns the number of the request that began last, 0 if there was none.
func (a *Account) LastRequest() uint64 {
	for _, e := range slices.Backward(a.events) {
		if e.Kind == event.Requested {
			return e.Request
		}
	}
	return 0
}

// A requestStory explains one request.
type requestStory struct {
	*chain
	verdict        *Verdict
	events         []int // of the request
	asked, replied int   // the events of these kinds, -1 if there is none
}

// at returns event number i.
func (r *requestStory) at(i int) *event.Event { return &r.Account.events[i] }

func (r *requestStory) tell() (About, string) {
	if r.asked >= 0 {
		e := r.at(r.asked)
		r.step(r.asked, "%s %s reached %s", escaped(e.Op), keyName(r.key), named(e.Node))
	}
	switch {
	case r.replied < 0:
		r.put()
		r.get()
		return Nothing, "the request has no answer yet, or its answer is not remembered"
	case r.at(r.replied).Op == "get":
		return r.tellGet()
	}
	return r.tellPut()
}

// tellPut explains a put or a delete.
func (r *requestStory) tellPut() (About, string) {
	e, v := r.at(r.replied), r.verdict
	r.put()
	if e.Err != wire.OK {
		r.step(r.replied, "%s answered: %s", named(e.Node), failure(e))
		return Failed, "it failed: " + failure(e) + substitutions(v.Fallbacks) + r.missing() + v.nevertheless()
	}
	r.step(r.replied, "%s acknowledged, which is %d of W=%d, and the client was told of success", list(v.Answered),
		e.Count, e.Want)
	text := fmt.Sprintf("it succeeded, because %s acknowledged and W=%d", list(v.Answered), e.Want)
	about := Nothing
	if len(v.Fallbacks) > 0 {
		about = Waiting
	}
	text += substitutions(v.Fallbacks)
	if v.Blind {
		text += ". Its client gave no context, so it replaces nothing that was there: a blind write"
	}
	if len(e.Versions) > 0 {
		if w := r.byDot[e.Versions[0].Dot]; w != nil {
			text += fmt.Sprintf(". What became of it: %s (%s)", r.fateOf(w).Fate, r.fateOf(w).Text)
		}
	}
	for _, h := range e.Hinted {
		if i := r.delivered(h, r.replied); i >= 0 {
			r.step(i, "%s holds it now, and %s deleted its hint", named(h.For), named(h.Holder))
		}
	}
	return about, text
}

// delivered returns the first event after number i in which a hint reached its home, -1 if there is
// none.
func (r *requestStory) delivered(h wire.Hint, i int) int {
	for _, n := range r.history.events {
		e := r.at(n)
		if n > i && e.Kind == event.HintDelivered && e.Node == h.Holder && e.For == h.For {
			return n
		}
	}
	return -1
}

// failure says why a request failed.
func failure(e *event.Event) string {
	code := strings.ReplaceAll(e.Err.String(), "_", " ")
	if e.Message == "" {
		return code
	}
	return code + ": " + escaped(e.Message)
}

// sentences returns further sentences of a conclusion.
func sentences(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return ". " + strings.Join(parts, ". ")
}

// substitutions returns in sentences who stood in for whom, one for each reason.
func substitutions(all []Fallback) string {
	var whys []string
	by := map[string][]string{}
	for _, s := range all {
		part := named(s.Node) + " stood in for " + named(s.Home) + ", with a hint"
		if s.Node == "" {
			part = "no fallback was left for " + named(s.Home)
		}
		why := s.reason()
		if by[why] == nil {
			whys = append(whys, why)
		}
		by[why] = append(by[why], part)
	}
	out := ""
	for _, why := range whys {
		out += ". " + capital(why) + " → " + strings.Join(by[why], "; ")
	}
	return out
}

// capital returns a text with a capital letter, unless it begins with a name.
func capital(text string) string {
	if strings.HasPrefix(text, "the ") {
		return "T" + text[1:]
	}
	return text
}

// put adds the steps by which a put went to its coordinator and its replicas.
func (r *requestStory) put() {
	for _, i := range r.events {
		switch e := r.at(i); e.Kind {
		case event.Forwarded:
			why := named(e.Node) + " is not a home of the key"
			if e.Message == event.Fastest {
				why = named(e.Peer) + " answered the last get first (§5)"
			}
			r.step(i, "%s gave the put to %s: %s", named(e.Node), named(e.Peer), why)
		case event.Coordinate:
			r.coordinate(i)
		case event.Replicate:
			for _, s := range r.fallbacks(e) {
				r.step(i, "%s → %s stands in, with a hint for %s", s.reason(), named(s.Node), named(s.Home))
			}
		case event.HintRefused:
			r.step(i, "%s refused a hint for %s: it keeps as many as it may", named(e.Node), named(e.For))
		case event.Dropped:
			r.step(i, "a message from %s to %s was lost: %s", named(e.Node), named(e.Peer), escaped(e.Message))
		case event.LWWLost:
			r.step(i, "last write wins dropped the version: it was %s", escaped(e.Message))
		}
	}
}

// fallbacks returns the fallbacks of which an event tells, and adds the steps of what led to them.
func (r *requestStory) fallbacks(e *event.Event) (out []Fallback) {
	for _, s := range r.verdict.Fallbacks {
		if s.seq == e.Seq {
			r.step(s.cause.event, "%s", s.cause.text)
			out = append(out, s)
		}
	}
	return out
}

// coordinate adds the step in which a put was stamped.
func (r *requestStory) coordinate(i int) {
	e := r.at(i)
	r.fallbacks(e)
	as := ""
	if e.For != "" {
		as = " as a fallback for " + named(e.For)
	}
	left := ""
	if len(e.Nodes) > 0 {
		left = "; no fallback is left for " + list(e.Nodes)
	}
	r.step(i, "%s coordinated%s and stamped %s for the homes %s%s", named(e.Node), as, escaped(e.Versions.String()),
		list(e.Homes), left)
}

// missing says why homes were not reached by a request that failed.
func (r *requestStory) missing() string {
	var parts []string
	for _, n := range r.verdict.Away {
		r.step(n.cause.event, "%s", n.cause.text)
		parts = append(parts, "No answer came from "+named(n.Node)+", because "+because(n.cause.short, true))
	}
	return sentences(parts)
}

// nevertheless says which nodes hold what a put that failed has written, "" if none does.
func (v *Verdict) nevertheless() string {
	if len(v.Kept) == 0 {
		return ""
	}
	return fmt.Sprintf(". %s %s the version nevertheless: a put that failed is not undone", list(v.Kept),
		verb(len(v.Kept), "hold"))
}

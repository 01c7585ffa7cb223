package plain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/view"
)

const (
	// maxNews is how many lines of news are told at once.
	maxNews = 20
	// flood is how many beliefs of one kind are told one by one. A split of many nodes makes
	// hundreds.
	flood = 3
)

// news tells what happened since the last time, and returns how many lines that took.
func (s *session) news(ctx context.Context) int {
	if s.shown != s.generation() {
		return s.tellAnother(ctx, "another cluster answers now.")
	}
	var events []event.Event
	err := s.Cluster.Events(ctx, event.Query{After: s.seq, Screen: true}, func(batch []event.Event) error {
		events = append(events, batch...)
		return nil
	})
	if err == nil && len(events) > 0 && events[0].Kind == event.Gap && events[0].Seq == 0 {
		return s.tellAnother(ctx, "the cluster was restarted.") // its events begin anew
	}
	if err == nil {
		s.take(events)
		err = s.refresh(ctx)
	}
	if err != nil {
		return s.tellFailure(ctx, err)
	}
	lines := tell(events)
	for _, l := range lines[:min(len(lines), maxNews)] {
		s.say("  " + l)
	}
	if more := len(lines) - maxNews; more > 0 {
		s.say(fmt.Sprintf("  and %d more; the command events lists all", more))
	}
	return len(lines)
}

// tellAnother begins again with another cluster, sums it up after the given sentence, and returns
// how many lines that took. What happened before in that cluster is not told.
func (s *session) tellAnother(ctx context.Context, sentence string) int {
	if err := s.again(ctx); err != nil {
		return s.tellFailure(ctx, err)
	}
	s.say("  " + sentence + " " + s.where())
	return 1
}

// tellFailure says that the cluster does not answer, and returns how many lines that took.
func (s *session) tellFailure(ctx context.Context, err error) int {
	if ctx.Err() == nil {
		s.say("the cluster does not answer: " + render.Text(err.Error()))
	}
	return 1
}

// tell returns the events of the story in words, oldest first. The beliefs of many nodes are one
// line, where the first of them stands.
func tell(events []event.Event) []string {
	var out []string
	for _, kind := range []event.Kind{event.Suspect, event.Alive} {
		nodes, peers, n := map[string]bool{}, map[string]bool{}, 0
		for _, e := range events {
			if e.Kind == kind {
				nodes[e.Node], peers[e.Peer] = true, true
				n++
			}
		}
		if n <= flood {
			continue
		}
		about := map[event.Kind]string{event.Suspect: " believe that %s failed", event.Alive: " hear from %s again"}[kind]
		line := render.Count(len(nodes), "node") + fmt.Sprintf(about, render.Count(len(peers), "node"))
		first := slices.IndexFunc(events, func(e event.Event) bool { return e.Kind == kind })
		rest := slices.DeleteFunc(slices.Clone(events[first+1:]), func(e event.Event) bool { return e.Kind == kind })
		events = append(append(slices.Clone(events[:first]), event.Event{Kind: told, Message: line}), rest...)
	}
	for _, e := range events {
		switch {
		case e.Kind == told:
			out = append(out, e.Message)
		case render.InStory(e):
			out = append(out, words(e))
		}
	}
	return out
}

// told is the kind of a line that stands for many events.
const told event.Kind = "told"

// spoken replaces signs by words.
var spoken = strings.NewReplacer("⚑ ", "", "✂ ", "", "‖ ", "", "▸", " for ", " │ ", " and ", "§", "section ",
	"…", "...", "→", "to", "×", " times ", "  ", ", ")

// words returns an event as a line: "n1: put cart, W 2/2 ok {n1:1}".
func words(e event.Event) string {
	p := render.Describe(e)
	text := p.Text
	if text == "" {
		bare := e
		bare.Key = nil
		text = render.Detail(bare)
	}
	parts := []string{strings.ToLower(spoken.Replace(p.Word))}
	if e.Key != nil {
		parts = append(parts, render.Key(e.Key))
	}
	line := strings.Join(parts, " ")
	if text = strings.TrimSpace(spoken.Replace(text)); text != "" {
		line += ", " + text
	}
	if e.Node != "" {
		line = render.Node(e.Node) + ": " + line
	}
	return line
}

// where sums up the cluster in a few sentences.
func (s *session) where() string {
	v := s.state.View
	count := map[view.Status]int{}
	for _, n := range v.Nodes {
		count[n.Status]++
	}
	out := []string{fmt.Sprintf("%s, %d up", render.Count(len(v.Nodes), "node"), count[view.Up])}
	for _, st := range []view.Status{view.Paused, view.Down} {
		if count[st] > 0 {
			out[0] += fmt.Sprintf(", %d %s", count[st], st)
		}
	}
	out[0] += fmt.Sprintf(". N=%d, R=%d, W=%d.", v.Settings.N, v.Settings.R, v.Settings.W)
	if len(v.Groups) == 0 {
		out = append(out, "The network is whole.")
	} else {
		sides := make([]string, len(v.Groups))
		for i, g := range v.Groups {
			sides[i] = render.Side(i) + " has " + render.Nodes(g)
		}
		out = append(out, "The network is split: "+strings.Join(sides, "; ")+".")
	}
	return strings.Join(append(out, render.Count(v.Hints(), "hint")+" waiting."), " ")
}

// sayNext tells a command that leads on.
func (s *session) sayNext() {
	if next := s.suggest.First(); next != "" {
		s.say("next: " + next)
		return
	}
	s.say("no proposal")
}

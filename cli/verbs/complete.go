package verbs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
)

// completeTimeout bounds the requests of one completion, which runs while a user presses Tab.
const completeTimeout = 300 * time.Millisecond

// Complete returns the completions of the last of words, which may be empty. If e.Cluster is nil,
// words of a cluster are not completed.
func Complete(ctx context.Context, e *Env, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	if len(words) == 1 {
		return matching(words[0], Names())
	}
	v := Lookup(words[0])
	if v == nil {
		return nil
	}
	return CompleteVerb(ctx, e, v, words[1:])
}

// CompleteVerb returns the completions of the last word after a verb's name.
func CompleteVerb(ctx context.Context, e *Env, v *Verb, words []string) []string {
	if v.Nests && len(words) > 1 {
		return Complete(ctx, e, words[1:])
	}
	last := words[len(words)-1]
	args, wants := 0, (*Flag)(nil)
	for i, w := range words[:len(words)-1] {
		switch {
		case wants != nil:
			wants = nil
		case w == "--":
			if v == expectVerb {
				return Complete(ctx, e, words[i+1:])
			}
		case strings.HasPrefix(w, "-") && w != "-":
			if f := v.anyFlag(e, w); f != nil && f.TakesWord() {
				wants = f
			}
		default:
			args++
		}
	}
	if flag, value, joined := strings.Cut(last, "="); joined && wants == nil && strings.HasPrefix(last, "-") {
		var out []string
		if f := v.anyFlag(e, flag); f != nil && f.Kind != Bool { // --via=n1
			for _, w := range matching(value, append(e.candidates(ctx, f.Complete, value), f.Words...)) {
				out = append(out, flag+"="+w)
			}
		}
		return out
	}
	switch {
	case wants != nil:
		return matching(last, append(e.candidates(ctx, wants.Complete, last), wants.Words...))
	case strings.HasPrefix(last, "-"):
		return matching(last, flagWords(e, v))
	case len(v.Args) == 0:
		return nil
	}
	a := v.Args[min(args, len(v.Args)-1)]
	if args >= len(v.Args) && !a.Many {
		return nil
	}
	return matching(last, append(e.candidates(ctx, a.Complete, last), a.Words...))
}

// anyFlag returns the verb's flag, or a flag that every verb has, nil if there is none.
func (v *Verb) anyFlag(e *Env, word string) *Flag {
	name := strings.TrimLeft(word, "-")
	if f := v.flag(name); f != nil {
		return f
	}
	return (&Verb{Flags: slices.Concat(Common, e.Extra)}).flag(name)
}

func flagWords(e *Env, v *Verb) []string {
	var out []string
	for _, f := range slices.Concat(v.Flags, Common, e.Extra) {
		out = append(out, Dashed(f.Name))
	}
	return out
}

func matching(prefix string, candidates []string) []string {
	var out []string
	for _, c := range candidates {
		if strings.HasPrefix(c, prefix) && c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// candidates returns the words for a place.
func (e *Env) candidates(ctx context.Context, what Completion, last string) []string {
	switch what {
	case CompleteVerbs:
		return Names()
	case CompleteConditions:
		return append([]string{"up", "converged", "hints=0"}, e.conditionWords(ctx)...)
	case CompleteContexts:
		return e.contextWords(ctx)
	case CompleteClients:
		all, err := clients(e)
		if err != nil {
			return nil
		}
		return sortedKeys(all)
	case CompleteNodes, CompleteNodeLists, CompleteKeys, CompleteRequests:
		return e.clusterWords(ctx, what, last)
	}
	return nil
}

// replay returns a view of the cluster and its remembered events, nil if the cluster does not
// answer within completeTimeout.
func (e *Env) replay(ctx context.Context) *view.Cluster {
	if e.Cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	cluster, err := e.view(ctx)
	if err != nil {
		return nil
	}
	events, err := e.past(ctx, event.Filter{})
	if err != nil {
		return cluster
	}
	for _, ev := range events {
		if ev.Kind != event.Cluster {
			cluster.Apply(ev)
		}
	}
	return cluster
}

func (e *Env) clusterWords(ctx context.Context, what Completion, last string) []string {
	cluster := e.replay(ctx)
	if cluster == nil {
		return nil
	}
	switch what {
	case CompleteKeys:
		return keyWords(cluster)
	case CompleteRequests:
		out := []string{"last"}
		for i := len(cluster.Log) - 1; i >= 0; i-- {
			if id := cluster.Log[i].Request; id > 0 {
				out = append(out, fmt.Sprint(id))
			}
		}
		return out
	case CompleteNodeLists: // complete the name after the last comma
		done := last[:strings.LastIndexAny(last, ",|")+1]
		out := []string{}
		for _, n := range cluster.Settings.Nodes {
			if !slices.Contains(strings.FieldsFunc(done, func(r rune) bool { return r == ',' || r == '|' }), n) {
				out = append(out, done+n)
			}
		}
		return out
	}
	return cluster.Settings.Nodes
}

// keyWords returns the keys that need no quotes.
func keyWords(cluster *view.Cluster) []string {
	var out []string
	for _, k := range cluster.Keys() {
		if s := string(k.Key); escape.Terminal(k.Key) == s && Join([]string{s}) == s {
			out = append(out, s)
		}
	}
	return out
}

func (e *Env) conditionWords(ctx context.Context) []string {
	cluster := e.replay(ctx)
	if cluster == nil {
		return nil
	}
	var out []string
	for _, n := range cluster.Settings.Nodes {
		out = append(out, "up="+n, "down="+n)
	}
	for _, k := range keyWords(cluster) {
		out = append(out, "siblings("+k+")==", "converged("+k+")")
	}
	return out
}

// contextWords returns @KEY for each key, because most contexts are named after their key.
func (e *Env) contextWords(ctx context.Context) []string {
	cluster := e.replay(ctx)
	if cluster == nil {
		return nil
	}
	var out []string
	for _, k := range keyWords(cluster) {
		out = append(out, "@"+k)
	}
	return out
}

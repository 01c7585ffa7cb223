package engine

// §4.5, §4.6: why a quorum was not reached, in words for the client.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/quorum"
	"ringside/engine/wire"
)

// shortfall says why the put was refused before anything was written.
func (p *put) shortfall(plan quorum.Plan) string {
	reached := plan.Nodes()
	slices.Sort(reached)
	why := "the rest is down or cut off"
	if p.req.Quorum.Strict {
		why = "a strict quorum has no fallbacks"
	}
	if p.req.Quorum.PW > 0 {
		why = "a primary is a home that takes its replica itself"
	}
	return fmt.Sprintf("%s, but %s (%s); nothing was written",
		writeWants(p.req.Quorum), p.n.coordinator.reaches(reached), why)
}

// shortfall says why the get failed, and which nodes did not answer.
func (g *get) shortfall() string {
	homes, counted, unheard := g.replicas.Homes(), g.replicas.Counted(), g.replicas.Unheard()
	silent := slices.DeleteFunc(slices.Clone(homes), func(h string) bool { return !slices.Contains(unheard, h) })
	switch {
	case !g.replicas.FoundNothing() || len(silent) == 0 && len(counted) < g.quorum.R:
		return fmt.Sprintf("%s, but %s answered in time", readWants(g.quorum), onlyOr(counted))
	case len(counted) < g.quorum.R:
		return fmt.Sprintf(
			"R=%d, but of the key's homes %s %s answered in time; no answer from %s, so there may be a value", g.quorum.R,
			strings.Join(homes, " "), onlyOr(counted), strings.Join(silent, " "))
	}
	return fmt.Sprintf("R=%d, and %s hold nothing, but there is no answer from %s, which may keep a value or a hint",
		g.quorum.R, strings.Join(counted, " "), strings.Join(unheard, " "))
}

// readWants says what the quorum of a get asks for.
func readWants(q wire.Quorum) string { return wants("R", q.R, q.PR) }

// writeWants says what the quorum of a put asks for.
func writeWants(q wire.Quorum) string { return wants("W", q.W, q.PW) }

func wants(name string, count, primaries int) string {
	if primaries == 0 {
		return fmt.Sprintf("%s=%d", name, count)
	}
	return fmt.Sprintf("%s=%d and P%s=%d", name, count, name, primaries)
}

// reaches says which of the nodes that may hold a key this node reaches.
func (c *coordinator) reaches(nodes []string) string {
	self := c.n.cfg.Name
	others := slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return node == self })
	switch {
	case len(nodes) == 0:
		return self + " reaches none of the nodes that may hold this key"
	case len(others) == 0:
		return self + " reaches only itself of the nodes that may hold this key"
	case len(others) < len(nodes):
		return self + " reaches only itself and " + strings.Join(others, " ") + " for this key"
	}
	return self + " reaches only " + strings.Join(others, " ") + " for this key"
}

// onlyOr says in a sentence that no other node than these did something.
func onlyOr(nodes []string) string {
	if len(nodes) == 0 {
		return "no node"
	}
	return "only " + strings.Join(nodes, " ")
}

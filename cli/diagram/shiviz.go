package diagram

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
)

// ShiVizParser is the regular expression with which ShiViz reads the log: the host and its vector
// clock on one line, what happened on the next one.
const ShiVizParser = `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`

// shivizClient is the host of the client. A node cannot have this name, because it has a bracket.
const shivizClient = "(client)"

// ShiViz returns the diagram as a log for ShiViz. The first line is the parser and the second one,
// which is empty, separates executions. Vector clocks say which event came before which, and ShiViz
// draws messages from them alone. These clocks count events of the diagram; they are not the clocks
// of versions.
func (d *Diagram) ShiViz() string {
	z := &shiviz{clocks: make([]map[string]int, len(d.Lanes)), sent: map[[2]int]map[string]int{}}
	for _, l := range d.Lanes {
		name := strings.ReplaceAll(render.Node(l.Node), " ", "_")
		if l.Node == "" {
			name = shivizClient
		}
		z.hosts = append(z.hosts, name)
	}
	z.out.WriteString(ShiVizParser + "\n\n")
	for _, r := range d.Rows {
		z.row(r)
	}
	return z.out.String()
}

// A shiviz writes a log of events with vector clocks.
type shiviz struct {
	out    strings.Builder
	hosts  []string
	clocks []map[string]int          // of each lane
	sent   map[[2]int]map[string]int // from and to lane → clock of the latest message, until it arrives
}

// tick writes an event of a lane. cause is the clock of the message that the event receives, nil
// for none.
func (z *shiviz) tick(lane int, cause map[string]int, text string) map[string]int {
	clock := map[string]int{}
	maps.Copy(clock, z.clocks[lane])
	for host, n := range cause {
		clock[host] = max(clock[host], n)
	}
	clock[z.hosts[lane]]++
	z.clocks[lane] = clock
	b, _ := json.Marshal(clock) // a map of numbers has no error
	fmt.Fprintf(&z.out, "%s %s\n%s\n", z.hosts[lane], b, strings.ReplaceAll(text, "\n", " "))
	return clock
}

// row writes the events of a row. A message is sent in one event and received in another one. If
// the diagram has no event of the other end, row writes one for it.
func (z *shiviz) row(r Row) {
	text := render.Offset(r.At) + " " + r.Text
	switch {
	case r.Shape == Break:
	case r.Shape == Lost:
		z.tick(r.From, nil, text)
	case r.Shape != Arrow:
		z.tick(r.From, z.arrival(r), text)
	case arrives(r.Event.Kind): // the event is at the receiver
		if cause := z.take(r.To, r.From); cause != nil { // no event says that the question came
			z.tick(r.From, cause, z.hosts[r.From]+" receives a message from "+z.hosts[r.To])
		}
		sent := z.tick(r.From, nil, z.hosts[r.From]+" answers "+z.hosts[r.To])
		z.tick(r.To, sent, text)
	case r.Event.Kind == event.Requested, r.To == Client, r.Event.Kind == "":
		sent := z.tick(r.From, nil, z.hosts[r.From]+" sends to "+z.hosts[r.To])
		z.tick(r.To, sent, text)
	default:
		z.sent[[2]int{r.From, r.To}] = z.tick(r.From, nil, text)
	}
}

// arrival returns the clock of the message that an event of a node receives, nil for none.
func (z *shiviz) arrival(r Row) map[string]int {
	switch r.Event.Kind {
	case event.Stored, event.HintStored, event.Coordinate:
		for from := range z.hosts {
			if r.Event.Kind != event.Coordinate && z.hosts[from] != r.Event.Peer {
				continue
			}
			if clock := z.take(from, r.From); clock != nil {
				return clock
			}
		}
	}
	return nil
}

// take returns the clock of the latest message between two lanes that has not arrived, nil for
// none.
func (z *shiviz) take(from, to int) map[string]int {
	clock := z.sent[[2]int{from, to}]
	delete(z.sent, [2]int{from, to})
	return clock
}

package verbs

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/usage"
)

var whyVerb = &Verb{
	Name: "why", Group: GroupLook, Section: "§4.4, §4.5, §4.6",
	Args:  []Arg{{Name: "KEY|REQUEST", Complete: CompleteKeys, Words: []string{"last"}}},
	Usage: "explain siblings, a stale replica, a hint, an absence, or how a request ended",
	Help: `why KEY tells the shortest chain of events that led to what the nodes hold of a key now: why it has
siblings, why a hint waits, why a home is stale, what last write wins lost, or why there is no value. why #41 explains
why request 41 succeeded or failed, which nodes answered and which stood in, and why a get was stale; why last
explains the request that began last. A word of digits is a request if it is remembered, and otherwise a key;
--key makes it a key. Example: why cart
The cluster remembers its latest events and begins anew with each up. The first line says since when all is known.
--json prints {"key","request"?,"about","chain":[{"seq","time","node","section","text"}],"text","known_since",
"missing_events":int}. "about" is siblings, hint, stale, lost, absent, failed or nothing. A step without an event has
"seq" 0; only the version of a replica tells of it.`,
	Flags: []Flag{{Name: "key", Kind: Bool, Help: "the argument is a key, also if it is a number"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		id, isRequest := requestOf(c)
		if !isRequest && c.Arg(0) == "" {
			return c.Misusef("the key is empty")
		}
		key := []byte(c.Arg(0))
		acc, err := ReadAccount(ctx, e.Cluster, func(acc *account.Account) ([][]byte, error) {
			if !isRequest {
				return [][]byte{key}, nil
			}
			if id == 0 {
				id = acc.LastRequest()
			}
			if key = acc.KeyOf(id); key == nil {
				return nil, noRequest(acc, c.Arg(0))
			}
			return [][]byte{key}, nil
		})
		if err != nil {
			return err
		}
		x := acc.Why(key)
		if isRequest {
			x, _ = acc.WhyRequest(id)
		}
		if e.JSON {
			return printWhy(e, acc.Known(), x)
		}
		return e.write(showWhy(e, acc.Known(), x))
	},
}

// requestOf returns the number of the request that the argument names, 0 for the last one. ok is
// false if the argument is a key.
func requestOf(c *Call) (id uint64, ok bool) {
	arg := c.Arg(0)
	if c.Bool("key") {
		return 0, false
	}
	if arg == "last" {
		return 0, true
	}
	id, err := strconv.ParseUint(strings.TrimPrefix(arg, "#"), 10, 64)
	return id, err == nil && id > 0
}

// noRequest is the error for a request that is not remembered.
func noRequest(acc *account.Account, arg string) error {
	if arg == "last" {
		return usage.Errorf("why: no request was sent yet; put or get a key first")
	}
	return usage.Errorf("why: request %s is not remembered%s; events lists what is, and why --key %s explains the key",
		render.Quoted(arg), sinceText(acc.Known()), Join([]string{arg}))
}

type stepJSON struct {
	Seq     uint64 `json:"seq"`
	Time    string `json:"time"`
	Node    string `json:"node"`
	Section string `json:"section"`
	Text    string `json:"text"`
}

func printWhy(e *Env, known account.Known, x account.Explanation) error {
	steps := make([]stepJSON, len(x.Chain))
	for i, s := range x.Chain {
		steps[i] = stepJSON{s.Seq, event.Timestamp(s.Time), s.Node, s.Section, s.Text}
	}
	return e.print(struct {
		keyJSON
		Request uint64        `json:"request,omitempty"`
		About   account.About `json:"about"`
		Chain   []stepJSON    `json:"chain"`
		Text    string        `json:"text"`
		Since   string        `json:"known_since"`
		Missing int           `json:"missing_events"`
	}{keyOf(x.Key), x.Request, x.About, steps, x.Text, event.Timestamp(known.Since), known.Missing})
}

// titles say in the first line of an explanation what the explanation is about.
var titles = map[account.About]string{
	account.Siblings: "several versions stand beside each other",
	account.Waiting:  "a fallback keeps a hint",
	account.Stale:    "stale",
	account.Dropped:  "last write wins lost a write",
	account.Absent:   "no value",
	account.Failed:   "failed",
	account.Nothing:  "as usual",
}

var titleTones = map[account.About]render.Tone{
	account.Siblings: render.Warn, account.Waiting: render.Hint, account.Stale: render.Warn, account.Dropped: render.Bad,
	account.Absent: render.Dim, account.Failed: render.Bad, account.Nothing: render.Good,
}

func showWhy(e *Env, known account.Known, x account.Explanation) string {
	p, name := e.painter(), render.Key(x.Key)
	if x.Request > 0 {
		name = event.RequestName(x.Request) + " of " + name
	}
	out := p.Paint(render.Bold, name) + "  " + p.Paint(titleTones[x.About], titles[x.About]) + "\n" +
		p.Paint(render.Dim, knownLine(known)) + "\n"
	nodes := 0
	for _, s := range x.Chain {
		nodes = max(nodes, render.Width(render.Node(s.Node)))
	}
	t := render.Table{Indent: "  "}
	for _, s := range x.Chain {
		lead := []render.Cell{
			render.Toned(render.Dim, render.ClockTime(s.Time, time.UTC)), render.NodeCell(s.Node),
			render.Toned(render.Dim, s.Section),
		}
		t.RowsOf(lead, s.Text, e.Width-whyLead-nodes)
	}
	if len(x.Chain) > 0 {
		out += t.Render(p)
	}
	return out + strings.Join(render.Wrap(capital(x.Text)+".", e.Width), "\n") + "\n"
}

// whyLead is the number of columns before the text of a step, without the node: the indent, the
// time of day, the section of the paper, and the space between columns.
const whyLead = 2 + len("15:04:05.000") + 2 + 2 + len("§4.8.1") + 2

// capital returns a sentence with a capital letter at its beginning, unless a name begins it.
func capital(text string) string {
	for _, word := range []string{"it ", "nothing ", "last ", "whether ", "no "} {
		if strings.HasPrefix(text, word) {
			return strings.ToUpper(text[:1]) + text[1:]
		}
	}
	return text
}

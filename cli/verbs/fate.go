package verbs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/usage"
)

var fateVerb = &Verb{
	Name: "fate", Group: GroupLook, Section: "§4.3, §4.4, §4.6",
	Args:  []Arg{{Name: "KEY", Complete: CompleteKeys, Optional: true}},
	Usage: "say what became of every acknowledged write",
	Help: `A delete is a write as well. The fates are:
  visible     a home of the key holds it, and no concurrent value is beside it
  superseded  another write has seen it and takes its place
  sibling     a home holds it beside a concurrent value
  hint        no home holds it yet: a fallback keeps it
  buffer      it is in the memory of nodes only, so a crash would lose it (up --buffer)
  lost        last write wins dropped it for a write that had not seen it, or every replica was destroyed
  unknown     the events that the cluster remembers do not say
The cluster remembers its latest events and begins anew with each up; the first line says since when all is
known. Of an older write, fate knows only whether a node holds it. Example: fate cart
--json prints {"writes":[{"request","key","op","clock":{..},"notation","dot","past","fate","by"?:request,"by_notation"?,
"acknowledged":bool,"earlier":bool,"collected":bool,"time","homes":[node],"missing":[node],
"hinted":[{"holder","for"}],"durable":[node],"text"}],"counts":{fate:int},"known_since","missing_events":int}.
"counts" leaves out writes that were not acknowledged and that a node holds nevertheless. "earlier" writes are
older than known_since; their numbers are those of that time.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		var key []byte
		if c.Arg(0) != "" {
			var err error
			if key, err = keyArg(c); err != nil {
				return err
			}
		}
		acc, err := ReadAccount(ctx, e.Cluster, func(acc *account.Account) ([][]byte, error) {
			if key == nil {
				return acc.Keys(), nil
			}
			return [][]byte{key}, nil
		})
		if err != nil {
			return err
		}
		writes := acc.Writes(key)
		if key != nil && len(writes) == 0 {
			return usage.Errorf("fate %s: no write of this key is known%s; fate without a key lists all writes",
				render.Key(key), sinceText(acc.Known()))
		}
		if e.JSON {
			return printFate(e, acc, writes)
		}
		return e.write(showFate(e, acc, writes))
	},
}

// ReadAccount returns the account of all events that the cluster remembers, with what the nodes
// hold now of the keys that choose returns. choose is given the account of the events alone.
func ReadAccount(
	ctx context.Context, c Cluster, choose func(*account.Account) ([][]byte, error),
) (*account.Account, error) {
	acc := account.New()
	last, err := eventsAfter(ctx, c, 0, func(ev *event.Event) { acc.Apply(*ev) })
	if err != nil {
		return nil, err
	}
	keys, err := choose(acc)
	if err != nil {
		return nil, err
	}
	var snapshots [][]event.Event
	for some := range slices.Chunk(keys, maxKeysAtOnce) {
		snapshot, err := c.Snapshot(ctx, some...)
		if err != nil {
			return nil, err
		}
		snapshots = append(snapshots, snapshot)
	}
	// The events that a snapshot includes come before it, and the others change what it says.
	_, err = eventsAfter(ctx, c, last, func(ev *event.Event) {
		for len(snapshots) > 0 && (len(snapshots[0]) == 0 || uint64(snapshots[0][0].Count) < ev.Seq) {
			acc.ApplyAll(snapshots[0])
			snapshots = snapshots[1:]
		}
		acc.Apply(*ev)
	})
	for _, snapshot := range snapshots {
		acc.ApplyAll(snapshot)
	}
	return acc, err
}

// eventsAfter calls f with each event after the one with the number last, and returns the number of
// the newest one.
func eventsAfter(ctx context.Context, c Cluster, last uint64, f func(*event.Event)) (uint64, error) {
	err := c.Events(ctx, event.Query{After: last}, func(batch []event.Event) error {
		for i := range batch {
			f(&batch[i])
			last = max(last, batch[i].Seq)
		}
		return nil
	})
	return last, err
}

// maxKeysAtOnce bounds the keys of one snapshot: each node answers with whole values.
const maxKeysAtOnce = 64

// sinceText says from which moment on an account knows everything, as the end of a sentence.
func sinceText(k account.Known) string {
	if k.Since == 0 {
		return ""
	}
	return " since " + render.ClockTime(k.Since, time.UTC) + " UTC"
}

// knownLine says from which moment on everything is known, and why not before.
func knownLine(k account.Known) string {
	line := "all is known" + sinceText(k)
	if k.Missing > 0 {
		return line + "; the cluster no longer remembers " + render.Count(k.Missing, "earlier event")
	}
	return line + ", when the cluster came up"
}

type fateJSON struct {
	Request uint64 `json:"request"`
	keyJSON
	Op           string            `json:"op"`
	Clock        map[string]uint64 `json:"clock"`
	Notation     string            `json:"notation"`
	Dot          event.DotJSON     `json:"dot"`
	Past         []event.EntryJSON `json:"past"`
	Literal      bool              `json:"literal,omitempty"`
	Fate         account.Fate      `json:"fate"`
	By           uint64            `json:"by,omitempty"`
	ByNotation   string            `json:"by_notation,omitempty"`
	Acknowledged bool              `json:"acknowledged"`
	Earlier      bool              `json:"earlier"`
	Collected    bool              `json:"collected"`
	Time         string            `json:"time"`
	Homes        []string          `json:"homes"`
	Missing      []string          `json:"missing"`
	Hinted       []event.HintJSON  `json:"hinted"`
	Durable      []string          `json:"durable"`
	Text         string            `json:"text"`
}

func printFate(e *Env, acc *account.Account, writes []account.Write) error {
	list := make([]fateJSON, len(writes))
	for i, w := range writes {
		v := event.JSONOf(w.Version)
		list[i] = fateJSON{
			Request: w.Request, keyJSON: keyOf(w.Key), Op: w.Op(), Clock: v.Clock, Notation: v.Notation, Dot: v.Dot,
			Past: v.Past, Literal: v.Literal, Fate: w.Fate, Acknowledged: w.Acked, Earlier: w.Earlier,
			Collected: w.Collected, Time: event.Timestamp(w.Time), Homes: orEmpty(w.Homes), Missing: orEmpty(w.Missing),
			Hinted: event.HintsJSON(w.Hints), Durable: orEmpty(w.Durable), Text: w.Text,
		}
		if w.By != nil {
			list[i].By, list[i].ByNotation = w.By.Request, w.By.Notation()
		}
	}
	return e.print(struct {
		Writes  []fateJSON           `json:"writes"`
		Counts  map[account.Fate]int `json:"counts"`
		Since   string               `json:"known_since"`
		Missing int                  `json:"missing_events"`
	}{list, account.Count(writes), event.Timestamp(acc.Known().Since), acc.Known().Missing})
}

// maxFates is how many writes fate lists as text. With more, it lists those first that are not
// visible or superseded.
const maxFates = 100

func showFate(e *Env, acc *account.Account, writes []account.Write) string {
	p := e.painter()
	out := p.Paint(render.Dim, knownLine(acc.Known())) + "\n"
	if len(writes) == 0 {
		return out + "no write was acknowledged\n"
	}
	shown, left := writes, 0
	if len(writes) > maxFates {
		shown = slices.DeleteFunc(slices.Clone(writes), func(w account.Write) bool {
			return w.Fate == account.Visible || w.Fate == account.Superseded
		})
		shown = shown[max(0, len(shown)-maxFates):]
		left = len(writes) - len(shown)
	}
	t := render.Table{Indent: "  "}
	t.Head("write", "key", "clock", "fate", "")
	lead := 0
	for _, w := range shown {
		lead = max(lead, render.Width(writeName(w))+render.Width(render.Key(w.Key))+render.Width(render.Clock(w.Version)))
	}
	for _, w := range shown {
		cells := []render.Cell{
			{Text: writeName(w), Tone: render.Bold}, {Text: render.Key(w.Key)},
			render.Toned(render.Accent, render.Clock(w.Version)), render.Toned(fateTones[w.Fate], string(w.Fate)),
		}
		t.RowsOf(cells, w.Text+remark(w), e.Width-lead-fateLead)
	}
	if len(shown) > 0 {
		out += t.Render(p)
	}
	if left > 0 {
		out += p.Paint(render.Dim, fmt.Sprintf("  and %s; fate KEY lists those of one key, --json lists all",
			render.Count(left, "more write"))) + "\n"
	}
	return out + countLine(p, writes) + "\n"
}

// fateLead is the number of columns before the text of a fate, without the write, its key and its
// clock: the indent, the fate, and the space between columns.
const fateLead = 2 + len(account.Superseded) + 4*2

// writeName returns the number and the kind of a write. The number of a write of an earlier run
// would lead to another request.
func writeName(w account.Write) string {
	if w.Earlier {
		return "(earlier) " + w.Op()
	}
	return event.RequestName(w.Request) + " " + w.Op()
}

// remark says what is special about a write that is listed.
func remark(w account.Write) string {
	if !w.Acked && !w.Earlier {
		return " (it was not acknowledged)"
	}
	return ""
}

// fateTones are the tones of fates.
var fateTones = map[account.Fate]render.Tone{
	account.Visible: render.Good, account.Superseded: render.Dim, account.Sibling: render.Warn, account.Hint: render.Hint,
	account.Buffer: render.Warn, account.Lost: render.Bad, account.Unknown: render.Warn,
}

func countLine(p render.Painter, writes []account.Write) string {
	counts, total := account.Count(writes), 0
	var parts []string
	for _, f := range account.Fates {
		total += counts[f]
		if counts[f] > 0 {
			parts = append(parts, p.Paint(fateTones[f], fmt.Sprintf("%d %s", counts[f], f)))
		}
	}
	return render.Count(total, "write") + ": " + strings.Join(parts, ", ")
}

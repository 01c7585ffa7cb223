package keycard

import (
	"fmt"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/theme"
)

// sign returns the verdict in a few words, in a word, and its style.
func (d *card) sign() (long, short string, st theme.Style) {
	n := d.Siblings()
	switch {
	case d.lost() != "":
		return d.th.No + " LOST A WRITE", d.th.No + " LOST", theme.Bad
	case len(d.Heads) == 0:
		return "empty", "empty", theme.Dim
	case n > 1:
		short = fmt.Sprintf("%s %d", d.th.Concurrent, n)
		if d.Agreed(d.state.View) {
			return short + " siblings", short, theme.Concurrent
		}
		return short + " versions diverge", short, theme.Concurrent
	case len(d.Stale) > 0:
		return fmt.Sprintf("%d of %d homes stale", len(d.Stale), len(d.Homes)), "stale", theme.Warn
	case d.Blocking != "":
		return "not converged", d.th.No, theme.Warn
	}
	return d.th.Yes + " converged", d.th.Yes, theme.Good
}

// verdict returns lines that say what the state of the replicas means, the most important one
// first.
func (d *card) verdict() []string {
	switch {
	case len(d.Heads) == 0:
		return nil
	case d.Siblings() > 1:
		relation := "neither descends from the other."
		if len(d.Heads) > 2 {
			relation = "none descends from another."
		}
		return []string{d.th.Concurrent + " CONCURRENT: " + relation, d.consequence()}
	case len(d.Stale) > 0:
		return []string{
			names(d.Stale) + " " + render.Verb(len(d.Stale), "lack") + " " + render.Clocks(d.Heads) + ".",
			"A hint or read repair brings it home (§4.6, §5).",
		}
	case d.Blocking != "":
		return []string{escape.TerminalShort([]byte(d.Blocking), 200) + "."}
	}
	out := []string{fmt.Sprintf("%s all %d homes hold the same.", d.th.Yes, len(d.Homes))}
	if len(d.Heads) > 1 {
		out = append(out, "One version is a delete, which get leaves out.")
	}
	return out
}

// consequence returns what a client gets while there are siblings.
func (d *card) consequence() string {
	v, n := d.state.View, d.Siblings()
	switch {
	case v.Settings.Mode == settings.ModeLWW:
		return "Last write wins keeps " + render.Clocks(d.Heads.Latest(nil)) + " and loses the rest (§6)."
	case d.Agreed(v):
		return fmt.Sprintf("All %d homes hold these %d; they wait to be reconciled.", len(d.Homes), n)
	case len(v.Groups) > 0:
		return fmt.Sprintf("After heal, get returns %d siblings and 1 context.", n)
	}
	return fmt.Sprintf("get returns %d siblings and 1 context.", n)
}

// lost returns the line on acknowledged versions of the key that last write wins lost, "" if there
// are none.
func (d *card) lost() string {
	k := d.state.View.Key(d.Key)
	if k == nil || len(k.Lost) == 0 {
		return ""
	}
	last := k.Lost[len(k.Lost)-1]
	line := "Last write wins lost " + render.Clocks(vclock.Siblings{last}) + " " + render.Value(last, maxLost)
	if more := len(k.Lost) - 1; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line + " (§6)."
}

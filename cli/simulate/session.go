package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringside/cli/capsule"
	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/localcluster/buildinfo"
	"ringside/tui"
)

// openSession shows the past of a real cluster. It fails if the events now come to another result.
func (r *runner) openSession(name string, c *capsule.Capsule) error {
	session := verbs.Session{Events: c.Events, Ending: c.Ending}
	report, text, err := session.Report()
	if err != nil {
		return usage.Errorf("open %s: %w", render.Quoted(name), err)
	}
	again, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("open %s: %w", render.Quoted(name), err)
	}
	if !sameResult(again, c.Result) {
		return otherResult(name, c, "")
	}
	if !r.toScreens {
		return r.Show(c.Result, text)
	}
	rec, err := recording.NewSession(c.Events, c.Ending, "the past of a cluster")
	if err != nil {
		return usage.Errorf("open %s: %w", render.Quoted(name), err)
	}
	return r.screens(rec, tui.Options{Key: session.LastKey()})
}

// otherResult is the error for a capsule whose run comes to another result now. detail follows the
// result.
func otherResult(name string, c *capsule.Capsule, detail string) error {
	return &exit.Error{Exit: exit.Expectation, Code: "other_result", Message: fmt.Sprintf(
		"open %s: this ringside, of commit %q, comes to another result than the capsule, of commit %q%s; "+
			"open the capsule with the ringside that wrote it", render.Quoted(name), buildinfo.Commit(), c.Commit, detail)}
}

// sessionOf returns the run of a capsule of a real cluster, or of a plan, as a session. The
// requests of the simulator's own checks are left out.
func sessionOf(c *capsule.Capsule, p plan.Plan) verbs.Session {
	if c != nil && c.Live() {
		return verbs.Session{Events: c.Events, Ending: c.Ending}
	}
	_, events := record(p)
	planned := map[uint64]bool{0: true}
	for _, o := range p.Ops {
		planned[o.ID] = true
	}
	events = slices.DeleteFunc(events, func(e event.Event) bool { return !planned[e.Request] })
	state := view.From(events)
	var keys [][]byte
	for _, k := range state.Keys() {
		keys = append(keys, k.Key)
	}
	return verbs.Session{Events: events, Ending: state.Snapshot(state.Now, keys...)}
}

// sessionDiff is the JSON of diff where a run is one of a real cluster.
type sessionDiff struct {
	Equal bool          `json:"equal"`        // no moment and no key differs
	Same  int           `json:"same_moments"` // with which both runs begin
	First *runMoments   `json:"first_difference"`
	A     diffedSession `json:"a"`
	B     diffedSession `json:"b"`
	Keys  []heldKey     `json:"keys"` // of which nodes hold something else in the end

	unlike string // what is not compared beside times: " and values", or nothing
}

// runMoments has the two moments that differ, null where a run has ended.
type runMoments struct {
	A *moment `json:"a"`
	B *moment `json:"b"`
}

type diffedSession struct {
	File    string   `json:"file"`
	Moments []moment `json:"moments"` // from the first difference on, at most fork.After
	verbs.SessionReport
}

type heldKey struct {
	Key string `json:"key"`
	A   string `json:"a"`
	B   string `json:"b"`
}

// diffSessions tells where two runs part, of which at least one is of a real cluster. values says
// that both are: the operations of a simulated run have other values than those of any cluster.
func (r *runner) diffSessions(s [2]verbs.Session, values bool) error {
	var sides [2]diffedSession
	var moments [2][]moment
	var states [2]*view.Cluster
	for i := range s {
		report, _, err := s[i].Report()
		if err != nil {
			return usage.Errorf("diff %s: %w", render.Quoted(r.call.Arg(i)), err)
		}
		sides[i] = diffedSession{File: r.call.Arg(i), SessionReport: report}
		moments[i], states[i] = momentsOf(s[i].Events, values), view.From(s[i].Ending)
	}
	same := 0
	for same < min(len(moments[0]), len(moments[1])) && moments[0][same].Text == moments[1][same].Text {
		same++
	}
	for i := range sides {
		rest := moments[i][same:]
		sides[i].Moments = append([]moment{}, rest[:min(len(rest), fork.After)]...)
	}
	out := sessionDiff{Same: same, A: sides[0], B: sides[1], Keys: heldOtherwise(states, values)}
	if same < max(len(moments[0]), len(moments[1])) {
		out.First = &runMoments{firstOf(sides[0].Moments), firstOf(sides[1].Moments)}
	}
	if !values {
		out.unlike = " and values"
	}
	out.Equal = out.First == nil && len(out.Keys) == 0
	before := moments[0][max(0, same-fork.Before):same]
	return r.Show(out, out.text(r.Width(), before, [2]time.Duration{moments[0][0].at, moments[1][0].at}))
}

func firstOf(moments []moment) *moment {
	if len(moments) == 0 {
		return nil
	}
	return &moments[0]
}

// heldOtherwise returns the keys of which nodes hold something else, sorted.
func heldOtherwise(states [2]*view.Cluster, values bool) []heldKey {
	out := []heldKey{}
	keys := map[string]bool{}
	for _, s := range states {
		for _, k := range s.Keys() {
			keys[string(k.Key)] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		a, b := heldText(states[0], []byte(k), values), heldText(states[1], []byte(k), values)
		if a != b {
			out = append(out, heldKey{render.Key([]byte(k)), a, b})
		}
	}
	return out
}

// text returns where two sessions part, as text. before has the last moments that both have, and
// began the times at which the runs began.
func (d *sessionDiff) text(width int, before []moment, began [2]time.Duration) string {
	files := [2]string{render.Text(d.A.File), render.Text(d.B.File)}
	var b strings.Builder
	fmt.Fprintf(&b, "%s and %s\n", files[0], files[1])
	if d.Equal {
		fmt.Fprintf(&b, "the runs are the same, apart from times%s: %s\n", d.unlike, requestsAndFaults(d.Same))
		return b.String()
	}
	s := newSides(width, 0)
	if d.First == nil {
		fmt.Fprintf(&b, "%s: all are the same, and only what nodes hold in the end differs\n", requestsAndFaults(d.Same))
	} else {
		fmt.Fprintf(&b, "%s the same in both, number %d is the first that differs\n\n", requestsAndFaults(d.Same), d.Same+1)
		for _, m := range before {
			s.WriteString(m.line(began[0]) + "\n")
		}
		s.row("", files[0], files[1])
		says := func(m moment) string { return m.Text }
		for _, pair := range align(d.A.Moments, d.B.Moments, says) {
			var text [2]string
			for i, m := range pair {
				if m != nil {
					text[i] = m.line(began[i])
				}
			}
			s.row("", text[0], text[1])
		}
	}
	b.WriteString(s.String())
	return b.String() + "\n" + d.end(width, files)
}

// requestsAndFaults counts moments. The first one has the settings.
func requestsAndFaults(moments int) string {
	if moments == 1 {
		return "1 request or fault"
	}
	return fmt.Sprintf("%d requests and faults", moments)
}

// line returns a moment with its time since its run began.
func (m *moment) line(began time.Duration) string {
	return render.Offset(m.at-began) + "  " + m.Text
}

// end returns what differs in the end, as text.
func (d *sessionDiff) end(width int, files [2]string) string {
	s := newSides(width, labelWidth)
	s.row("in the end", files[0], files[1])
	if len(d.Keys) == 0 {
		s.WriteString("nodes hold the same of each key in both\n")
	}
	for _, k := range d.Keys[:min(len(d.Keys), maxOperations)] {
		s.row(k.Key, k.A, k.B)
	}
	if n := len(d.Keys) - maxOperations; n > 0 {
		fmt.Fprintf(s, "%s; --json has all\n", render.Count(n, "more key"))
	}
	requests := func(r *verbs.SessionReport) string {
		return fmt.Sprintf("%d answered, %d refused", r.Requests, r.Refused)
	}
	s.row("requests", requests(&d.A.SessionReport), requests(&d.B.SessionReport))
	s.row("acknowledged writes", fatesText(d.A.Fates), fatesText(d.B.Fates))
	return s.String()
}

// fatesText counts what became of writes.
func fatesText(counts map[account.Fate]int) string {
	var out []string
	for _, f := range account.Fates {
		if n := counts[f]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, f))
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/sim"
	"ringside/engine/sim/linear"
	"ringside/localcluster/atomicfile"
)

// linearReport is porcupine's answer on one history, as JSON.
type linearReport struct {
	Seed         uint64   `json:"seed"`
	Scenario     string   `json:"scenario,omitempty"`
	Why          string   `json:"why,omitempty"`
	Operations   int      `json:"operations"`
	Linearizable bool     `json:"linearizable"`
	Decided      bool     `json:"decided"` // false if the search took too long
	Keys         []string `json:"keys"`    // whose histories are not linearizable
}

func newLinearReport(r sim.Result, a linear.Answer) linearReport {
	out := linearReport{Seed: r.Plan.Seed, Operations: a.Operations, Linearizable: a.Linearizable, Decided: a.Decided,
		Keys: a.Keys}
	if out.Keys == nil {
		out.Keys = []string{}
	}
	return out
}

func (r linearReport) verdict() string {
	switch {
	case !r.Decided:
		return "undecided"
	case r.Linearizable:
		return linearizable
	}
	return "NOT linearizable"
}

// checkRun asks porcupine about one run. A run that is not linearizable is not a bug, but the
// command fails, because that was the question.
func (r *runner) checkRun(result sim.Result) error {
	answer := linear.Check(result.History)
	rep := newLinearReport(result, answer)
	text := strings.TrimSpace(fmt.Sprintf("seed %d: %s: %s %s", rep.Seed, render.Count(rep.Operations, "operation"),
		rep.verdict(), strings.Join(rep.Keys, " "))) + "\n"
	if r.call.Has("html") {
		file := r.Path(r.call.String("html"))
		var page bytes.Buffer
		if err := errors.Join(answer.HTML(&page), atomicfile.Replace(file, page.Bytes())); err != nil {
			return fmt.Errorf("sim: %w", err)
		}
		text += "its picture is in " + render.Text(file) + "\n"
	}
	if err := r.Show(rep, text); err != nil {
		return err
	}
	if answer.Linearizable {
		return nil
	}
	return &exit.Error{Exit: exit.Expectation, Code: "not_linearizable", Message: strings.TrimSpace(text),
		Reported: true}
}

// checkScenarios shows the committed seeds. It fails if one of them has another answer than the
// committed one.
func (r *runner) checkScenarios() error {
	reports := []linearReport{}
	wrong := false
	text := ""
	for _, sc := range linear.Scenarios {
		result := sim.Run(sc.Options)
		rep := newLinearReport(result, linear.Check(result.History))
		rep.Scenario, rep.Why = sc.Name, sc.Why
		reports = append(reports, rep)
		wrong = wrong || rep.Linearizable != sc.Legal || !rep.Decided
		text += fmt.Sprintf("%-14s %-17s %s\n", sc.Name, rep.verdict(), sc.Why)
		text += fmt.Sprintf("%15sringside sim --check linearizable %s\n", "", sc.Options.Draw())
	}
	if err := r.Show(map[string]any{"scenarios": reports}, text); err != nil {
		return err
	}
	if wrong {
		return &exit.Error{Exit: exit.Expectation, Code: "scenario_failed",
			Message: "sim: the answer on a scenario differs from the committed one", Reported: true}
	}
	return nil
}

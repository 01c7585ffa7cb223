package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/paper"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/usage"
)

// The figures and tables that paper computes or measures.
const (
	figure8 = "fig8"
	figure5 = "fig5"
	table2  = "table2"
)

var figures = []string{figure8, figure5, table2}

var paperCommand = command{
	verb: &verbs.Verb{
		Name: "paper", Group: groupPaper, Section: "Table 1, §6.1, §6.2, §6.4",
		Args: []verbs.Arg{{Name: "SECTION|" + strings.Join(figures, "|"), Words: append(slices.Clone(figures),
			paper.Names()...), Optional: true}},
		Usage: "show what the paper says, where it is in the code, and which script shows it",
		Help:  paperHelp,
		Flags: []verbs.Flag{
			{Name: "metadata", Kind: verbs.String, Value: "60,480",
				Help: fmt.Sprintf("fig8: these sizes instead of the published ones; %d to %d, at most %d of them",
					paper.MinMetadata, paper.MaxMetadata, paper.MaxSizes)},
			{Name: "ascii", Kind: verbs.Bool, Help: "fig8: draw with ASCII signs only"},
			{Name: "markdown", Kind: verbs.Bool, Help: "print Table 1 as the README has it"},
		},
	},
	run: (*session).paper,
	own: "no running cluster",
}

var paperHelp = fmt.Sprintf(`Without an argument, paper shows Table 1 with the files that implement it and the
scripts that show it (ringside run NAME). With a section (4.6 or §4.6), paper shows what the section claims, where it is
implemented, what deviates here and what is missing.

fig8 computes Figure 8 from the code of the ring: the efficiency of the three strategies
(mean load ÷ greatest load of a node) for S=%d nodes and N=%d replicas, beside the values that
the paper published. The metadata is S·T tokens for strategies 1 and 2, Q partitions for 3.
Load is the part of the replicated key space that a node holds: keys are uniform, and all
N homes of a key count. (If only the first home counted, strategy 3 would have 1.00 at
every size, which differs from the published values.) Tokens are random, so each point
is the mean of many rings with different names of nodes, until its standard error
is small; JSON has the error and the number of rings. Strategy 2 has Q=%d, which the paper does not
state and which fits. At sizes that %d does not divide, some nodes have more tokens than others.

fig5 and table2 start a throw-away cluster each and take some seconds. Its network and disks are slow on purpose, as
the output states: directions and ratios can be compared with the paper's, numbers cannot. fig5 measures puts
with and without the object buffer (§6.1) at the same load. table2 measures clients that use a load balancer and
clients that know the ring (§6.4).

lab balance, lab buffer and lab coordination answer the same questions as fig8, fig5 and table2, with parameters,
intervals over seeds, CSV and pages.`,
	paper.FigureNodes, paper.FigureReplicas, paper.FigurePartitions, paper.FigureNodes)

func (s *session) paper(c *verbs.Call) error {
	what := c.Arg(0)
	switch {
	case what != figure8 && (c.Has("metadata") || c.Has("ascii")):
		return usage.Errorf("paper: --metadata and --ascii are for %s", figure8)
	case c.Bool("markdown") && (what != "" || s.JSON):
		return usage.Errorf("paper: --markdown is for Table 1 as text")
	case c.Bool("markdown"):
		return s.Print(paper.Markdown())
	case what == "":
		return showTable1(s)
	case what == figure8:
		return showFigure8(s, c)
	case what == figure5:
		return measured(s, func() (texter, error) { return paper.Figure5(s.ctx, paper.UsualBuffer) })
	case what == table2:
		return measured(s, func() (texter, error) { return paper.Table2(s.ctx, paper.UsualCoordination) })
	}
	section := paper.Find(what)
	if section == nil {
		return c.Misusef("there is no page of '%s'; there are %s %s",
			escape.TerminalShort([]byte(what), 60), strings.Join(paper.Names(), " "), strings.Join(figures, " "))
	}
	page := section.Page(commandSections())
	if s.JSON {
		return s.PrintJSON(page)
	}
	return s.Print(page.Text(s.Width()))
}

// A texter is the result of a measurement.
type texter interface{ Text() string }

func measured(s *session, measure func() (texter, error)) error {
	got, err := measure()
	if err != nil {
		return err
	}
	if s.JSON {
		return s.PrintJSON(got)
	}
	return s.Print(got.Text())
}

// showTable1 prints Table 1.
func showTable1(s *session) error {
	if s.JSON {
		return s.PrintJSON(map[string]any{"rows": paper.TableRows()})
	}
	return s.Print(paper.Table(s.Width()))
}

// commandSections maps each command to the sections that its help names.
func commandSections() map[string]string {
	out := map[string]string{}
	for _, v := range allVerbs() {
		out[v.Name] = v.Section
	}
	return out
}

// showFigure8 computes Figure 8 and prints it.
func showFigure8(s *session, c *verbs.Call) error {
	sizes := paper.PublishedSizes
	if c.Has("metadata") {
		var err error
		if sizes, err = metadataSizes(c.String("metadata")); err != nil {
			return c.Misuse(err)
		}
	}
	f, err := paper.Figure8(s.ctx, sizes)
	if err != nil {
		return err
	}
	if s.JSON {
		return s.PrintJSON(f)
	}
	return s.Print(f.Text(c.Bool("ascii")))
}

// metadataSizes reads the sizes of --metadata. It returns each size once, in ascending order.
func metadataSizes(list string) ([]int, error) {
	var out []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("paper: --metadata: %s is not a number; want numbers with commas between them",
				render.Quoted(word))
		}
		out = append(out, n)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if err := paper.CheckSizes(out); err != nil {
		return nil, fmt.Errorf("paper: --metadata: %w", err)
	}
	return out, nil
}

package paper

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The scale of the chart. Efficiencies below chartLow, which occur with few tokens, are drawn at
// the bottom.
const (
	chartLow, chartHigh = .40, 1.00
	chartStep           = .05
	// chartColumn is the width of one size in characters. Each strategy has three of them: for our
	// point, for the published point to its right, and for a space.
	chartColumn = 11
	// chartSizes is the number of sizes that fit side by side on a narrow terminal.
	chartSizes = 6
	// paperPoint marks a published point. Our points are the numbers of their strategies.
	paperPoint = 'o'
)

// Text returns the figure as a table and a chart. If ascii is set, all characters are ASCII.
func (f *Figure) Text(ascii bool) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Figure 8 (§6.2): how evenly %d nodes share the load, by the size of the ring's metadata\n", f.S)
	fmt.Fprintf(&out,
		"S=%d nodes, N=%d replicas; efficiency = mean load ÷ greatest load of a node; ours is the mean of many rings\n\n",
		f.S, f.N)
	out.WriteString(f.table())
	for sizes := range slices.Chunk(f.sizes(), chartSizes) {
		out.WriteString("\n" + f.chart(sizes))
	}
	out.WriteString("        1, 2, 3: our result of that strategy; o: the published value of the strategy to its left\n" +
		"        x axis: metadata, not to scale\n\n")
	out.WriteString(f.notes())
	if ascii {
		return toASCII(out.String())
	}
	return out.String()
}

func (f *Figure) table() string {
	var out strings.Builder
	out.WriteString("  metadata  strategy   ours  published  difference  rings\n")
	for _, p := range f.Rows {
		theirs, diff := "–", "–"
		if p.Published != nil {
			theirs = fmt.Sprintf("%.2f", *p.Published)
			diff = fmt.Sprintf("%+.3f", math.Round((p.Efficiency-*p.Published)*1e3)/1e3+0) // +0 makes 0 of -0
		}
		fmt.Fprintf(&out, "  %8d  %8d  %5.3f  %9s  %10s  %5d\n", p.Metadata, p.Strategy, p.Efficiency, theirs, diff,
			p.Rings)
	}
	return out.String()
}

// chart draws a column for each of sizes, in which each strategy has a place.
func (f *Figure) chart(sizes []int) string {
	lines := int(math.Round((chartHigh-chartLow)/chartStep)) + 1
	grid := make([][]rune, lines)
	for i := range grid {
		grid[i] = []rune(strings.Repeat(" ", chartColumn*len(sizes)))
	}
	line := func(e float64) int {
		i := int(math.Round((chartHigh - e) / chartStep))
		return min(max(i, 0), lines-1)
	}
	for _, p := range f.Rows {
		column := slices.Index(sizes, p.Metadata)
		if column < 0 {
			continue
		}
		at := column*chartColumn + 3*(p.Strategy-1) + 2
		grid[line(p.Efficiency)][at] = rune('0' + p.Strategy)
		if p.Published != nil {
			grid[line(*p.Published)][at+1] = paperPoint
		}
	}
	var out strings.Builder
	for i, row := range grid {
		fmt.Fprintf(&out, "  %.2f │%s\n", chartHigh-float64(i)*chartStep, strings.TrimRight(string(row), " "))
	}
	out.WriteString("       └" + strings.Repeat("─", chartColumn*len(sizes)) + "\n        ")
	for _, s := range sizes {
		fmt.Fprintf(&out, "%*d%*s", chartColumn/2+2, s, chartColumn-chartColumn/2-2, "")
	}
	return strings.TrimRight(out.String(), " ") + "\n"
}

func (f *Figure) sizes() []int {
	var out []int
	for _, p := range f.Rows {
		if !slices.Contains(out, p.Metadata) {
			out = append(out, p.Metadata)
		}
	}
	return out
}

// notes returns the explanation of the figure.
func (f *Figure) notes() string {
	out := fmt.Sprintf(`Metadata is S·T tokens for strategies 1 and 2, and Q partitions for strategy 3.
Load is the part of the replicated key space that a node holds: all N homes of a
key serve it, and keys are uniform. Each of our points is the mean of rings with different
names, as many as its standard error of %g needs.
Strategy 2 has Q=%d partitions, which the paper does not state. With more tokens
than partitions, most tokens have no effect, and its curve falls again.
`, figureError, f.Q)
	var odd []string
	for _, s := range f.sizes() {
		if s%f.S != 0 {
			odd = append(odd, fmt.Sprint(s))
		}
	}
	if len(odd) > 0 {
		out += fmt.Sprintf("%d nodes do not divide %s: some nodes have more tokens than others, so the load is less even.\n",
			f.S, strings.Join(odd, ", "))
	}
	return out
}

// inASCII replaces the characters of this package's texts that are not ASCII.
var inASCII = strings.NewReplacer("§", "s.", "÷", "/", "·", "*", "│", "|", "└", "+", "─", "-", "–", "-")

func toASCII(text string) string { return inASCII.Replace(text) }

package cli

// run --target: scripts on a cluster of Riak.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/bench"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/script"
	"ringside/cli/verbs"
	"ringside/riak/target"
)

const (
	skipFlag = "skip-unsupported"
	// maxLacks is how many lines that a target cannot do are named.
	maxLacks = 50
)

// scriptsOnTarget checks that scripts can run on the target, if the command line has one. It
// returns the variables for each script, and the scripts without the lines that are left out. own
// gets a bucket for each script that starts.
func scriptsOnTarget(s *session, c *verbs.Call, scripts []script.Script, own *ownBuckets) (
	func() []string, []script.Script, error) {
	a, err := targetOf(s)
	switch {
	case err != nil:
		return nil, nil, err
	case a == nil && c.Bool(skipFlag):
		return nil, nil, c.Misusef("--%s is for --target", skipFlag)
	case a == nil && c.Bool(bench.CleanFlag):
		return nil, nil, c.Misusef("--%s is for --target; a cluster that a script starts goes with the script",
			bench.CleanFlag)
	case a == nil:
		return nil, scripts, nil
	}
	f := foreign{target.Open(*a)}
	defer f.Close()
	nodes, err := f.Nodes(s.ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	props, err := f.Props(s.ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("run: %w", err)
	}
	if !props.AllowMult || props.LastWriteWins {
		s.Notef("%s\n", verbs.NoSiblingsNote(*a))
	}
	var lacks []string
	out := slices.Clone(scripts)
	for i, one := range scripts {
		var skipped []int
		for _, line := range one.Lines() {
			if why := lineLack(s, line.Words, nodes); why != "" {
				lacks = append(lacks, fmt.Sprintf("%s:%d: %s", render.Text(one.Shown), line.Number, why))
				skipped = append(skipped, line.Number)
			}
		}
		if len(skipped) > 0 {
			out[i] = one.Without(skipped)
		}
	}
	if err := reportLacks(s, c, *a, lacks); err != nil {
		return nil, nil, err
	}
	return func() []string {
		return targetEnviron(s, own.add(*a))
	}, out, nil
}

// reportLacks tells which lines the target cannot do. Unless they are left out, they are an error.
func reportLacks(s *session, c *verbs.Call, a target.Address, lacks []string) error {
	if len(lacks) == 0 {
		return nil
	}
	shown := lacks
	if len(lacks) > maxLacks {
		shown = append(slices.Clone(lacks[:maxLacks]), fmt.Sprintf("and %d more", len(lacks)-maxLacks))
	}
	list := "\n  " + strings.Join(shown, "\n  ")
	count := render.Count(len(lacks), "line")
	if c.Bool(skipFlag) {
		s.Notef("run: %s left out, which %s cannot do:%s\n", count, render.Text(a.Short()), list)
		return nil
	}
	return &exit.Error{Exit: exit.Usage, Code: verbs.CodeUnsupported, Message: fmt.Sprintf(
		"run: %s cannot do %s; nothing was run; --%s leaves them out:%s", render.Text(a.Short()), count, skipFlag, list)}
}

// lineLack returns why the target with some nodes cannot do a line of a script, "" if it can. What
// is wrong with the line for any cluster, the line itself reports.
func lineLack(s *session, words []string, nodes []target.Node) string {
	words = verbs.WithoutFlags(words, append(slices.Clone(verbs.Common), globals...))
	if len(words) == 0 {
		return ""
	}
	cmd := find(words[0])
	if cmd == nil {
		return ""
	}
	c, err := verbs.Parse(cmd.verb, words[1:], globals...)
	switch {
	case err != nil:
		return ""
	case c.Has(verbs.ClusterFlag):
		return cmd.verb.Name + " --cluster: it names a cluster of ringside"
	case cmd.verb.Name == "up" && upLack(c) != "":
		return "up " + upLack(c) + ": the cluster runs already"
	case slices.Contains(ownOnly, cmd.verb.Name):
		return cmd.verb.Name + ": it shows clusters of ringside"
	case verbs.Lookup(cmd.verb.Name) == nil:
		return ""
	}
	if lack := c.Lack(globals); lack != nil {
		if hookOf(s, lack.Call.Verb.Name) != "" {
			return ""
		}
		return lack.What + ": " + lack.Why
	}
	if via := c.Via(globals); via != "" && !slices.ContainsFunc(nodes, func(n target.Node) bool {
		return via == n.Addr || via == n.Name || via == n.Short
	}) {
		return fmt.Sprintf("%s --via: the target has no node %s", cmd.verb.Name, render.Quoted(via))
	}
	return ""
}

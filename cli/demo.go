package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/testscripts"
)

const (
	demoKey   = "cart"
	demoNodes = 5
	// minDemoNodes is the least for the conflict: W nodes on each side of a split.
	minDemoNodes = 4
)

var demoCommand = command{
	verb: &verbs.Verb{
		Name: "demo", Group: verbs.GroupCluster, Section: "§4.4, §4.6",
		Usage: "show a throw-away cluster on this terminal; without a terminal, tell the story of a conflict",
		Help: `The cluster is in memory and is called demo, or demo-2 and so on if there is one. While it runs, other
shells reach it with  --cluster demo . It ends with the screen, unless --keep lets it run in the background.
A cue sheet is a text with one command a line; lines that begin with # are notes to the next command. The key n
gives the next cue. The key N takes a cue back: the cues before it are played again in a fresh cluster. Without a
terminal, demo --cues plays the sheet as text and exits 8 if a cue fails. A FILE that is not there may be the name of
a sheet that comes with ringside: conflict or handoff. With --every the sheet plays by itself, and the command
exits 8 if a cue fails; with --record as well, it needs no terminal, and records a screen of 120x36.`,
		Flags: []verbs.Flag{{Name: "n", Kind: verbs.Int, Default: fmt.Sprint(demoNodes), Value: "5",
			Max: config.MaxNodes, Help: "nodes"}, asciiFlag, lightFlag, bigFlag, plainFlag, recordFlag,
			{Name: "text", Kind: verbs.Bool, Help: "tell the story as text also on a terminal"},
			{Name: "keep", Kind: verbs.Bool, Help: "let the cluster run on in the background"},
			{Name: "cues", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
				Words: testscripts.CueSheets(), Help: "step through the commands of a cue sheet"},
			{Name: "every", Kind: verbs.Duration, Value: "9s", Longest: time.Hour, Zero: "leave it out, and press n",
				Help: "with --cues: a cue each time, without keys, and the end after the last"}},
	},
	run: (*session).demo,
	own: "a throw-away cluster",
}

func (s *session) demo(c *verbs.Call) error {
	sheet, err := readCues(s, c)
	if err != nil {
		return err
	}
	unseen := c.Has("every") && c.Has("record")
	story := (!s.Interactive() || s.Dumb()) && !c.Bool("plain") && !unseen || c.Bool("text")
	switch {
	case c.Has("every") && (sheet == nil || c.Bool("text")):
		return c.Misusef("--every is for a cue sheet on the screens: add --cues FILE, and leave out --text")
	case c.Has("every") && story:
		return c.Misusef("--every needs a terminal, or --record FILE.cast")
	case c.Bool("plain") && (sheet != nil || c.Has("record")):
		return c.Misusef("--plain has no cue sheets and records nothing; --text plays a cue sheet as text")
	case story && c.Has("record"):
		return c.Misusef("--record needs a terminal, because it records what the screens show; add --every 9s to --cues " +
			"FILE for a sheet that plays by itself")
	case !story:
		return showDemo(s, c, sheet)
	case c.Bool("keep"):
		return c.Misusef("--keep needs a terminal; ringside up --mem --detach starts a cluster in the background")
	}
	if n := c.Int("n"); n < minDemoNodes && sheet == nil {
		return usage.Errorf("demo: the conflict needs two nodes on each side of a split: -n %d or more", minDemoNodes)
	}
	cluster, cleanUp, err := s.throwAway(c.Int("n"))
	if err != nil {
		return err
	}
	defer cleanUp()
	if sheet != nil {
		return narrateCues(s, cluster, sheet)
	}
	return s.narrate(cluster, c.Int("n"))
}

// demoKeys are the commands that run before the screens show.
var demoKeys = []string{"put cart milk --save @cart", "put session alice", "put greeting hello"}

// suggestions returns the commands of the story from the split on.
func suggestions(n int) []string {
	var out []string
	for _, st := range demoSteps(n) {
		if st.command != "" {
			out = append(out, st.command)
		}
	}
	return out[slices.IndexFunc(out, func(l string) bool { return strings.HasPrefix(l, "partition") }):]
}

// throwAway starts a cluster in a temporary folder. cleanUp takes it down and deletes the folder.
func (s *session) throwAway(n int) (_ *localcluster.Cluster, cleanUp func(), err error) {
	dir, remove, err := throwAwayHome(s, "ringside-demo-") // contexts are saved there
	if err != nil {
		return nil, nil, fmt.Errorf("demo: %w", err)
	}
	s.name = "demo"
	nodes, err := nodeNames(n)
	if err != nil {
		remove()
		return nil, nil, err
	}
	start, cancel := context.WithTimeout(s.ctx, startTimeout)
	defer cancel()
	c, err := localcluster.Start(start, localcluster.Options{Name: s.name, Home: dir, Mem: true,
		Settings: settings.Cluster{Nodes: nodes}})
	if err != nil {
		remove()
		return nil, nil, withExitCode(err, s.name)
	}
	return c, func() { _ = c.Close(); remove() }, nil
}

// A step of the story is prose and a command that runs. check is an expression that holds after
// the command; a test checks it.
type step struct {
	prose, command, check string
}

// demoSteps returns the story of a conflict among n nodes. The split depends on the homes of the
// key.
func demoSteps(n int) []step {
	sideA, sideB, lone := demoSides(n)
	via := func(nodes []string) string { return " --via " + nodes[0] }
	return []step{
		{prose: fmt.Sprintf("A cluster of %d nodes. N=3 of them hold each key; a write needs W=2, a read R=2.", n),
			command: "status"},
		{prose: "A shopping cart. Its place on the ring decides which nodes are its homes (§4.2, §4.3).",
			command: "ring " + demoKey},
		{prose: "Put milk into the cart, and save the context, which says what we have seen (§4.1).",
			command: "put cart milk --save @cart", check: "siblings(cart)==1"},
		{prose: "Now the network splits in two.",
			command: "partition " + strings.Join(sideA, ",") + " " + strings.Join(sideB, ",")},
		{prose: "On one side a client adds eggs. W=2 nodes are there, so the write succeeds (§2: always writable).",
			command: "put cart milk,eggs -c @cart" + via(sideB), check: `value(cart)=="milk,eggs"`},
		{prose: fmt.Sprintf("On the other side a client adds beer to the same cart. %s:\n"+
			"fallbacks keep the replicas of absent homes, with hints (§4.6).", lone),
			command: "put cart milk,beer -c @cart" + via(sideA), check: "hints > 0"},
		{prose: "Draw the last write, message by message.", command: "trace last"},
		{prose: "The network heals, and the fallbacks hand the hints over to the homes.", command: "heal"},
		{command: "wait hints=0", check: "hints==0"},
		{prose: "What is in the cart? Neither version descends from the other, so the store keeps both (§4.4).",
			command: "get cart --save @cart", check: "siblings(cart)==2"},
		{prose: "The store cannot know what a cart means. The application knows, and merges (§4.4).",
			command: "resolve cart --union", check: "siblings(cart)==1"},
		{command: "get cart", check: `all(["milk", "eggs", "beer"], value(cart) contains #)`},
		{prose: "No addition was lost, and no write was refused. That is Dynamo."},
	}
}

// demoSides splits the nodes so that both sides can reach W=2 and side a needs a fallback. lone
// describes the homes on side a.
func demoSides(n int) (a, b []string, lone string) {
	nodes, err := nodeNames(n)
	if err != nil { // cannot happen, because the flag was checked
		return nil, nil, ""
	}
	members := make([]ring.Member, n)
	for i, name := range nodes {
		members[i] = ring.Member{Name: name, Weight: 1}
	}
	r, err := ring.New(ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: max(ring.DefaultQ, n), T: ring.DefaultT},
		members)
	if err != nil {
		return nodes[:2], nodes[2:], "Two nodes are there"
	}
	pref := r.Preference([]byte(demoKey))
	homes, rest := pref[:3], pref[3:]
	a, b, lone = slices.Clone(rest), slices.Clone(homes), "None of its homes is there"
	if len(a) < 2 { // one home must be on this side
		a, b, lone = append(a, homes[2]), homes[:2], "One of its homes is there"
	}
	slices.Sort(a)
	slices.Sort(b)
	return a, b, lone
}

// narrate runs the story and prints it as text.
func (s *session) narrate(cluster verbs.Cluster, n int) error {
	env := s.verbsEnv()
	env.Cluster, env.JSON = cluster, s.JSON
	for i, step := range demoSteps(n) {
		if err := s.narrateStep(env, i, step); err != nil {
			return withExitCode(err, s.name)
		}
	}
	return nil
}

func (s *session) narrateStep(env *verbs.Env, i int, st step) error {
	text := ""
	if i > 0 && st.prose != "" {
		text = "\n"
	}
	if st.prose != "" {
		text += "# " + strings.ReplaceAll(st.prose, "\n", "\n# ") + "\n"
	}
	if st.command != "" {
		text += "$ " + program + " " + st.command + "\n"
	}
	if !s.JSON {
		if err := s.Print(text); err != nil {
			return err
		}
	}
	out := *env
	out.Err = s.Stdout // messages belong to the story
	if s.JSON {
		out.Err = s.Stderr
	}
	return run(s.ctx, &out, st.command)
}

func run(ctx context.Context, env *verbs.Env, line string) error {
	words, err := verbs.Split(line)
	if err != nil {
		return err
	}
	return verbs.Run(ctx, env, words)
}

package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/localcluster/config"
)

var upFlags = []verbs.Flag{
	{Name: "n", Aliases: []string{"nodes"}, Kind: verbs.Int, Value: "5", Max: config.MaxNodes,
		Help: "nodes, called n1, n2, ..."},
	{Name: "names", Kind: verbs.String, Value: "x,y,z", Help: "nodes by name, instead of -n"},
	{Name: "N", Kind: verbs.Int, Value: "3", Max: config.MaxNodes, Help: "replicas of each key (§4.3)"},
	{Name: "R", Kind: verbs.Int, Value: "2", Max: config.MaxNodes,
		Help: "answers that a get waits for (§4.5)"},
	{Name: "W", Kind: verbs.Int, Value: "2", Max: config.MaxNodes,
		Help: "durable replicas that a put waits for (§4.5)"},
	{Name: "mode", Kind: verbs.String, Value: "siblings|lww", Words: []string{settings.ModeSiblings, settings.ModeLWW},
		Help: "what becomes of concurrent versions: siblings, or last write wins (§4.4)"},
	{Name: "clocks", Kind: verbs.String, Value: "dotted|literal",
		Words: []string{settings.ClocksDotted, settings.ClocksLiteral},
		Help: "dotted, or the paper's literal vector clocks, " +
			"with which one client's write can silently replace another's (§4.4)"},
	{Name: "truncate", Kind: verbs.Int, Value: "10", Max: wire.MaxClock,
		Zero: "leave it out for clocks that are never cut",
		Help: "cut clocks to that many pairs, the oldest first, " +
			"at the cost of false siblings (§4.4); otherwise never"},
	{Name: "sloppy", Kind: verbs.Bool, Default: "true",
		Help: "--sloppy=false: only homes count, no fallbacks, no hints (§4.6)"},
	{Name: "anti-entropy", Kind: verbs.Bool, Default: "true",
		Help: "--anti-entropy=false: homes compare their replicas only on the command sync (§4.7)"},
	{Name: "tombstones", Kind: verbs.String, Value: "5m|off",
		Help: "age at which a tombstone may be collected, which takes that long again (§4.4); off: tombstones stay"},
	{Name: "strategy", Kind: verbs.Int, Value: "1|2|3", Max: int(ring.EqualPartitions),
		Words: []string{"1", "2", "3"}, Help: "how the ring is cut and tokens are placed (§6.2)"},
	{Name: "q", Kind: verbs.Int, Value: "Q", Max: ring.MaxTokens,
		Help: "equal partitions of the ring; strategies 2 and 3 only"},
	{Name: "tokens", Kind: verbs.Int, Value: "T", Max: ring.MaxTokens,
		Help: "tokens a node; strategies 1 and 2 only"},
	{Name: "weights", Kind: verbs.String, Value: "n3=2,n4=2",
		Help: "nodes with more capacity: they have that many times the tokens of others (§4.2)"},
	{Name: "zones", Kind: verbs.String, Value: "a,b,c",
		Help: "data centres, assigned to the nodes in turn; the homes of a key are spread over them (§4.6)"},
	{Name: "seeds", Kind: verbs.String, Value: "n1,n2|none",
		Help: "nodes that every node knows from the start (§4.8.2); otherwise the first two"},
	{Name: "buffer", Kind: verbs.Int, Value: "1000", Max: settings.MaxBuffer,
		Zero: "leave it out for nodes without a buffer",
		Help: "objects that each node may keep in memory before they are on its disk; " +
			"only one replica of a put is then durable (§6.1)"},
	{Name: "sync", Kind: verbs.Bool, Default: "true",
		Help: "--sync=false: nodes write to their disks without waiting for them"},
	{Name: "dir", Kind: verbs.String, Value: "D", Complete: verbs.CompleteFiles,
		Help: "keep the data in this folder; a later up continues there"},
	{Name: "mem", Kind: verbs.Bool, Help: "keep the data in memory only"},
	{Name: "port", Kind: verbs.Int, Value: "P", Max: config.MaxBasePort,
		Zero: "leave it out for free ports", Help: "the first port, one for each node; otherwise free ports"},
	{Name: "fresh", Kind: verbs.Bool,
		Help: "delete the data of this cluster first; " +
			"asks first on a terminal, elsewhere needs --yes"},
	{Name: "yes", Aliases: []string{"y"}, Kind: verbs.Bool, Help: "with --fresh: delete without asking"},
	{Name: "http", Kind: verbs.String, Value: "127.0.0.1:0",
		Help: "also serve the commands as an HTTP API with a token, on loopback only; port 0 for a free one"},
	{Name: riakFlag, Kind: verbs.Port, Value: "8087", Max: config.MaxBasePort,
		Help: "also serve clients of Riak over protocol buffers: each node at a port of its own, from this one on; " +
			"0 for free ports"},
	{Name: riakHTTPFlag, Kind: verbs.Port, Value: "8098", Max: config.MaxBasePort,
		Help: "the same over Riak's HTTP interface"},
	{Name: riakTypeFlag, Kind: verbs.String, Value: `NAME:{"n_val":2}`,
		Help: "with the flags before: a bucket type that is to exist, with its properties as JSON; may be repeated"},
	{Name: "ttl", Kind: verbs.Duration, Value: "10m", Longest: maxTTL,
		Zero: "leave it out for a cluster that stays", Help: "take the cluster down after that time, and end CMD"},
	{Name: parentFlag, Kind: verbs.Bool,
		Help: "take the cluster down when the process that started up has ended, even by kill -9 (Linux)"},
	{Name: "detach", Aliases: []string{"d"}, Kind: verbs.Bool, Help: "return when the cluster is ready; down ends it"},
}

// maxTTL bounds --ttl. A longer time is taken for a mistake.
const maxTTL = 30 * 24 * time.Hour

// parentFlag is the name of the flag that ends a cluster with the parent of its process.
const parentFlag = "die-with-parent"

// options reads the flags. A flag that is not given stays zero, which stands for the stored
// setting or the default.
func (s *session) options(c *verbs.Call) (localcluster.Options, error) {
	home, err := s.home()
	if err != nil {
		return localcluster.Options{}, err
	}
	o := localcluster.Options{Name: s.clusterName(), Home: home, Dir: c.String("dir"), Mem: c.Bool("mem"),
		BasePort: c.Int("port"),
		Explicit: config.Explicit{Sloppy: c.Has("sloppy") && c.Bool("sloppy"), Sync: c.Has("sync") && c.Bool("sync")},
		Settings: settings.Cluster{N: c.Int("N"), R: c.Int("R"), W: c.Int("W"), Mode: c.String("mode"),
			Strict: !c.Bool("sloppy"), Clocks: c.String("clocks"), Truncate: c.Int("truncate"),
			NoAntiEntropy: !c.Bool("anti-entropy"), Strategy: c.Int("strategy"), Q: c.Int("q"), T: c.Int("tokens"),
			Buffer: c.Int("buffer"), NoSync: !c.Bool("sync")}}
	switch {
	case o.Mem && c.Bool("fresh"):
		return o, usage.Errorf("up: a cluster in memory has no data to delete; leave out --fresh or --mem")
	case c.Bool("yes") && !c.Bool("fresh"):
		return o, usage.Errorf("up: --yes is for --fresh only; leave out --yes, or add --fresh")
	}
	if o.Dir != "" && s.Dir != "" && !filepath.IsAbs(o.Dir) {
		o.Dir = filepath.Join(s.Dir, o.Dir)
	}
	if o.Settings.Tombstones, err = grace(c); err != nil {
		return o, err
	}
	switch names := c.String("names"); {
	case names != "" && c.Has("n") && len(strings.Split(names, ",")) != c.Int("n"):
		return o, usage.Errorf("up: -n %d and --names %s do not agree; leave out -n", c.Int("n"), render.Typed(names))
	case names != "":
		o.Settings.Nodes = strings.Split(names, ",")
	case c.Has("n"):
		if o.Settings.Nodes, err = nodeNames(c.Int("n")); err != nil {
			return o, err
		}
	}
	switch seeds := c.String("seeds"); seeds {
	case "":
	case "none":
		o.Settings.Seeds = []string{}
	default:
		o.Settings.Seeds = strings.Split(seeds, ",")
	}
	return o, founders(c, &o.Settings)
}

// grace reads --tombstones. A negative time stands for off, 0 for the default.
func grace(c *verbs.Call) (time.Duration, error) {
	switch text := c.String("tombstones"); text {
	case "":
		return 0, nil
	case "off":
		return -1, nil
	default:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, usage.Errorf("up: --tombstones %s is neither a time such as 5m nor off", render.Quoted(text))
		}
		return d, nil
	}
}

// founders reads --weights and --zones.
func founders(c *verbs.Call, s *settings.Cluster) (err error) {
	weights, zones := c.String("weights"), c.String("zones")
	if weights == "" && zones == "" {
		return nil
	}
	if s.Nodes == nil {
		if s.Nodes, err = nodeNames(settings.DefaultNodes); err != nil {
			return err
		}
	}
	s.Founders = s.InitialMembers()
	if zones != "" {
		list := strings.Split(zones, ",")
		for i := range s.Founders {
			if s.Founders[i].Zone = list[i%len(list)]; !wire.ValidName(s.Founders[i].Zone) {
				return usage.Errorf("up: --zones: invalid zone %s: want ^[a-z0-9-]{1,32}$",
					render.Quoted(s.Founders[i].Zone))
			}
		}
	}
	if weights == "" {
		return nil
	}
	for _, w := range strings.Split(weights, ",") {
		node, text, _ := strings.Cut(w, "=")
		weight, err := strconv.Atoi(text)
		i := slices.IndexFunc(s.Founders, func(m ring.Member) bool { return m.Name == node })
		if i < 0 || err != nil || weight < 1 || weight > member.MaxWeight {
			return usage.Errorf("up: --weights %s: want NODE=WEIGHT, a node of the cluster and a weight from 1 to %d",
				render.Typed(w), member.MaxWeight)
		}
		s.Founders[i].Weight = weight
	}
	return nil
}

// maxNamed bounds the names that nodeNames returns. The cluster has a lower limit and checks it.
const maxNamed = 1000

// nodeNames returns the default names of n nodes.
func nodeNames(n int) ([]string, error) {
	if n > maxNamed {
		return nil, usage.Errorf("up: -n %d is too large", n)
	}
	return settings.NodeNames(n), nil
}

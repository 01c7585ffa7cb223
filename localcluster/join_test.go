package localcluster

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/view"
)

// settleLimit is far longer than an idle cluster takes to move its few ranges.
const settleLimit = 30 * time.Second

// freeRun returns the first port of a run of free ports. The run is below the ports that the system
// assigns by itself, so that no other program takes one meanwhile.
func freeRun(t *testing.T, count int) int {
	t.Helper()
	for range 100 {
		if base := 10_000 + rand.IntN(20_000); runIsFree(base, count) {
			return base
		}
	}
	t.Fatal("no run of free ports")
	return 0
}

func runIsFree(base, count int) bool {
	for p := range count {
		ln, err := net.Listen("tcp4", loopback(base+p))
		if err != nil {
			return false
		}
		_ = ln.Close()
	}
	return true
}

// occupy holds a port until the returned function is called.
func occupy(t *testing.T, port int) (release func()) {
	t.Helper()
	ln, err := net.Listen("tcp4", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return func() { _ = ln.Close() }
}

func join(t *testing.T, c *Cluster, r member.Request) member.Change {
	t.Helper()
	r.Kind = member.Join
	change, err := c.Member(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// A join whose port another program holds leaves nothing behind: no node, no member, no file.
func TestJoinWithoutAPort(t *testing.T) {
	o := Options{Home: t.TempDir(), Dir: t.TempDir(), BasePort: freeRun(t, 6)}
	c := begin(t, o)
	release := occupy(t, o.BasePort+5)
	for range 2 {
		_, err := c.Member(t.Context(), member.Request{Kind: member.Join})
		if err == nil || !strings.HasPrefix(err.Error(), "join n6: ") ||
			!strings.Contains(err.Error(), "another program has the port") {
			t.Fatalf("join: %v", err)
		}
		v := viewOf(t, c)
		if len(v.Nodes) != 5 || v.Ring.Has("n6") {
			t.Fatalf("there are %d nodes, n6 is a member: %v", len(v.Nodes), v.Ring.Has("n6"))
		}
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "n6")); err == nil {
		t.Error("n6 has a folder")
	}
	_ = c.Close()
	c = begin(t, o) // the data root does not list n6, whose port is still taken
	release()
	if got := join(t, c, member.Request{}); got.Node != "n6" {
		t.Errorf("%s joined", got.Node)
	}
	settled(t, c, settleLimit)
}

// A join that is refused changes nothing, also if the node was there and down.
func TestRefusedJoinChangesNothing(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n5"}})
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Remove, Node: "n5"}); err != nil {
		t.Fatal(err)
	}
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2", "n3", "n4"}})
	for _, r := range []member.Request{{Node: "n6"}, {Node: "n6", Via: "n2"}, {Node: "n5"}, {Node: "n5", Via: "n9"}} {
		r.Kind = member.Join
		_, err := c.Member(t.Context(), r)
		usageError(t, err)
	}
	do(t, c, fault.Fault{Kind: fault.Resume, Nodes: []string{"n1", "n2", "n3", "n4"}})
	for _, r := range []member.Request{{Node: "n6", Weight: member.MaxWeight + 1}, {Node: "n5", Zone: "A!"}} {
		r.Kind = member.Join
		_, err := c.Member(t.Context(), r)
		usageError(t, err)
	}
	v := viewOf(t, c)
	if len(v.Nodes) != 5 || v.Node("n5").Status != view.Down {
		t.Errorf("there are %d nodes, n5 is %s", len(v.Nodes), v.Node("n5").Status)
	}
}

// A join that the end of the process cuts short before a member wrote the join leaves no node
// behind.
func TestJoinCutShort(t *testing.T) {
	o := Options{Home: t.TempDir(), Dir: t.TempDir()}
	c := begin(t, o)
	c.faults.Lock()
	err := c.addNode("n6", "n1").prepare(t.Context())
	c.faults.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	c = begin(t, o)
	if v := viewOf(t, c); len(v.Nodes) != 5 {
		t.Errorf("there are %d nodes", len(v.Nodes))
	}
	if got := join(t, c, member.Request{}); got.Node != "n6" {
		t.Errorf("%s joined", got.Node)
	}
	settled(t, c, settleLimit)
	_ = c.Close()
	if v := viewOf(t, begin(t, o)); len(v.Nodes) != 6 || !v.Ring.Has("n6") {
		t.Errorf("there are %d nodes, n6 is a member: %v", len(v.Nodes), v.Ring.Has("n6"))
	}
}

// §4.8.2: rings that never met become one as soon as a member of one ring lets in a member of the
// other. This holds even if the second node has lost its disk and knows no other node.
func TestRingsThatNeverMetMeet(t *testing.T) {
	for _, wiped := range []bool{false, true} {
		c := begin(t, Options{Mem: true, Settings: settings.Cluster{Nodes: []string{"n1", "n2", "n3"},
			Seeds: []string{}}})
		join(t, c, member.Request{Node: "x", Via: "x"})
		if wiped {
			do(t, c, fault.Fault{Kind: fault.Wipe, Nodes: []string{"x"}})
		}
		_, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n2", Via: "n1"})
		usageError(t, err, "n2: it is a member already")
		_, err = c.Member(t.Context(), member.Request{Kind: member.Join, Node: "x"})
		usageError(t, err, "x: it is a member already")
		join(t, c, member.Request{Node: "x", Via: "n1"})
		v := settled(t, c, settleLimit)
		for _, n := range v.Nodes {
			if len(v.RingOf(n).Members()) != 4 {
				t.Errorf("%s knows the members %v", n.Name, v.RingOf(n).Members())
			}
		}
		_ = c.Close()
	}
}

// A node that joins during a split is on the side of the node that writes its join. The new
// node reaches that side, the join's reply names the side, and each node sees the nodes that it can
// reach.
func TestJoinDuringSplit(t *testing.T) {
	for _, via := range []string{"n1", "n4"} {
		t.Run(via, func(t *testing.T) {
			c := begin(t, Options{Mem: true})
			do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
			at := viewOf(t, c).SplitAt
			join(t, c, member.Request{Via: via})
			await(t, "the side of "+via+" to know the ring", func() bool {
				v := viewOf(t, c)
				return v.Ring.Has("n6") && !slices.ContainsFunc(v.Nodes, func(n *view.Node) bool {
					return v.Side(n.Name) == v.Side(via) && len(n.History) < len(v.History)
				})
			})
			v := viewOf(t, c)
			side := v.Groups[v.Side(via)]
			if v.Side("n6") != v.Side(via) || v.SplitAt != at {
				t.Errorf("n6 is on side %d of %v, which began at %v", v.Side("n6"), v.Groups, v.SplitAt)
			}
			for _, n := range v.Nodes {
				if group := v.Groups[v.Side(n.Name)]; len(group) != v.Sees(n) {
					t.Errorf("%s sees %d nodes, its side is %v", n.Name, v.Sees(n), group)
				}
			}
			for _, name := range side {
				if v.Node(name).Suspects["n6"] {
					t.Errorf("%s of the same side believes that n6 failed", name)
				}
			}
			if told := watched(t, c); !slices.EqualFunc(told.Groups, v.Groups, slices.Equal[[]string]) ||
				told.SplitAt != at {
				t.Errorf("events have %v since %v, the snapshot has %v since %v", told.Groups, told.SplitAt,
					v.Groups, at)
			}
			do(t, c, fault.Fault{Kind: fault.Heal})
			settled(t, c, settleLimit)
		})
	}
}

// watched returns the view that results from all events of the cluster.
func watched(t *testing.T, c *Cluster) *view.Cluster {
	t.Helper()
	v := view.New()
	if err := c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		v.ApplyAll(batch)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return v
}

// A split ends when the last node of a side has left, in the cluster's state and in its events.
// Slow links between the remaining nodes stay slow.
func TestLastOfASideLeaves(t *testing.T) {
	c := begin(t, Options{Mem: true})
	join(t, c, member.Request{})
	settled(t, c, settleLimit)
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: time.Millisecond})
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n6", Delay: time.Millisecond})
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n6"}, {"n1", "n2", "n3", "n4", "n5"}}, OneWay: true})
	c.faults.Lock()
	err := c.registry.node("n6").remove()
	c.faults.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]*view.Cluster{"snapshot": viewOf(t, c), "events": watched(t, c)} {
		if v.Groups != nil || len(v.Slow) != 1 || v.Slow["n1>n2"] == 0 {
			t.Errorf("%s: sides %v, slow %v", what, v.Groups, v.Slow)
		}
	}
}

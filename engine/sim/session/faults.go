package session

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/sim/plan"
)

// faults finds the faults of a session and the changes of its membership.
type faults struct {
	x       *export
	all     []plan.Injection
	open    map[string]int // node → index in all of the fault that keeps it from working
	split   int            // index in all of the split that is on; -1: none
	members member.History
}

func newFaults(x *export) faults { return faults{x: x, open: map[string]int{}, split: -1} }

func (f *faults) take(e event.Event) {
	at := f.x.at(e)
	switch e.Kind {
	case event.Split:
		if e.Elapsed > 0 { // the groups of a split changed, because a node joined or left
			return
		}
		f.endSplit(at)
		f.split = f.add(plan.Injection{At: at, Kind: plan.Split, Groups: e.Groups})
		if e.OneWay {
			f.all[f.split].Kind = plan.OneWay
		}
	case event.Heal:
		f.endSplit(at)
	case event.NodeDown:
		f.end(e.Node, at)
		if e.Message != "" {
			f.x.note("%s went down by itself (%s): the script crashes it", e.Node, e.Message)
		}
		f.open[e.Node] = f.add(plan.Injection{At: at, Kind: plan.Crash, Nodes: []string{e.Node}})
	case event.NodePaused:
		f.end(e.Node, at)
		f.open[e.Node] = f.add(plan.Injection{At: at, Kind: plan.Pause, Nodes: []string{e.Node}})
	case event.NodeUp:
		f.end(e.Node, at)
	case event.NodeWiped:
		f.wiped(e.Node, at)
	case event.NodeLeft: // taken down after it departed
		delete(f.open, e.Node)
	case event.Membership:
		f.changed(e)
	case event.Slow:
		f.x.note("slow %s: a script has no slow links, except for all links during the whole run", e.Link)
	case event.Loss:
		f.x.note("loss %s: a script loses single messages (drop), or a share of all during the whole run", e.Link)
	case event.Skew:
		f.x.note("skew %s: in a script, a clock is wrong from the start on (clock n1 skew=1h)", e.Node)
	case event.DiskFailed, event.Damaged:
		f.x.note("trouble with a disk (%s %s)", e.Node, e.Kind)
	}
}

func (f *faults) add(in plan.Injection) int {
	f.all = append(f.all, in)
	return len(f.all) - 1
}

// endSplit ends the split that is on.
func (f *faults) endSplit(at time.Duration) {
	if f.split >= 0 {
		f.all[f.split].For = at - f.all[f.split].At
		f.split = -1
	}
}

// end ends what keeps a node from working.
func (f *faults) end(node string, at time.Duration) {
	if i, ok := f.open[node]; ok {
		f.all[i].For = at - f.all[i].At
		delete(f.open, node)
	}
}

// wiped turns the crash of a node into the loss of its disk, or adds that to a running node.
func (f *faults) wiped(node string, at time.Duration) {
	if i, ok := f.open[node]; ok && f.all[i].Kind == plan.Crash {
		f.all[i].Kind = plan.Wipe
		return
	}
	f.add(plan.Injection{At: at, Kind: plan.Wipe, Nodes: []string{node}})
}

// changed takes in the changes of the membership that no node has reported yet.
func (f *faults) changed(e event.Event) {
	for _, c := range e.Changes {
		if slices.Contains(f.members, c) {
			continue
		}
		f.members = f.members.Merge(member.History{c})
		in := plan.Injection{At: f.x.at(e), Nodes: []string{c.Node, c.By}}
		switch c.Kind {
		case member.Join:
			in.Kind = plan.Join
			if c.Weight > 1 || c.Zone != "" {
				f.x.note("the weight or the zone of %s: a node joins a script with weight 1 and no zone", c.Node)
			}
		case member.Leave:
			in.Kind = plan.Leave
		case member.Remove:
			in.Kind = plan.Remove
		default: // what a node says of itself once it has left
			continue
		}
		f.add(in)
	}
}

// injections returns the faults in the order of their times. Those that are still on end with the
// plan's other faults.
func (f *faults) injections(healAt time.Duration) []plan.Injection {
	for i := range f.all {
		if in := &f.all[i]; in.For == 0 && in.Lasts() {
			in.For = healAt - in.At
		}
	}
	slices.SortStableFunc(f.all, func(a, b plan.Injection) int { return cmp.Compare(a.At, b.At) })
	return f.all
}

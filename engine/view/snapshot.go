package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
)

// Snapshot returns events of sequence number 0 that give another Cluster the state of v, with the
// replicas of keys. The logs are not part of the state. now is the time of the events since 1970.
func (v *Cluster) Snapshot(now time.Duration, keys ...[]byte) []event.Event {
	s := v.Settings
	out := []event.Event{{Kind: event.Cluster, Settings: &s}}
	for _, n := range v.Nodes {
		switch n.Status {
		case Up:
			out = append(out, event.Event{Kind: event.NodeUp, Node: n.Name, Addr: n.Addr})
		case Paused:
			out = append(out, event.Event{Kind: event.NodeUp, Node: n.Name, Addr: n.Addr},
				event.Event{Kind: event.NodePaused, Node: n.Name})
		default:
			out = append(out, event.Event{Kind: event.NodeDown, Node: n.Name, Message: n.Reason})
		}
	}
	for _, n := range v.Nodes {
		for _, service := range slices.Sorted(maps.Keys(n.Services)) {
			out = append(out, event.Event{Kind: event.Serves, Node: n.Name, Op: service, Addr: n.Services[service]})
		}
	}
	out = append(out, v.faults()...)
	for _, n := range v.Nodes {
		out = append(out, event.Event{Kind: event.State, Node: n.Name, State: n.state()})
		for _, key := range keys {
			if k := v.Key(key); k != nil {
				out = append(out, event.Event{Kind: event.Replicas, Node: n.Name, Key: key, Replicas: k.replicas(n.Name)})
			}
		}
	}
	for i := range out {
		if out[i].Time == 0 {
			out[i].Time = now
		}
	}
	return out
}

// faults returns the events of the faults that are on.
func (v *Cluster) faults() (out []event.Event) {
	if v.Groups != nil {
		out = append(out, event.Event{
			Time: v.SplitAt, Kind: event.Split, Groups: v.Groups, OneWay: v.OneWay, Delay: v.SplitFor,
		})
	}
	for _, link := range slices.Sorted(maps.Keys(v.Slow)) {
		out = append(out, event.Event{Kind: event.Slow, Link: link, Delay: v.Slow[link]})
	}
	for _, link := range slices.Sorted(maps.Keys(v.Loss)) {
		out = append(out, event.Event{Kind: event.Loss, Link: link, Percent: v.Loss[link]})
	}
	for _, node := range slices.Sorted(maps.Keys(v.Skew)) {
		out = append(out, event.Event{Kind: event.Skew, Node: node, Delay: v.Skew[node]})
	}
	return out
}

// state returns the account that setState takes.
func (n *Node) state() *event.NodeState {
	s := &event.NodeState{
		Keys: n.Keys, Pending: n.Pending, Foreign: n.Foreign, Buffered: n.Buffered, Slice: n.Slice,
		Tombstones: n.Tombstones, TombstonesKept: n.TombstonesKept, LastKnown: n.Silent, Lost: n.Lost,
		Oversized: n.Oversized, Digest: n.Digest, Changes: n.History,
		Suspects: slices.Sorted(maps.Keys(n.Suspects)),
	}
	for _, home := range slices.Sorted(maps.Keys(n.Hints)) {
		s.Hints = append(s.Hints, n.Hints[home])
	}
	s.Roots = slices.SortedFunc(maps.Values(n.Roots), func(a, b event.TreeRoot) int {
		return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start))
	})
	return s
}

// replicas returns what a node holds of the key, in each role.
func (k *Key) replicas(node string) (out []event.Replica) {
	for _, home := range slices.Sorted(maps.Keys(k.Held[node])) {
		if s := k.Held[node][home]; len(s) > 0 {
			out = append(out, event.Replica{For: home, Versions: s})
		}
	}
	return out
}

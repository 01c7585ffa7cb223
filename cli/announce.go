package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// An upNode is a node in an upReport.
type upNode struct {
	Node string `json:"node"`
	Addr string `json:"addr"`
	Note string `json:"note,omitempty"` // the fault that the node found with its disk
	// Services are the addresses for clients of other protocols, by service, such as riak.
	Services map[string]string `json:"services,omitempty"`
}

// An upReport is what up prints with --json, and what up --detach reads from the process that it
// starts.
type upReport struct {
	Cluster string   `json:"cluster"`
	N       int      `json:"n"`
	R       int      `json:"r"`
	W       int      `json:"w"`
	Mode    string   `json:"mode"`
	Clocks  string   `json:"clocks"`
	Says    string   `json:"versioning"` // mode and clocks as text
	NoSync  bool     `json:"no_sync"`    // nodes do not wait for their disks
	Nodes   []upNode `json:"nodes"`
	Dir     string   `json:"dir,omitempty"`
	PID     int      `json:"pid"`
	Keys    int      `json:"keys"` // of the node with the most keys; 0 for a new cluster
	HTTP    *httpAPI `json:"http,omitempty"`
}

// An httpAPI is where the HTTP API of a cluster is.
type httpAPI struct {
	URL       string `json:"url"`
	TokenFile string `json:"token_file"`
}

// announce reports that the cluster is up, where its nodes are, and what to try next.
func (s *session) announce(c *running, o localcluster.Options, foreground bool) error {
	events, err := c.Snapshot(s.ctx)
	if err != nil {
		return err
	}
	cluster := view.From(events)
	set := cluster.Settings
	r := upReport{Cluster: set.Name, N: set.N, R: set.R, W: set.W, Mode: set.Mode, Clocks: set.Clocks,
		Says: set.Versioning(), NoSync: set.NoSync, PID: os.Getpid(), Dir: dataDir(o),
		HTTP: c.api}
	notes := notesOf(s.ctx, c.Cluster)
	for _, n := range cluster.Nodes {
		if cluster.Ring == nil || cluster.Ring.Has(n.Name) { // a removed node stays among the cluster's nodes
			r.Nodes = append(r.Nodes, upNode{n.Name, n.Addr, notes[n.Name], n.Services})
		}
	}
	for _, n := range cluster.Nodes {
		r.Keys = max(r.Keys, n.Keys)
	}
	return s.report(r, foreground)
}

// notesOf returns, by node, the faults that nodes found with their disks when they came up.
func notesOf(ctx context.Context, c *localcluster.Cluster) map[string]string {
	notes := map[string]string{}
	starts := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.NodeUp}}}
	_ = c.Events(ctx, starts, func(events []event.Event) error { // after an error, only the notes are missing
		for _, e := range events {
			if e.Kind == event.NodeUp && e.Message != "" {
				notes[e.Node] = e.Message
			}
		}
		return nil
	})
	return notes
}

// dataDir returns the folder of the cluster's data, "" if it is in memory.
func dataDir(o localcluster.Options) string {
	list, err := datadir.List(o.Home)
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(list, func(i datadir.Info) bool { return i.Name == o.Name })
	if i < 0 {
		return ""
	}
	return list[i].Dir
}

// report prints a report. foreground says that this process runs the cluster.
func (s *session) report(r upReport, foreground bool) error {
	if s.JSON {
		return s.PrintJSON(r)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s is up: %s, N=%d R=%d W=%d, %s", r.Cluster, render.Count(len(r.Nodes), "node"), r.N, r.R,
		r.W, r.Says)
	if r.NoSync {
		out.WriteString(", not synced: a power cut may lose the latest writes")
	}
	out.WriteByte('\n')
	for _, n := range r.Nodes {
		fmt.Fprintf(&out, "  %-4s %s", n.Node, n.Addr)
		for _, service := range slices.Sorted(maps.Keys(n.Services)) {
			fmt.Fprintf(&out, "  %s %s", service, n.Services[service])
		}
		out.WriteByte('\n')
		if n.Note != "" {
			fmt.Fprintf(&out, "       %s\n", escape.Terminal([]byte(n.Note)))
		}
	}
	if r.Dir != "" {
		fmt.Fprintf(&out, "  data %s\n", r.Dir)
	}
	if r.HTTP != nil {
		fmt.Fprintf(&out, "  http %s  token in %s\n", r.HTTP.URL, escape.Terminal([]byte(r.HTTP.TokenFile)))
	}
	cmd := program
	if r.Cluster != config.DefaultName {
		cmd += " --cluster " + r.Cluster
	}
	next := "put cart milk"
	if r.Keys > 0 {
		next = "status" // the key cart may exist
	}
	if foreground {
		fmt.Fprintf(&out, "next, in another terminal:  %s %s\n", cmd, next)
		fmt.Fprintf(&out, "Ctrl-C here, or %s down, ends it\n", cmd)
	} else {
		fmt.Fprintf(&out, "next:  %s %s\n", cmd, next)
	}
	return s.Print(out.String())
}

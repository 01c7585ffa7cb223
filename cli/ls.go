package cli

import (
	"fmt"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/localcluster/datadir"
)

var lsCommand = command{
	verb: &verbs.Verb{Name: "ls", Group: verbs.GroupCluster, Usage: "list the clusters, running or not",
		Help: `A cluster that cannot be started is listed as broken, with the reason.
rm deletes a cluster that is down.`},
	run: (*session).ls,
}

func (s *session) ls(*verbs.Call) error {
	home, err := s.home()
	if err != nil {
		return err
	}
	list, err := datadir.List(home)
	if err != nil {
		return withExitCode(err, "")
	}
	if s.JSON {
		if list == nil {
			list = []datadir.Info{}
		}
		return s.PrintJSON(map[string]any{"clusters": list})
	}
	if len(list) == 0 {
		return s.Print("no clusters; start one with: ringside up\n")
	}
	var out strings.Builder
	for _, i := range list {
		state, dir := "down", escape.Terminal([]byte(i.Dir))
		switch {
		case i.Running:
			state = fmt.Sprintf("up, pid %d", i.PID)
		case i.Problem != "":
			state = "broken"
		}
		if i.Mem {
			dir = "in memory"
		}
		since := "never started"
		switch {
		case !i.Started.IsZero():
			since = "since " + i.Started.Local().Format(time.DateTime)
		case i.Problem == "": // its record was lost, and its data is there
			since = "last start unknown"
		}
		fmt.Fprintf(&out, "%-12s %-16s %8s  %s  %s\n", escape.Terminal([]byte(i.Name)), state,
			render.Count(i.Nodes, "node"), since, dir)
		if i.Problem != "" {
			fmt.Fprintf(&out, "%-12s %s\n", "", escape.Terminal([]byte(i.Problem)))
		}
	}
	return s.Print(out.String())
}

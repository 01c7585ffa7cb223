package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ringside/cli/console"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/localcluster"
	"ringside/localcluster/datadir"
)

var rmCommand = command{
	verb: &verbs.Verb{
		Name: "rm", Group: verbs.GroupCluster,
		Args:  []verbs.Arg{{Name: "NAME"}},
		Usage: "delete a cluster that is down, with its data",
		Help: `rm deletes the data wherever the cluster keeps it, the saved contexts and the cluster's folder. It
refuses a cluster that runs, and a folder that holds files of another program. On a terminal rm asks first; elsewhere
rm needs --yes. --json prints {"removed":NAME,"dirs":[data folders],"nodes":COUNT,"bytes":COUNT}.`,
		Flags: []verbs.Flag{yesFlag},
	},
	run: (*session).rm,
}

var yesFlag = verbs.Flag{Name: "yes", Aliases: []string{"y"}, Kind: verbs.Bool, Help: "delete without asking"}

func (s *session) rm(c *verbs.Call) error {
	home, err := s.home()
	if err != nil {
		return err
	}
	r, err := datadir.FindRemains(home, c.Arg(0), "", true)
	if err != nil {
		return asMisplaced(withExitCode(err, ""), "choose another folder with RINGSIDE_HOME")
	}
	if err := s.confirm(c, r); err != nil {
		return err
	}
	if err := r.Remove(); err != nil {
		return withExitCode(err, "")
	}
	_ = os.Remove(logOf(home, r.Name)) // exists if the cluster ran in the background
	if s.JSON {
		roots := r.Roots
		if roots == nil {
			roots = []string{}
		}
		return s.PrintJSON(map[string]any{"removed": r.Name, "dirs": roots, "nodes": r.Nodes, "bytes": r.Bytes})
	}
	return s.Print(r.Name + " is deleted\n")
}

// logOf returns the path of the log of a cluster that runs in the background.
func logOf(home, name string) string { return filepath.Join(home, name+".log") }

// clear deletes the data of a cluster before up --fresh starts it.
func (s *session) clear(c *verbs.Call, o localcluster.Options) error {
	r, err := datadir.FindRemains(o.Home, o.Name, o.Dir, false)
	if err != nil {
		return asMisplaced(withExitCode(err, o.Name), "choose another folder with --dir or RINGSIDE_HOME")
	}
	if len(r.Roots) == 0 {
		return nil
	}
	if err := s.confirm(c, r); err != nil {
		return err
	}
	return withExitCode(r.Remove(), o.Name)
}

// confirm asks whether the remains are to be deleted. Without a terminal, --yes is required.
func (s *session) confirm(c *verbs.Call, r *datadir.Remains) error {
	if c.Bool("yes") {
		return nil
	}
	what := fmt.Sprintf("cluster %s", r.Name)
	if len(r.Roots) > 0 {
		dirs := make([]string, len(r.Roots))
		for i, d := range r.Roots {
			dirs[i] = escape.Terminal([]byte(d))
		}
		what += fmt.Sprintf(", %s of %s in %s", megabytes(r.Bytes), render.Count(r.Nodes, "node"),
			strings.Join(dirs, " and "))
	}
	if !console.IsTerminal(s.Stdin) || !console.IsTerminal(s.Stderr) {
		return usage.Errorf("%s: this deletes %s for good; add --yes to confirm", c.Verb.Name, what)
	}
	_, _ = fmt.Fprintf(s.Stderr, "delete %s for good? [y/N] ", what)
	answer, err := bufio.NewReader(s.Stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: read the answer: %w", c.Verb.Name, err)
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return usage.Errorf("%s: nothing was deleted", c.Verb.Name)
	}
	return nil
}

// megabytes formats a number of bytes.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

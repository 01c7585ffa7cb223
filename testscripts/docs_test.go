package testscripts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli"
)

// foreignHosts are the hosts of the page that stand for a cluster of Riak.
var foreignHosts = regexp.MustCompile(`riak://(127\.0\.0\.1:100[0-9]7,?|db[0-9]:8087,?)+`)

// blocks returns the indented blocks of a page whose lines are commands of ringside. A block of
// another program, or with the synopsis of a command, is not among them.
func blocks(page string) [][]string {
	var out [][]string
	var block []string
	for _, line := range append(strings.Split(page, "\n"), "") {
		if code, indented := strings.CutPrefix(line, "    "); indented {
			block = append(block, code)
			continue
		}
		own := len(block) > 0
		for _, code := range block {
			ours := strings.HasPrefix(code, "ringside ") || strings.HasPrefix(code, "export RINGSIDE_")
			own = own && ours && !strings.Contains(code, "COMMAND")
		}
		if own {
			out = append(out, block)
		}
		block = nil
	}
	return out
}

// The commands of ringside on the page run as they are written. A cluster of ringside that serves
// clients of Riak stands for the clusters of Riak.
func TestLaptopToCluster(t *testing.T) {
	page, err := os.ReadFile("../docs/laptop-to-cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	folder, all := t.TempDir(), blocks(string(page))
	if len(all) != 6 {
		t.Errorf("the page has %d blocks of commands, and not 6", len(all))
	}
	const door = `ringside up -n 3 --riak=0 --riak-type 'siblings:{"allow_mult":true}' -- sh commands.sh`
	for i, block := range all {
		run, commands := "exec sh commands.sh", strings.Join(block, "\n")
		if foreign := foreignHosts.ReplaceAllString(commands, "riak://$$RINGSIDE_RIAK"); foreign != commands {
			run, commands = door, foreign
		} else if strings.Contains(commands, "--hook-") {
			run, commands = door, "export RINGSIDE_TARGET=riak://$RINGSIDE_RIAK\n"+commands
		}
		script := fmt.Sprintf("[!unix] skip 'the commands are those of a shell'\n%s\n-- commands.sh --\nset -e\n%s\n", run, commands)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("block%d.txtar", i)), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := cli.Scripts(t.Context(), folder, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, p)
}

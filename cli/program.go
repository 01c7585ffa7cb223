package cli

import (
	_ "embed"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/localcluster/buildinfo"
	"ringside/localcluster/datadir"
)

const manDescription = "A store of replicated keys as the paper describes it (DeCandia et al., SOSP 2007): " +
	"consistent hashing, sloppy quorums, vector clocks, hinted handoff, read repair. Nodes run on loopback TCP " +
	"with real disks. Failures of nodes and splits of the network can be caused, and their effects watched."

var versionCommand = command{
	verb: &verbs.Verb{Name: "version", Group: groupProgram, Usage: "show the version"},
	run: func(s *session, _ *verbs.Call) error {
		info := buildinfo.Read()
		if s.JSON {
			return s.PrintJSON(struct {
				Version  string `json:"version"`
				Commit   string `json:"commit,omitempty"`
				Modified bool   `json:"modified,omitempty"`
				Go       string `json:"go"`
				OS       string `json:"os"`
				Arch     string `json:"arch"`
			}{buildinfo.Version(), info.Commit, info.Modified, runtime.Version(), runtime.GOOS, runtime.GOARCH})
		}
		commit := ""
		if info.Commit != "" {
			commit = "  commit " + info.Short()
			if info.Modified {
				commit += ", modified"
			}
		}
		return s.Print(fmt.Sprintf("%s %s%s  %s %s/%s\n", program, buildinfo.Version(), commit,
			runtime.Version(), runtime.GOOS, runtime.GOARCH))
	},
}

var manCommand = command{
	verb: &verbs.Verb{Name: "man", Group: groupProgram, Usage: "print the manual page: ringside man | man -l -",
		Help: `--json prints {"page"}.`},
	run: func(s *session, _ *verbs.Call) error {
		page, err := s.app().ToManWithSection(1)
		if err != nil {
			return fmt.Errorf("man: %w", err)
		}
		if s.JSON {
			return s.PrintJSON(map[string]string{"page": page})
		}
		return s.Print(page)
	},
}

// completeName is the hidden command that completion scripts run.
const completeName = "__complete"

//go:embed completion.txt
var completionScripts string

// shells are the shells with a completion script in completion.txt.
var shells = []string{"bash", "zsh", "fish", "pwsh"}

var completionCommand = command{
	verb: &verbs.Verb{Name: "completion", Group: groupProgram, Usage: "print the completion script of a shell",
		Args: []verbs.Arg{{Name: "bash|zsh|fish|pwsh", Words: shells}},
		Help: `bash:  source <(ringside completion bash)
zsh:   source <(ringside completion zsh)
fish:  ringside completion fish | source
pwsh:  ringside completion pwsh | Out-String | Invoke-Expression
Keys, nodes and requests are completed from the running cluster. --json prints {"shell","script"}.`},
	run: func(s *session, c *verbs.Call) error {
		for _, f := range txtar.Parse([]byte(completionScripts)).Files {
			switch {
			case f.Name != c.Arg(0):
			case s.JSON:
				return s.PrintJSON(map[string]string{"shell": f.Name, "script": string(f.Data)})
			default:
				return s.Print(string(f.Data))
			}
		}
		return usage.Errorf("completion: no script for %s; there are %s", render.Quoted(c.Arg(0)),
			strings.Join(shells, " "))
	},
}

// complete prints the completions of the last word, one a line.
func (s *session) complete(words []string) error {
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	var out []string
	before := words
	words = s.skipGlobals(words)
	switch {
	case len(words) == 0: // the value of --cluster
		words = before[len(before)-1:]
		out = slices.DeleteFunc(s.clusterNames(), func(n string) bool { return !strings.HasPrefix(n, words[0]) })
	case len(words) == 1:
		for _, v := range allVerbs() {
			if strings.HasPrefix(v.Name, words[0]) {
				out = append(out, v.Name)
			}
		}
	default:
		if v := lookup(words[0]); v != nil {
			if v.Name == rmCommand.verb.Name {
				v = s.rmOfAll()
			}
			s.adoptCluster(words[1 : len(words)-1])
			env := s.verbsEnv()
			env.Extra = s.globalsWithNames()
			if v.Name == helpCommand.verb.Name {
				v = helpOfAll()
			}
			out = verbs.CompleteVerb(s.ctx, env, v, words[1:])
		}
	}
	if len(out) == 0 {
		return nil
	}
	return s.Print(strings.Join(out, "\n") + "\n")
}

// globalsWithNames returns the global flags with the names of the clusters as words.
func (s *session) globalsWithNames() []verbs.Flag {
	out := slices.Clone(globals)
	for i := range out {
		if out[i].Name == "cluster" {
			out[i].Words = s.clusterNames()
		}
	}
	return out
}

func (s *session) clusterNames() []string {
	home, err := s.home()
	if err != nil {
		return nil
	}
	list, err := datadir.List(home)
	if err != nil {
		return nil
	}
	var out []string
	for _, i := range list {
		out = append(out, i.Name)
	}
	return out
}

// adoptCluster takes over a --cluster after the command.
func (s *session) adoptCluster(words []string) {
	for i, w := range words {
		switch name, value, joined := strings.Cut(w, "="); {
		case name != "--cluster":
		case joined:
			s.name = value
		case i+1 < len(words):
			s.name = words[i+1]
		}
	}
}

// helpOfAll returns the verb help with the names of all commands as words for completion.
func helpOfAll() *verbs.Verb {
	v := *helpCommand.verb
	v.Args = []verbs.Arg{{Name: v.Args[0].Name, Optional: true}}
	for _, c := range allVerbs() {
		v.Args[0].Words = append(v.Args[0].Words, c.Name)
	}
	return &v
}

// rmOfAll returns the verb rm with the names of all clusters as words for completion.
func (s *session) rmOfAll() *verbs.Verb {
	v := *rmCommand.verb
	v.Args = []verbs.Arg{{Name: v.Args[0].Name, Words: s.clusterNames()}}
	return &v
}

// skipGlobals returns the words after the global flags before the command, and takes over
// --cluster.
func (s *session) skipGlobals(words []string) []string {
	for len(words) > 1 && strings.HasPrefix(words[0], "-") {
		name, value, joined := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
		words = words[1:]
		i := slices.IndexFunc(globals, func(f verbs.Flag) bool { return f.Name == name })
		if i < 0 || globals[i].Kind == verbs.Bool {
			continue
		}
		if !joined {
			value, words = words[0], words[1:] // at least the word to complete remains
		}
		switch name {
		case verbs.ClusterFlag:
			s.name = value
		case targetFlag:
			s.target.text = value
		}
	}
	return words
}

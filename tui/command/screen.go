package command

import (
	"strings"

	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// Words of the prompt that are about the screens themselves. No verb has such a name.
const (
	Quit     = "quit" // also q and exit
	Help     = "?"
	Big      = "big"
	Clear    = "clear"
	Snapshot = "snapshot" // with at most one argument, see SnapshotFile
	NoClient = "as -"     // later lines are the commands of no client
)

// Bare returns a line of the prompt without the colons and the program's name before the command.
func Bare(line string) string {
	line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), ":"))
	return strings.TrimSpace(strings.TrimPrefix(line, "ringside "))
}

// Screen reports whether a line is about the screens themselves, and returns its word, one of the
// constants of this package, and the arguments of that word.
func Screen(line string) (word string, args []string, ok bool) {
	words, err := verbs.Split(Bare(line))
	if err != nil || len(words) == 0 {
		return "", nil, false
	}
	switch word, args = words[0], words[1:]; {
	case word == Snapshot:
		return word, args, true
	case word == "as" && len(args) == 1 && args[0] == "-":
		return NoClient, nil, true
	case len(args) > 0:
		return "", nil, false
	case word == "q" || word == "exit":
		return Quit, nil, true
	}
	return word, nil, word == Quit || word == Help || word == Big || word == Clear
}

// SnapshotFile returns the file that the arguments of the word snapshot name, "" if they leave the
// name to the program. Flags and further arguments are a usage error.
func SnapshotFile(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) == 1 && !strings.HasPrefix(args[0], "-"):
		return args[0], nil
	}
	return "", usage.Errorf("snapshot: the prompt takes one file and no flags; " +
		"ringside snapshot in a shell has flags")
}

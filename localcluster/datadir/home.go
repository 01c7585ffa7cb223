package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"ringside/engine/usage"
)

// maxContextName keeps the names of saved contexts well below the limits of file systems, in bytes.
const maxContextName = 64

var contextPattern = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

// Home returns the folder where clusters keep sockets and data: RINGSIDE_HOME, or else ringside in
// the XDG data folder. Home creates the folder if it does not exist.
func Home(getenv func(string) string) (string, error) {
	dir := getenv("RINGSIDE_HOME")
	if dir == "" {
		base := dataHome(getenv)
		if base == "" {
			return "", usage.Errorf("there is no home folder; set RINGSIDE_HOME to a folder of your own")
		}
		dir = filepath.Join(base, "ringside")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find home: %w", err)
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return "", fmt.Errorf("create home (RINGSIDE_HOME moves it): %w", err)
	}
	return dir, nil
}

// dataHome returns the folder for the data of programs, "" if the environment names none.
func dataHome(getenv func(string) string) string {
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) { // the XDG standard ignores relative paths
		return d
	}
	if d := getenv("HOME"); d != "" {
		return filepath.Join(d, ".local", "share")
	}
	return getenv("LOCALAPPDATA") // Windows
}

// ContextPath returns the file that keeps the context called name (a script's @NAME) of a cluster.
// It creates nothing.
func ContextPath(home, cluster, name string) (string, error) {
	f, err := FolderOf(home, cluster)
	if err != nil {
		return "", err
	}
	if len(name) > maxContextName || !contextPattern.MatchString(name) {
		return "", usage.Errorf("invalid context name %q: want 1 to %d letters, digits, '_', '.' and '-', and no '.' "+
			"at the start", name, maxContextName)
	}
	return filepath.Join(f.Dir, "contexts", name), nil
}

// ContextNames returns the names of the contexts that a cluster keeps.
func ContextNames(home, cluster string) ([]string, error) {
	f, err := FolderOf(home, cluster)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(f.Dir, "contexts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list contexts: %w", err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, nil
}

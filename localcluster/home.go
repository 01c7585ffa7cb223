package localcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

const (
	// maxSocketPath is what the shortest sockaddr_un of the systems we run on
	// takes (macOS: 104 bytes with the NUL; Linux has 108).
	maxSocketPath = 103
	// maxContextName keeps the names of saved contexts well below what file systems allow.
	maxContextName = 64
	// lookTimeout bounds how long a look at another process's socket may take.
	lookTimeout = 500 * time.Millisecond

	dirMode  = 0o700
	fileMode = 0o600

	// newSuffix ends the name of a file that is being written and is about to be renamed.
	newSuffix = ".new"
)

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	contextPattern = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)
)

// Home returns the folder where clusters keep sockets and data: RINGSIDE_HOME, or ringside
// in the XDG data folder. It is created if it is not there.
func Home(getenv func(string) string) (string, error) {
	dir := getenv("RINGSIDE_HOME")
	if dir == "" {
		base := dataHome(getenv)
		if base == "" {
			return "", usagef("there is no home folder; set RINGSIDE_HOME to a folder of your own")
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

func dataHome(getenv func(string) string) string {
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) { // the standard has relative ones ignored
		return d
	}
	if d := getenv("HOME"); d != "" {
		return filepath.Join(d, ".local", "share")
	}
	return getenv("LOCALAPPDATA") // Windows
}

// ContextPath returns the file that keeps the context called name (a script's
// @NAME) of a cluster. Nothing is created.
func ContextPath(home, cluster, name string) (string, error) {
	p, err := pathsOf(home, cluster)
	if err != nil {
		return "", err
	}
	if len(name) > maxContextName || !contextPattern.MatchString(name) {
		return "", usagef("%q is no name for a context; use letters, digits, '_', '.' and '-', at most %d, and no '.' at the start", name, maxContextName)
	}
	return filepath.Join(p.dir, "contexts", name), nil
}

// paths are the files by which a cluster is found.
type paths struct{ dir, lock, sock, info, data string }

func pathsOf(home, name string) (paths, error) {
	if !namePattern.MatchString(name) {
		return paths{}, usagef("%q is no name for a cluster; use a-z, 0-9 and '-', at most 32", name)
	}
	dir := filepath.Join(home, name)
	return paths{
		dir:  dir,
		lock: filepath.Join(dir, "lock"),
		sock: filepath.Join(dir, "sock"),
		info: filepath.Join(dir, "info.json"),
		data: filepath.Join(dir, "data"),
	}, nil
}

// checkSocket refuses a home whose control sockets have a path that is too long.
func (p paths) checkSocket() error {
	if len(p.sock) > maxSocketPath {
		return usagef("the control socket %s has a path of %d bytes and the system's limit is %d; set RINGSIDE_HOME to a shorter folder", p.sock, len(p.sock), maxSocketPath)
	}
	return nil
}

// create makes the cluster's folder, and makes sure that nobody else can look into it.
func (p paths) create() error {
	if err := p.checkSocket(); err != nil {
		return err
	}
	return privateDir(p.dir)
}

// privateDir makes dir and closes it to other users.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return fmt.Errorf("close folder to other users: %w", err)
	}
	return nil
}

// writeFile writes a small file so that a crash leaves the old or the new one.
func writeFile(path string, data []byte) error {
	tmp := path + newSuffix
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// answers says whether a process listens on the socket.
func answers(sock string) bool {
	if len(sock) > maxSocketPath {
		return false
	}
	c, err := net.DialTimeout("unix", sock, lookTimeout)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

package datadir

import (
	"encoding/json"
	"fmt"
	"os"

	"ringside/localcluster/atomicfile"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	// newSuffix ends the name of a file that is being written and is about to be renamed.
	newSuffix = ".new"
)

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
	f, err := os.OpenFile(path+newSuffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	return atomicfile.Commit(f, path, data)
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

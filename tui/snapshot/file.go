package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ringside/engine/usage"
)

// The ends of the names of snapshots.
const (
	svgSuffix  = ".svg"
	textSuffix = ".txt"
)

// Check returns why no snapshot can have the name, nil if one can.
func Check(name string) error {
	if s := filepath.Ext(name); s != svgSuffix && s != textSuffix {
		return usage.Errorf("snapshot: want FILE%s or FILE%s", svgSuffix, textSuffix)
	}
	return nil
}

// Write writes rows of a terminal to a new file: a picture for .svg, plain text for .txt. An
// existing file is not replaced.
func Write(name, title string, rows []string) error {
	if err := Check(name); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrExist):
		return usage.Errorf("snapshot: the file exists, and is not replaced; choose another name")
	case errors.As(err, &path):
		return usage.Errorf("snapshot: the file cannot be created: %w", path.Err)
	case err != nil:
		return fmt.Errorf("snapshot: %w", err)
	}
	out := Text(rows)
	if filepath.Ext(name) == svgSuffix {
		out = SVG(title, rows)
	}
	_, err = f.Write(out)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("snapshot: %w", errors.Join(err, os.Remove(name)))
	}
	return nil
}

// maxNumber is the highest number of a snapshot that FreeName names.
const maxNumber = 999

// FreeName returns a name in a folder that no file has: ringside-1.svg.
func FreeName(folder string) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("ringside-%d%s", i, svgSuffix)
		if _, err := os.Lstat(filepath.Join(folder, name)); err != nil || i == maxNumber {
			return name
		}
	}
}

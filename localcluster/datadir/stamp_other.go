//go:build !linux && !darwin

package datadir

import "os"

// stampOf returns the modification time of a file. A copy that keeps the modification time is
// therefore not noticed on this system.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return info.ModTime().UTC().String(), nil
}

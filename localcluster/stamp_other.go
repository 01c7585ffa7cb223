//go:build !linux && !darwin

package localcluster

import "os"

// stampOf returns what a copy of the file does not have, as far as this system tells: copies
// that keep the time of modification are not noticed.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return info.ModTime().UTC().String(), nil
}

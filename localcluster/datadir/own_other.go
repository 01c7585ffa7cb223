//go:build !unix

package datadir

import "os"

// isOwn reports whether path is not a link. Folders for temporary files belong to one user here.
func isOwn(path string) bool {
	i, err := os.Lstat(path)
	return err == nil && i.IsDir()
}

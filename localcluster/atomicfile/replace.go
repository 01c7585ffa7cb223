package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace makes data the content of a file that the user named. The file keeps its mode, and a
// symbolic link stays one. After an error, and if the process ends meanwhile, an existing file has
// its old content. Only a pipe, a device, and a file in a folder in which the user may not create
// files are written in place.
func Replace(path string, data []byte) error {
	mode, old := fs.FileMode(0o644), false
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return os.WriteFile(path, data, mode)
	case err == nil:
		mode, old = info.Mode().Perm(), true
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temp := filepath.Join(filepath.Dir(path), ".new-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, fs.ErrPermission) && old:
		return os.WriteFile(path, data, mode)
	case err != nil:
		var failed *fs.PathError
		if errors.As(err, &failed) { // the user did not name the temporary file
			failed.Path = path
		}
		return err
	}
	if old { // the mode of a new file lacks the bits of the umask
		if err := f.Chmod(mode); err != nil {
			return errors.Join(err, f.Close(), os.Remove(temp))
		}
	}
	return Commit(f, path, data)
}

package verbs

// --save: the context of a get or put is saved under a name or in a file. The target is opened
// before the request is sent, because a put that took effect must not end in a usage error.

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/atomicfile"
	"ringside/riak/target"
)

// A ContextFile is an open file to which a context is about to be written. The caller calls
// exactly one of Commit and Discard.
type ContextFile struct {
	f    *os.File
	path string
	temp bool // f has a temporary name, and Commit renames it to path
}

// LoadContext returns the token in the file of a saved context. The error wraps os.ErrNotExist if
// there is no such file.
func LoadContext(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("load context: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// CreateContext makes the folder of the file if there is none, and calls ReplaceContext.
func CreateContext(path string) (*ContextFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create folder for contexts: %w", err)
	}
	return ReplaceContext(path)
}

// ReplaceContext opens a new file that Commit renames to path, so that a reader sees either the
// old context or the new one.
func ReplaceContext(path string) (*ContextFile, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return nil, err
	}
	return &ContextFile{f, path, true}, nil
}

// Reasons to refuse an existing file as a target of --save.
var (
	errIrregular = errors.New("it is not a regular file")
	errForeign   = errors.New("the file does not hold a context, and its contents would be lost; name another file")
)

// writeContext opens a file that the user named. An existing file must be empty or hold a context.
// A new file is created only together with its context, because an empty file would mean a blind
// write.
func writeContext(path string) (*ContextFile, error) {
	f, err := openRegular(path, os.O_RDWR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ReplaceContext(path)
	case err != nil:
		return nil, err
	}
	if err := checkOurs(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &ContextFile{f, path, false}, nil
}

// openRegular opens an existing file. It refuses devices and pipes, because the other end of a
// pipe could make the caller wait for ever.
func openRegular(path string, flag int) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return nil, errIrregular
	}
	return os.OpenFile(path, flag, 0)
}

// checkOurs returns errForeign unless the file is empty or holds a context.
func checkOurs(f *os.File) error {
	b, err := io.ReadAll(io.LimitReader(f, maxContextFile+1))
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(b))
	token, err := wire.DecodeToken(text)
	ours := err == nil && (wire.Sealed(token) || target.Recognized(token))
	if len(b) == 0 || len(b) <= maxContextFile && ours {
		return nil
	}
	return errForeign
}

// CheckWritable returns why a file cannot be written, nil if it can. It changes nothing. It does
// not open a pipe or a device, because the reader of a pipe would see the end of the data.
func CheckWritable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	switch {
	case err == nil:
		return f.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return cause(err)
	}
	created, err := ReplaceContext(path)
	if err != nil {
		return cause(err)
	}
	created.Discard()
	return nil
}

// Commit writes the context.
func (c *ContextFile) Commit(token string) error {
	text := []byte(token + "\n")
	if c.temp {
		return atomicfile.Commit(c.f, c.path, text)
	}
	if err := c.f.Truncate(0); err != nil {
		return errors.Join(err, c.f.Close())
	}
	_, err := c.f.WriteAt(text, 0)
	return errors.Join(err, c.f.Close())
}

// Discard closes the file without a change.
func (c *ContextFile) Discard() {
	_ = c.f.Close() // nothing was written
	if c.temp {
		_ = os.Remove(c.f.Name())
	}
}

// A saving is the open targets of a request's context: that of --save, and that of the client for
// whom the request is sent. A nil saving has none, and its methods do nothing.
type saving struct {
	call    *Call
	targets []saveTarget
}

// A saveTarget is a place where a context is about to be saved.
type saveTarget struct {
	shown string // as the user knows it
	file  *ContextFile
}

// openSave opens the targets of a request about a key. The caller defers discard.
func (e *Env) openSave(c *Call, key []byte) (*saving, error) {
	s := &saving{call: c}
	if c.Has("save") {
		file, err := openTarget(e, c)
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, saveTarget{shown(c), file})
	}
	if e.Client != "" {
		file, err := openClient(e, key)
		if err != nil {
			s.discard()
			return nil, err
		}
		s.targets = append(s.targets, saveTarget{"the context of " + e.Client, file})
	}
	if len(s.targets) == 0 {
		return nil, nil
	}
	return s, nil
}

// openTarget opens the target of --save.
func openTarget(e *Env, c *Call) (file *ContextFile, err error) {
	switch name, named := strings.CutPrefix(c.String("save"), "@"); {
	case !named || name == "":
		return nil, c.Misusef("--save wants @NAME or @./FILE, not %s", render.Quoted(c.String("save")))
	case isPath(name):
		var path string
		if path, err = e.path(name); err == nil {
			file, err = writeContext(path)
		}
	case e.Contexts == nil:
		return nil, c.Misusef("--save %s: no contexts are saved by name here; use @./FILE", shown(c))
	default:
		file, err = e.Contexts.Create(name)
	}
	if err != nil {
		return nil, notWritable(c, err)
	}
	return file, nil
}

// shown returns the target of --save as the user wrote it.
func shown(c *Call) string { return escape.TerminalShort([]byte(c.String("save")), render.MaxValue) }

// misplaced lists the errors that are due to the user's choice of a target. A full or broken disk
// is not among them.
var misplaced = []error{
	fs.ErrPermission, fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR,
	errIrregular, errForeign, syscall.EISDIR, syscall.EROFS, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL,
}

// notWritable returns the error of a target of --save that cannot be opened. Nothing was sent.
func notWritable(c *Call, err error) error {
	var other *exit.Error // for example: no cluster runs
	var misuse *usage.Error
	switch {
	case errors.As(err, &other):
		return err
	case errors.As(err, &misuse):
		return c.Misusef("--save %s: %w; nothing was sent", shown(c), err)
	}
	err = fmt.Errorf("%s: --save %s cannot be written: %w; nothing was sent", c.Verb.Name, shown(c), cause(err))
	if slices.ContainsFunc(misplaced, func(m error) bool { return errors.Is(err, m) }) {
		return c.Misuse(err)
	}
	return err
}

// cause returns the error inside a path error, because the user knows the path by another name.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// discard closes the targets that were not committed.
func (s *saving) discard() {
	if s == nil {
		return
	}
	for _, t := range s.targets {
		t.file.Discard()
	}
	s.targets = nil
}

// keep writes the context. Its error says that the request took effect nevertheless.
func (s *saving) keep(token []byte) error {
	if s == nil {
		return nil
	}
	var failed error
	for _, t := range s.targets {
		if err := t.file.Commit(encodeToken(token)); err != nil && failed == nil {
			failed = &exit.Error{Exit: exit.Internal, Code: "context_not_saved", Reported: true,
				Message: fmt.Sprintf("%s: done, but its context could not be saved as %s: %v; get the key again to save it",
					s.call.Verb.Name, t.shown, cause(err))}
		}
	}
	s.targets = nil
	return failed
}

// afterSave shows the result of a request whose context was to be saved. saved is the error of
// that; it is reported after the result and decides the exit code, unless showing the result
// fails.
func (e *Env) afterSave(saved error, show func() error) error {
	err := show()
	if saved == nil {
		return err
	}
	e.note("%s", saved)
	if err != nil {
		return err
	}
	return saved
}

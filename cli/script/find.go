package script

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/engine/usage"
	"ringside/testscripts"
)

// A Script is a script that can be run.
type Script struct {
	Shown string // how reports name it: a path, or the name of an embedded script
	Text  []byte
	path  string // "" for an embedded script
}

// Find returns the scripts that args name: files, folders, which stand for their .txtar files, and
// names of embedded scripts. A file or folder comes before an embedded script of that name. Paths
// are relative to dir, or to the working folder if dir is "".
func Find(dir string, args []string) ([]Script, error) {
	var out []Script
	for _, arg := range args {
		path := arg
		if dir != "" && !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Stat(path)
		var found []Script
		switch {
		case errors.Is(err, fs.ErrNotExist):
			found, err = embedded(arg)
		case err != nil:
			err = usage.Errorf("run: %w", err)
		case info.IsDir():
			found, err = inFolder(path, arg)
		default:
			found, err = fromFile(path)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func fromFile(path string) ([]Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usage.Errorf("run: %w", err)
	}
	return []Script{{Shown: path, Text: text, path: path}}, nil
}

func inFolder(path, arg string) ([]Script, error) {
	paths, err := filepath.Glob(filepath.Join(path, "*"+testscripts.Extension))
	if err != nil || len(paths) == 0 {
		return nil, usage.Errorf("run: the folder %s holds no %s", render.Typed(arg), testscripts.Extension)
	}
	slices.Sort(paths)
	var out []Script
	for _, p := range paths {
		s, err := fromFile(p)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

func embedded(name string) ([]Script, error) {
	text, ok := testscripts.Read(name)
	if !ok {
		near := render.DidYouMean(strings.TrimSuffix(name, testscripts.Extension), testscripts.Names())
		return nil, usage.Errorf("run %s: there is no such file, and no embedded script of that name%s; "+
			"run --list shows the embedded scripts", render.Quoted(name), near)
	}
	return []Script{{Shown: strings.TrimSuffix(name, testscripts.Extension) + testscripts.Extension, Text: text}}, nil
}

// onDisk returns the paths at which testscript finds the scripts. A script that is embedded, or
// that had to be translated, is written to folder.
func onDisk(folder string, scripts []Script) ([]string, error) {
	out := make([]string, len(scripts))
	for i, s := range scripts {
		text := translate(string(s.Text))
		if out[i] = s.path; s.path != "" && text == string(s.Text) {
			continue
		}
		own := filepath.Join(folder, strconv.Itoa(i)) // two scripts may have the same name
		out[i] = filepath.Join(own, filepath.Base(s.Shown))
		if err := os.Mkdir(own, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(out[i], []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return out, nil
}

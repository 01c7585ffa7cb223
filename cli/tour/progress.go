package tour

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ringside/localcluster/atomicfile"
)

const (
	// progressFile keeps the progress in the folder of all clusters. No cluster can have its name,
	// because names of clusters have no dot.
	progressFile = "tour.json"
	// maxProgress bounds the bytes of the file that are read. A longer file counts as damaged.
	maxProgress = 1 << 16
)

// A record is what is kept of a lesson that was done. Right and Of count the answers of the last
// time.
type record struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

// progress is which lessons the learner has done.
type progress struct {
	home    string // "" keeps nothing
	records map[string]record
	problem error // what is wrong with the file
}

// loadProgress reads the progress. A damaged file counts as none, and problem says so.
func loadProgress(home string) *progress {
	p := &progress{home: home}
	p.records, p.problem = p.read()
	return p
}

func (p *progress) path() string { return filepath.Join(p.home, progressFile) }

// read returns what the file has.
func (p *progress) read() (map[string]record, error) {
	none := map[string]record{}
	if p.home == "" {
		return none, nil
	}
	b, err := p.load()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return none, nil
	case err != nil:
		return none, fmt.Errorf("read the progress: %w; the lessons begin anew", err)
	}
	var file struct {
		Lessons map[string]record `json:"lessons"`
	}
	if err := json.Unmarshal(b, &file); err != nil || file.Lessons == nil {
		return none, fmt.Errorf("the file of the progress, %s, is damaged and is ignored; "+
			"the next lesson that you finish replaces it", p.path())
	}
	return file.Lessons, nil
}

// load returns the first maxProgress bytes of the file.
func (p *progress) load() ([]byte, error) {
	f, err := os.Open(p.path())
	if err != nil {
		return nil, err
	}
	defer f.Close() // it is only read
	return io.ReadAll(io.LimitReader(f, maxProgress))
}

// done records that a lesson was done. Another tour may have written since, so done reads first.
func (p *progress) done(name string, right, of int) error {
	if p.home == "" {
		p.records[name] = record{right, of}
		return nil
	}
	now, _ := p.read() // a damaged file is replaced
	now[name] = record{right, of}
	p.records = now
	b, err := json.Marshal(map[string]any{"lessons": now})
	if err != nil {
		return fmt.Errorf("keep the progress: %w", err)
	}
	f, err := os.CreateTemp(p.home, ".tour-*")
	if err == nil {
		err = atomicfile.Commit(f, p.path(), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the progress: %w", err)
	}
	return nil
}

// isDone reports whether a lesson was done.
func (p *progress) isDone(name string) bool {
	_, ok := p.records[name]
	return ok
}

// next returns the first lesson that was not done, or the first lesson if all were.
func (p *progress) next() *Lesson {
	all := Lessons()
	for _, l := range all {
		if !p.isDone(l.Name) {
			return l
		}
	}
	return all[0]
}

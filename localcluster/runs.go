package localcluster

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
)

// Files of the data root. A node's name holds no point, so no node's folder collides with them.
const (
	runsName  = "runs.json"
	stampName = "root.stamp"
)

// runs remembers, outside the folders of the nodes, the latest run of each node. A node's folder that does not
// hold that run was put back from an older copy (engine.Config.LastRun).
//
// A copy of the whole data root takes runs.json with it. So the data root has a stamp, a file that is written anew at
// each start, and runs.json holds what the file system says of that file: no copy, and nothing that was put back, has the same.
type runs struct {
	mu   sync.Mutex
	path string // of runs.json; "" for a cluster in memory
	file runsFile
}

// runsFile is runs.json.
type runsFile struct {
	Stamp   string            `json:"stamp"`             // of the data root
	Runs    map[string]uint64 `json:"runs"`              // node → the number of its latest run
	Doubted map[string]bool   `json:"doubted,omitempty"` // nodes whose folder may be an old copy, and that have not run since
}

// newRuns remembers the runs of a cluster in memory.
func newRuns() *runs { return &runs{file: runsFile{Runs: map[string]uint64{}}} }

// openRuns reads the runs of a data root and puts a new stamp on it. If the data root is a copy, or does not
// say, all nodes in it are doubted.
func openRuns(dir string, fresh bool) (*runs, error) {
	r := &runs{path: filepath.Join(dir, runsName)}
	stampFile := filepath.Join(dir, stampName)
	err := readJSON(r.path, &r.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open data root: %w; move the file away, and the nodes begin new epochs", err)
	}
	now, stampErr := stampOf(stampFile)
	genuine := err == nil && stampErr == nil && now == r.file.Stamp
	if r.file.Runs == nil {
		r.file.Runs = map[string]uint64{}
	}
	if r.file.Doubted == nil {
		r.file.Doubted = map[string]bool{}
	}
	if !genuine && !fresh {
		if err := r.doubtAll(dir); err != nil {
			return nil, err
		}
	}
	if err := writeFile(stampFile, []byte("The data folder is stamped anew at each start, so that a copy of it is noticed.\n")); err != nil {
		return nil, fmt.Errorf("stamp data root: %w", err)
	}
	if r.file.Stamp, err = stampOf(stampFile); err != nil {
		return nil, fmt.Errorf("stamp data root: %w", err)
	}
	return r, r.save()
}

// doubtAll doubts all nodes that have a folder in the data root or have run in it.
func (r *runs) doubtAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("open data root: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && namePattern.MatchString(e.Name()) {
			r.file.Doubted[e.Name()] = true
		}
	}
	for name := range maps.Keys(r.file.Runs) {
		r.file.Doubted[name] = true
	}
	return nil
}

func (r *runs) save() error {
	if err := writeJSON(r.path, r.file); err != nil {
		return fmt.Errorf("remember the runs of the nodes: %w", err)
	}
	return nil
}

// last is the number of a node's latest run, 0 if it has not run.
func (r *runs) last(node string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Runs[node]
}

// doubted says whether a node's folder may be an old copy.
func (r *runs) doubted(node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Doubted[node]
}

// began remembers that a run of a node is in its store durably. Nothing of the run has left the node yet.
func (r *runs) began(node string, run uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Runs[node] = run
	delete(r.file.Doubted, node)
	if r.path == "" {
		return nil
	}
	return r.save()
}

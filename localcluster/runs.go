package localcluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

const (
	// runsName is the file of the data root that remembers the runs. A node's name holds no point, so no node's
	// folder collides with it.
	runsName = "runs.json"
	// stampName is the file in a node's folder by which a copy of the folder is told from the original.
	stampName = "STAMP"
)

// runs remembers, outside the folders of the nodes, the latest run of each node. A node's folder that does not
// hold that run was put back from an older copy (engine.Config.LastRun).
//
// A copy may be from the latest run, and a copy of the whole data root takes runs.json with it. So each node's folder holds a
// stamp, and runs.json holds what the file system says of the stamp. A copy of the stamp, and a stamp that was
// put back, are other files or were changed at another time.
type runs struct {
	mu   sync.Mutex
	dir  string // the data root; "" for a cluster in memory
	file runsFile
}

// runsFile is runs.json.
type runsFile struct {
	Runs map[string]run `json:"runs"` // by node
}

// A run is the latest run of a node whose first batch is durable.
type run struct {
	Number uint64 `json:"number"`
	Stamp  string `json:"stamp,omitempty"` // of the node's folder
}

// newRuns remembers the runs of a cluster in memory.
func newRuns() *runs { return &runs{file: runsFile{Runs: map[string]run{}}} }

// openRuns reads the runs of a data root.
func openRuns(dir string) (*runs, error) {
	r := newRuns()
	r.dir = dir
	err := readJSON(filepath.Join(dir, runsName), &r.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open data root: %w; move the file away, and the nodes begin new epochs", err)
	}
	if r.file.Runs == nil {
		r.file.Runs = map[string]run{}
	}
	return r, nil
}

// last is the number of a node's latest run, 0 if it has not run.
func (r *runs) last(node string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Runs[node].Number
}

// doubt says why a node's folder that holds data cannot be trusted; "" if it is the one that the node's latest run had.
func (r *runs) doubt(node string) (string, error) {
	if r.dir == "" {
		return "", nil
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, node))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	now, err := stampOf(filepath.Join(r.dir, node, stampName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch last, known := r.file.Runs[node]; {
	case !known:
		return "no run is remembered outside its folder; counters begin a new epoch", nil
	case now == "" || now != last.Stamp:
		return "its folder is a copy or was put back from one; counters begin a new epoch", nil
	}
	return "", nil
}

// began remembers that a run of a node is in its store durably. Nothing of the run has left the node yet.
func (r *runs) began(node string, number uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dir == "" {
		r.file.Runs[node] = run{Number: number}
		return nil
	}
	stamp, err := r.stamp(node)
	if err != nil {
		return fmt.Errorf("stamp the folder of %s: %w", node, err)
	}
	r.file.Runs[node] = run{number, stamp}
	if err := writeJSON(filepath.Join(r.dir, runsName), r.file); err != nil {
		return fmt.Errorf("remember the run of %s: %w", node, err)
	}
	return nil
}

// stamp returns the stamp of a node's folder, which gets one if it has none.
func (r *runs) stamp(node string) (string, error) {
	path := filepath.Join(r.dir, node, stampName)
	stamp, err := stampOf(path)
	if !errors.Is(err, os.ErrNotExist) {
		return stamp, err
	}
	if err := writeFile(path, []byte("This file tells the folder from its copies. Leave it where it is.\n")); err != nil {
		return "", err
	}
	return stampOf(path)
}

package localcluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

const (
	// runsName is the file of the data root that records the runs. The name of a node contains no
	// dot, so no node's folder has this name.
	runsName = "runs.json"
	// stampName is the file in a node's folder that distinguishes the folder from its copies.
	stampName = "STAMP"
)

// runs records the latest run of each node outside the folders of the nodes. A node's folder that
// does not hold that run was put back from an older copy (engine.Config.LastRun).
//
// A copy may be from the latest run, and a copy of the whole data root includes runs.json.
// Therefore each node's folder holds a stamp file, and runs.json holds the inode and the change
// time of that file. A copy of the stamp file differs in the inode, and a stamp file that was put
// back differs in the change time. A snapshot of the whole file system keeps both, so a node
// cannot notice that one was put back.
type runs struct {
	mu   sync.Mutex
	dir  string // the data root; "" for a cluster in memory
	file runsFile
}

// runsFile is the content of runs.json.
type runsFile struct {
	Runs map[string]run `json:"runs"` // by node
}

// A run is the latest run of a node whose first batch is durable.
type run struct {
	Number uint64 `json:"number"`
	Stamp  string `json:"stamp,omitempty"` // stampOf the node's stamp file
}

// newRuns returns the runs of a cluster in memory.
func newRuns() *runs { return &runs{file: runsFile{Runs: map[string]run{}}} }

// openRuns reads the runs of a data root.
func openRuns(dir string) (*runs, error) {
	r := newRuns()
	r.dir = dir
	err := readJSON(filepath.Join(dir, runsName), &r.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open data root: %w; move the file away, then the nodes begin new epochs", err)
	}
	if r.file.Runs == nil {
		r.file.Runs = map[string]run{}
	}
	return r, nil
}

// last returns the number of a node's latest run, 0 if the node has not run.
func (r *runs) last(node string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Runs[node].Number
}

// doubt returns why a node's folder that holds data cannot be trusted, "" if it is the folder of
// the node's latest run.
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

// began records a run of a node. The run's first batch is durable, and no message of the run has
// left the node yet.
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
		return fmt.Errorf("record the run of %s: %w", node, err)
	}
	return nil
}

// stamp returns the stamp of a node's folder. It writes the stamp file if there is none.
func (r *runs) stamp(node string) (string, error) {
	path := filepath.Join(r.dir, node, stampName)
	stamp, err := stampOf(path)
	if !errors.Is(err, os.ErrNotExist) {
		return stamp, err
	}
	const text = "This file distinguishes the folder from its copies. Leave it where it is.\n"
	if err := writeFile(path, []byte(text)); err != nil {
		return "", err
	}
	return stampOf(path)
}

package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"ringside/engine/usage"
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
//
// The stamp file also names the cluster, so that a node does not start on the folder of a node of
// another cluster. A stamp file of an earlier version names none.
type runs struct {
	mu      sync.Mutex
	dir     string // the data root; "" for a cluster in memory
	cluster string // the identifier of the cluster in the stamp files
	// secretLost means that the stamp files may name the cluster by a secret that was lost.
	secretLost bool
	file       runsFile

	// One write records all runs that wait, because many nodes start at once.
	changes int           // of file
	saved   int           // the changes that are on disk
	saving  chan struct{} // closed at the end of the write that is under way; nil: there is none
}

// runsFile is the content of runs.json.
type runsFile struct {
	Runs map[string]run `json:"runs"` // by node
}

// A run is the latest run of a node whose first batch is durable.
type run struct {
	Number uint64 `json:"number"`
	Stamp  string `json:"stamp,omitempty"` // stampOf the node's stamp file
	Wiped  bool   `json:"wiped,omitempty"` // the cluster itself deleted the node's folder since
}

// A Finding is the state of a node's folder when the node starts.
type Finding struct {
	Text     string // "" if there is nothing to report
	Distrust bool   // the folder may lack writes that were once durable
}

// newRuns returns the runs of a cluster in memory.
func newRuns() *runs { return &runs{file: runsFile{Runs: map[string]run{}}} }

// openRuns reads the runs of a data root, which has that secret. secretLost is set if the secret
// was made just now for a cluster that had another one.
func openRuns(dir string, secret []byte, secretLost bool) (*runs, error) {
	r := newRuns()
	r.dir, r.cluster, r.secretLost = dir, clusterID(secret), secretLost
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

// inspect looks at a node's folder before the node opens it. A *usage.Error means that the folder
// is of another cluster.
func (r *runs) inspect(node string) (Finding, error) {
	if r.dir == "" {
		return Finding{}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.file.Runs[node]
	dir := filepath.Join(r.dir, node)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		if known && !last.Wiped {
			return Finding{Text: "its folder was lost; it starts empty, and its peers fill it again"}, nil
		}
		return Finding{}, nil
	}
	if err != nil {
		return Finding{}, err
	}
	now, err := stampOf(filepath.Join(dir, stampName))
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return Finding{}, err
	case known && now != "" && now == last.Stamp:
		return Finding{}, nil
	}
	of, err := stampedCluster(dir)
	switch {
	case err != nil:
		return Finding{}, err
	case of != "" && of != r.cluster && !r.secretLost:
		return Finding{}, usage.Errorf("the folder %s is of a node of another cluster; move the folder away, then "+
			"put back the folder of %s, or let %s start empty", dir, node, node)
	case !known:
		return Finding{"no run is remembered outside its folder; counters begin a new epoch", true}, nil
	}
	return Finding{"its folder is a copy or was put back from one; counters begin a new epoch", true}, nil
}

// wiped records that the cluster itself deleted a node's folder.
func (r *runs) wiped(node string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.file.Runs[node]
	if !known || r.dir == "" {
		return nil
	}
	last.Wiped = true
	r.file.Runs[node] = last
	return r.write()
}

// write writes the runs to the data root. The caller holds mu, which write releases while it waits
// and while it writes. A write that is under way does not hold the caller's change, so write waits
// for it and then for the next one, which may be that of another node.
func (r *runs) write() error {
	r.changes++
	mine := r.changes
	for r.saved < mine {
		if under := r.saving; under != nil {
			r.mu.Unlock()
			<-under
			r.mu.Lock()
			continue
		}
		done, all := make(chan struct{}), r.changes
		r.saving = done
		b, err := json.MarshalIndent(r.file, "", "  ")
		r.mu.Unlock()
		if err == nil {
			err = writeFile(filepath.Join(r.dir, runsName), append(b, '\n'))
		}
		r.mu.Lock()
		r.saving = nil
		close(done)
		if err != nil {
			return err
		}
		r.saved = max(r.saved, all)
	}
	return nil
}

// began records a run of a node. The run's first batch is durable, and no message of the run has
// left the node yet.
func (r *runs) began(node string, number uint64) error {
	stamp := ""
	if r.dir != "" {
		var err error
		if stamp, err = r.stamp(node); err != nil { // without mu: only the node itself uses its folder
			return fmt.Errorf("stamp the folder of %s: %w", node, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Runs[node] = run{Number: number, Stamp: stamp}
	if r.dir == "" {
		return nil
	}
	if err := r.write(); err != nil {
		return fmt.Errorf("record the run of %s: %w", node, err)
	}
	return nil
}

// stamp returns the stamp of a node's folder. It writes the stamp file if there is none, or if the
// file does not name the cluster.
func (r *runs) stamp(node string) (string, error) {
	dir := filepath.Join(r.dir, node)
	path := filepath.Join(dir, stampName)
	of, err := stampedCluster(dir)
	if err != nil {
		return "", err
	}
	if of != r.cluster {
		text := "This file distinguishes the folder from its copies. Leave it where it is.\n" +
			stampLabel + r.cluster + "\n"
		if err := writeFile(path, []byte(text)); err != nil {
			return "", err
		}
	}
	return stampOf(path)
}

const (
	// stampLabel stands before the identifier of the cluster in a stamp file.
	stampLabel = "cluster "
	// clusterIDSize is the number of bytes of a hash that tell clusters apart.
	clusterIDSize = 16
)

// clusterID returns the identifier of the cluster that has the secret. It does not reveal the
// secret.
func clusterID(secret []byte) string {
	sum := sha256.Sum256(append([]byte("ringside: identifier of a cluster\x00"), secret...))
	return hex.EncodeToString(sum[:clusterIDSize])
}

// stampedCluster returns the cluster that the stamp file of a node's folder names, "" if the file
// names none.
func stampedCluster(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, stampName))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(line, stampLabel); ok {
			return strings.TrimSpace(id), nil
		}
	}
	return "", nil
}

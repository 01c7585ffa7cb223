package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Info describes a cluster, running or not.
type Info struct {
	Name    string    `json:"cluster"`
	Running bool      `json:"running"`
	PID     int       `json:"pid,omitempty"` // of the process that runs it, or last ran it
	Dir     string    `json:"dir"`           // of the data; "" if it is kept in memory
	Nodes   int       `json:"nodes"`
	Started time.Time `json:"started"`
	Mem     bool      `json:"mem"`
	Problem string    `json:"problem,omitempty"` // why it cannot be started as it is
}

// List returns the clusters of home, sorted by name. A cluster's folder that cannot be read is
// listed with its Problem.
func List(home string) ([]Info, error) {
	entries, err := os.ReadDir(home)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var out []Info
	for _, e := range entries {
		f, err := FolderOf(home, e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		if info, ok := describe(f, e.Name()); ok {
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// describe returns the description of the cluster in a folder of home. ok is false if there is
// none.
func describe(f Folder, name string) (info Info, ok bool) {
	err := readJSON(f.Info, &info)
	if err != nil || info.Mem && !f.Answers() { // a cluster in memory that is down leaves no data
		info = Info{}
	}
	info.Name, info.Running = name, f.Answers()
	if info.Running {
		return info, true
	}
	if pid := f.Holder(); pid != 0 {
		info.PID, info.Problem = pid, f.Silent(name).Error()
		return info, true
	}
	if info.Dir == "" && (err == nil || errors.Is(err, os.ErrNotExist)) { // it never came up with data on disk
		if file, err := readClusterFile(f.Data); err == nil && file.Starting && !cutShort(f.Data) {
			return info, false
		}
	}
	if info.Dir, err = f.findData(); err != nil {
		info.Problem = err.Error()
		return info, true
	}
	info.Problem = problemOf(&info)
	return info, true
}

// cutShort reports whether a first start began in a data root.
func cutShort(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, clusterName))
	return err == nil
}

// problemOf returns why a cluster that is down cannot be started as it is, "" if it can. It sets
// info.Nodes if that is 0.
func problemOf(info *Info) string {
	f, err := readClusterFile(info.Dir)
	switch {
	case err != nil:
		return err.Error()
	case f.Starting && cutShort(info.Dir):
		return "its first start was cut short; up begins anew"
	case f.Starting:
		return "its data was deleted; up begins anew"
	}
	if info.Nodes == 0 {
		info.Nodes = len(f.Settings.Nodes)
	}
	if err := checkRoot(info.Dir, f.Settings); err != nil {
		return err.Error()
	}
	return ""
}

package datadir

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Runs of many nodes that begin at the same time are all recorded when each call has returned.
func TestRunsThatBeginTogether(t *testing.T) {
	const nodes = 40
	dir, secret := t.TempDir(), newSecret()
	r, err := openRuns(dir, secret, false)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range nodes {
		name := fmt.Sprintf("n%d", i+1)
		if err := os.Mkdir(filepath.Join(dir, name), dirMode); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if err := r.began(name, uint64(i+1)); err != nil {
				t.Error(err)
			}
			now, err := openRuns(dir, secret, false)
			if err != nil || now.last(name) != uint64(i+1) {
				t.Errorf("%s: run %d is recorded, %v", name, now.last(name), err)
			}
		})
	}
	all.Wait()
	now, err := openRuns(dir, secret, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range nodes {
		name := fmt.Sprintf("n%d", i+1)
		if found, err := now.inspect(name); now.last(name) != uint64(i+1) || err != nil || found.Distrust {
			t.Errorf("%s: run %d, %+v %v", name, now.last(name), found, err)
		}
	}
}

// A node learns that its run could not be recorded, also if another node wrote.
func TestRunThatCannotBeRecorded(t *testing.T) {
	dir := t.TempDir()
	r, err := openRuns(dir, newSecret(), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, runsName+newSuffix), dirMode); err != nil { // in the way of the file
		t.Fatal(err)
	}
	var failed sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("n%d", i+1)
		if err := os.Mkdir(filepath.Join(dir, name), dirMode); err != nil {
			t.Fatal(err)
		}
		all.Go(func() { failed.Store(name, r.began(name, 1)) })
	}
	all.Wait()
	failed.Range(func(name, err any) bool {
		if err == nil {
			t.Errorf("%s believes that its run is recorded", name)
		}
		return true
	})
}

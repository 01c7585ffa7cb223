package bench

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A run deletes the folders of runs that were killed, and no other folder: not that of a run that
// is on, not one without the mark, and nothing behind a link.
func TestLeftoversAreDeleted(t *testing.T) {
	o := small(t)
	killed, err := makeHome(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(killed.dir, "mem", "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	on, err := makeHome(o)
	if err != nil {
		t.Fatal(err)
	}
	_ = killed.lock.Close() // as the system does when a process ends
	var kept []string
	for name, mark := range map[string]string{"unmarked": "", "other": "12\n"} {
		dir := filepath.Join(o.Dir, homePrefix+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, homeLock), []byte(mark), 0o600); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, dir)
	}
	behind := t.TempDir()
	if err := os.WriteFile(filepath.Join(behind, homeLock), []byte(homeMark), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(o.Dir, homePrefix+"link")
	if err := os.Symlink(behind, link); err != nil {
		t.Skip(err)
	}
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	kept = append(kept, on.dir, link)
	slices.Sort(kept)
	left, err := filepath.Glob(filepath.Join(o.Dir, "*"))
	if err != nil || !slices.Equal(left, kept) {
		t.Errorf("%v, %v are left, want %v", left, err, kept)
	}
	if _, err := os.Stat(filepath.Join(behind, homeLock)); err != nil {
		t.Error(err)
	}
	if err := on.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(on.dir); !os.IsNotExist(err) {
		t.Errorf("the folder of the run that was on: %v", err)
	}
}

package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ringside/engine/settings"
	"ringside/engine/usage"
)

// refuses checks that err is a *usage.Error whose text has a word.
func refuses(t *testing.T, err error, word string) {
	t.Helper()
	var refused *usage.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), word) {
		t.Errorf("%v, want a usage error with %q", err, word)
	}
}

func TestInvalidOptions(t *testing.T) {
	for word, o := range map[string]Options{
		"no home folder":      {},
		"--dir or --mem":      {Home: "h", Mem: true, Dir: "d"},
		"--sync=false or":     {Home: "h", Mem: true, Settings: settings.Cluster{NoSync: true}},
		"invalid base port":   {Home: "h", BasePort: MaxBasePort + 1},
		"invalid base port -": {Home: "h", BasePort: -1},
		"for a flag":          {Home: "h", Name: "-x"},
		"on and off":          {Home: "h", Explicit: Explicit{Sync: true}, Settings: settings.Cluster{NoSync: true}},
	} {
		refuses(t, o.Check(), word)
	}
	if err := (Options{Home: "h", BasePort: MaxBasePort}).Check(); err != nil {
		t.Error(err)
	}
}

func TestLimitsOfOneProcess(t *testing.T) {
	_, err := NewSettings("c", settings.Cluster{Nodes: settings.NodeNames(MaxNodes + 1)})
	refuses(t, err, "want 1 to 256")
	for _, name := range ReservedNames {
		_, err := NewSettings("c", settings.Cluster{Nodes: []string{"n1", name}})
		refuses(t, err, "the data folder has a file of that name")
		refuses(t, CheckNewNode(name), name)
	}
	_, err = NewSettings("c", settings.Cluster{N: 9})
	refuses(t, err, "N=9")
}

// A cluster that has data keeps its settings. The caller may ask for the same settings again.
func TestResumeSettings(t *testing.T) {
	have, err := NewSettings("old", settings.Cluster{W: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ResumeSettings("dir", have, Options{Name: "new", Settings: settings.Cluster{W: 1, N: have.N}})
	want := have
	want.Name = "new"
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = ResumeSettings("dir", have, Options{Settings: settings.Cluster{W: 2}})
	refuses(t, err, "W is 1, not 2")
	_, err = ResumeSettings("dir", have, Options{Settings: settings.Cluster{T: 4}})
	refuses(t, err, "--tokens 4")
}

// A setting that is on or off is refused in both directions if the caller names the setting, and
// kept otherwise.
func TestResumeSwitches(t *testing.T) {
	on, off := settings.Cluster{}, settings.Cluster{Strict: true, NoSync: true}
	insist := Options{Explicit: Explicit{Sloppy: true, Sync: true}}
	for _, tt := range []struct {
		have settings.Cluster
		o    Options
		want string // "": not refused
	}{
		{on, Options{}, ""},
		{off, Options{}, ""},
		{on, insist, ""},
		{off, Options{Settings: off}, ""},
		{off, insist, "--sloppy is false, not true, --sync is false, not true"},
		{on, Options{Settings: off}, "--sloppy is true, not false, --sync is true, not false"},
	} {
		have, err := NewSettings("old", tt.have)
		if err != nil {
			t.Fatal(err)
		}
		switch got, err := ResumeSettings("dir", have, tt.o); {
		case tt.want != "":
			refuses(t, err, tt.want)
		case err != nil || got.Strict != have.Strict || got.NoSync != have.NoSync:
			t.Errorf("%+v: %+v, %v", tt.o, got, err)
		}
	}
}

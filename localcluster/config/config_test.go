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
	got, err := ResumeSettings("dir", "new", have, settings.Cluster{W: 1, N: have.N})
	want := have
	want.Name = "new"
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = ResumeSettings("dir", "new", have, settings.Cluster{W: 2})
	refuses(t, err, "W is 1, not 2")
	_, err = ResumeSettings("dir", "new", have, settings.Cluster{T: 4})
	refuses(t, err, "--tokens 4")
}

package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster"
	"ringside/localcluster/datadir"
)

// keptFlags are the flags of up whose settings are kept with the data. A cluster is created with
// one of the two words. The other word is then refused, with the words of the difference.
var keptFlags = map[string]struct{ one, other, differs string }{
	"n":        {"--n=3", "--n=4", "the list of nodes that it was made with is "},
	"names":    {"--names=a,b,c", "--names=a,b,x", "the list of nodes that it was made with is "},
	"N":        {"--N=3", "--N=2", "N is "},
	"R":        {"--R=2", "--R=1", "R is "},
	"W":        {"--W=2", "--W=1", "W is "},
	"mode":     {"--mode=siblings", "--mode=lww", "mode is "},
	"clocks":   {"--clocks=dotted", "--clocks=literal", "the kind of clocks is "},
	"truncate": {"--truncate=10", "--truncate=11", "the threshold of truncation is "},
	"sloppy":   {"--sloppy=true", "--sloppy=false", "--sloppy is "},
	"strategy": {"--strategy=2", "--strategy=3", "strategy is "},
	"q":        {"--q=16", "--q=32", "Q is "},
	"weights":  {"--weights=n1=1", "--weights=n1=2", "weights and zones is "},
	"zones":    {"--zones=a,b", "--zones=a,c", "weights and zones is "},
	"seeds":    {"--seeds=n1", "--seeds=none", "the list of seeds is "},
	"buffer":   {"--buffer=10", "--buffer=20", "buffer is "},
	"sync":     {"--sync=true", "--sync=false", "--sync is "},
	// --tokens needs a strategy with tokens
	"tokens": {"--strategy=2 --tokens=4", "--strategy=2 --tokens=8", "T is "},
}

// ownFlags are the flags of up that each up chooses.
var ownFlags = []string{"anti-entropy", "tombstones", "dir", "mem", "port", "fresh", "yes", "detach", "ttl",
	parentFlag, httpFlag, riakFlag, riakHTTPFlag, riakTypeFlag}

// claim reads the flags of up, and takes and gives back the folders of the cluster, as a start and
// an end do.
func claim(t *testing.T, home, flags string) (settings.Cluster, error) {
	t.Helper()
	s := newSession(t.Context(), Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		Getenv: getenv(home)})
	call, err := verbs.Parse(upCommand.verb, strings.Fields(flags))
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.options(call)
	if err != nil {
		t.Fatal(err)
	}
	checked := datadir.Check(o)
	held, have, err := datadir.Take(o)
	if (checked == nil) != (err == nil) {
		t.Errorf("%s: Check returns %v, and Take %v", flags, checked, err)
	}
	if err != nil {
		return have, err
	}
	return have, errors.Join(held.EndFirstStart(have), held.Release())
}

// A setting that the user names, and that is not the cluster's, is refused whatever its value is.
func TestUpRefusesOtherSettings(t *testing.T) {
	for _, f := range upFlags {
		kept, known := keptFlags[f.Name]
		if !known {
			continue
		}
		for _, tt := range []struct{ created, asked string }{{kept.one, kept.other}, {kept.other, kept.one}} {
			home := dataHome(t)
			for _, flags := range []string{tt.created, tt.created, ""} { // created, named again, not named
				if _, err := claim(t, home, flags); err != nil {
					t.Errorf("up %s, then %q: %v", tt.created, flags, err)
				}
			}
			var refused *usage.Error
			_, err := claim(t, home, tt.asked)
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), "created with other settings: "+kept.differs) {
				t.Errorf("up %s, then %s: %v", tt.created, tt.asked, err)
			}
		}
	}
}

// A flag of kind Bool is refused also if it has no value.
func TestUpRefusesABareFlag(t *testing.T) {
	for _, name := range []string{"sync", "sloppy"} {
		home := dataHome(t)
		if _, err := claim(t, home, "--"+name+"=false"); err != nil {
			t.Fatal(err)
		}
		_, err := claim(t, home, "--"+name)
		if err == nil || !strings.Contains(err.Error(), "--"+name+" is false, not true") {
			t.Errorf("--%s: %v", name, err)
		}
	}
}

// Each flag of up is kept with the data, or each up chooses it.
func TestUpFlagsAreKeptOrChosen(t *testing.T) {
	own := map[string]bool{}
	for _, name := range ownFlags {
		own[name] = true
	}
	for _, f := range upFlags {
		if _, kept := keptFlags[f.Name]; kept == own[f.Name] {
			t.Errorf("--%s: want it in one of keptFlags and ownFlags", f.Name)
		}
	}
	home := dataHome(t)
	for flags, want := range map[string]localcluster.Options{
		"--anti-entropy=false":              {Settings: settings.Cluster{NoAntiEntropy: true}},
		"--anti-entropy=true":               {},
		"":                                  {},
		"--tombstones=10m --anti-entropy=0": {Settings: settings.Cluster{NoAntiEntropy: true, Tombstones: 10 * time.Minute}},
		"--mem=false":                       {},
	} {
		got, err := claim(t, home, flags)
		if err != nil || got.NoAntiEntropy != want.Settings.NoAntiEntropy || got.Tombstones != want.Settings.Tombstones {
			t.Errorf("%s: %v, %v, %v", flags, got.NoAntiEntropy, got.Tombstones, err)
		}
	}
	if _, err := claim(t, home, "--mem"); err == nil {
		t.Error("--mem is accepted for a cluster that has data on disk")
	}
}

package fork_test

import (
	"strings"
	"testing"
	"time"

	"ringside/engine/sim/fork"
)

func TestParseChange(t *testing.T) {
	for text, want := range map[string]string{
		"drop n1>n3":                   "drop n1>n3",
		" drop  #41   n1>n3 ":          "drop n1>n3 #41",
		"drop n1>n3 #41":               "drop n1>n3 #41",
		"R=1":                          "R=1",
		"W=3":                          "W=3",
		"quorum strict":                "quorum strict",
		"mode lww":                     "mode lww",
		"kill n3":                      "kill n3",
		"crash n3 for 5s":              "kill n3 for 5s",
		"no partition":                 "no partition",
		"no kill 40.05":                "no crash 40.0500",
		"no loss":                      "no loss",
		" no  repeat":                  "no repeat",
		"no delay":                     "no delay",
		"no 1m2s":                      "no 62.0000",
		"partition n1,n2 n3 for 100ms": "partition n1,n2 n3 for 100ms",
		"disk-flip n1 data x7":         "disk-flip n1 data x7",
		"join n6>n1":                   "join n6>n1",
	} {
		c, err := fork.ParseChange(text)
		if err != nil || c.String() != want {
			t.Errorf("%q is %q, %v; want %q", text, c, err, want)
		}
	}
	for _, form := range fork.Forms {
		for text := range strings.SplitSeq(form[0], ", ") {
			if _, err := fork.ParseChange(strings.NewReplacer("[", "", "]", "").Replace(text)); err != nil {
				t.Errorf("the help has %q: %v", text, err)
			}
		}
	}
}

func TestParseChangeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "want one of: drop n1>n3",
		"sing":                     "want one of: drop n1>n3",
		"R=0":                      "want R=1 or more",
		"R=x":                      "want R=1 or more",
		"N=2":                      "N is settled before a run begins",
		"mode siblings":            "stays so",
		"mode":                     "want mode lww or quorum strict",
		"quorum sloppy":            "sloppy quorum",
		"no":                       "want no KIND",
		"no luck":                  `there is no fault "luck"`,
		"no skew":                  "skew holds during the whole run",
		"no loss 3":                "want no loss alone",
		"no slow-links":            "want no delay",
		"no-loss":                  "want one of",
		"no no-loss":               `there is no fault "no-loss"`,
		"no crash 1 2":             "want no KIND",
		"no crash 99999999":        "want seconds",
		"drop n1":                  "want a link",
		"drop n1>n2 #x":            "invalid syntax",
		"last-write-wins":          "want one of",
		"kill n3 for ever":         "invalid duration",
		strings.Repeat("x", 1<<15): "a change of 32768 bytes",
	} {
		if _, err := fork.ParseChange(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %q", text, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]time.Duration{"12.5": 12500 * time.Millisecond, "1m2s": 62 * time.Second, "0": 0} {
		if d, err := fork.ParseTime(text); d != want || err != nil {
			t.Errorf("%s is %v, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "25h", "NaN", "1e3"} {
		if d, err := fork.ParseTime(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

// What is read is written so that it is read as the same.
func FuzzParseChange(f *testing.F) {
	for _, text := range []string{
		"drop #41 n1>n3", "R=1", "W=2", "quorum strict", "mode lww", "kill n3 for 5s", "no loss", "no crash 40.0513", "no 1h",
		"partition n1,n2 n3,n4 for 5s", "one-way n1 n2,n3", "clog n1>n2 for 1s", "disk-flip n1 hints x747586", "wipe n2",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := fork.ParseChange(text)
		if err != nil {
			return
		}
		again, err := fork.ParseChange(c.String())
		if err != nil || again.String() != c.String() {
			t.Fatalf("%q is written as %q and read as %q, %v", text, c, again, err)
		}
	})
}

package liveness

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestReportsChangeTheBelief(t *testing.T) {
	const silent, answered, disconnected, reconnected = "silent", "answered", "disconnected", "reconnected"
	for _, x := range []struct {
		name               string
		reports            []string
		healthy, connected bool
		changed            bool // the last report changed whether the peer is healthy
	}{
		{"a peer is healthy at first", nil, true, true, false},
		{"a peer that does not answer is suspected", []string{silent}, false, true, true},
		{"a second silence changes nothing", []string{silent, silent}, false, true, false},
		{"an answer ends the suspicion", []string{silent, answered}, true, true, true},
		{"an answer of a healthy peer changes nothing", []string{answered}, true, true, false},
		{"a peer without a connection has failed", []string{disconnected}, false, false, true},
		{"an answer does not restore the connection", []string{disconnected, answered}, false, false, false},
		{"a late answer of a disconnected peer ends the suspicion only", []string{silent, disconnected, answered}, false, false, false},
		{"a new connection ends both", []string{silent, disconnected, reconnected}, true, true, true},
		{"a new connection to a healthy peer changes nothing", []string{reconnected}, true, true, false},
	} {
		p, changed := New(), false
		for i, report := range x.reports {
			now := time.Duration(i)
			switch report {
			case silent:
				changed = p.Silent("n2")
			case answered:
				changed = p.Answered("n2", now)
			case disconnected:
				_, changed = p.Disconnected("n2")
			case reconnected:
				changed = p.Reconnected("n2")
			}
		}
		if p.Healthy("n2") != x.healthy || p.Connected("n2") != x.connected || changed != x.changed {
			t.Errorf("%s: healthy %v, connected %v, changed %v", x.name, p.Healthy("n2"), p.Connected("n2"), changed)
		}
		if !p.Healthy("n3") {
			t.Errorf("%s: another peer has failed", x.name)
		}
	}
}

func TestHeardWithin(t *testing.T) {
	p := New()
	if p.HeardWithin("n2", 0, time.Hour) {
		t.Error("a peer was heard that never answered")
	}
	p.Answered("n2", 10)
	if !p.HeardWithin("n2", 15, 5) || p.HeardWithin("n2", 16, 5) {
		t.Error("an answer counts for exactly the time asked for")
	}
}

// A report returns true if and only if it changes whether the peer is healthy. A failed peer always
// has at most one planned probe.
func TestReportsAndHealthAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, planned := New(), false
		for i := range rapid.IntRange(0, 30).Draw(rt, "reports") {
			before := p.Healthy("n2")
			failed, recovered := false, false
			switch rapid.IntRange(0, 5).Draw(rt, "report") {
			case 0:
				failed = p.Silent("n2")
			case 1:
				recovered = p.Answered("n2", time.Duration(i))
			case 2:
				_, failed = p.Disconnected("n2")
			case 3:
				recovered = p.Reconnected("n2")
			case 4:
				if began := p.BeginProbe("n2"); began != (!before && !planned) {
					rt.Fatalf("a probe began: %v; healthy %v, planned %v", began, before, planned)
				} else if began {
					planned = true
				}
			case 5:
				if planned {
					planned = false
					if asks := p.EndProbe("n2"); asks && (before || !p.Connected("n2")) {
						rt.Fatal("a peer is asked that is healthy or cannot be reached")
					}
				}
			}
			after := p.Healthy("n2")
			if failed != (before && !after) || recovered != (!before && after) {
				rt.Fatalf("failed %v, recovered %v, healthy %v then %v", failed, recovered, before, after)
			}
		}
	})
}

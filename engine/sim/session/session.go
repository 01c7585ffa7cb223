package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// Exported is a session as a plan.
type Exported struct {
	Plan     plan.Plan
	Requests map[uint64]Request // of the session, by the operation of the plan
	Notes    []string           // what a script cannot say, in the order in which it was met
}

// Request is what became of a request in the session.
type Request struct {
	ID       uint64
	Outcome  wire.Code
	Answered bool
	Notation string // of the version that a put made; "" if it made none
}

// String describes the request in a remark of a script.
func (r Request) String() string {
	text := "in the session " + event.RequestName(r.ID)
	switch {
	case !r.Answered:
		text += ", not answered"
	case r.Outcome != wire.OK:
		text += ", " + r.Outcome.String()
	}
	if r.Notation != "" {
		text += ", " + r.Notation
	}
	return text
}

// exportSeed is the seed of exported plans. It decides delays and nothing of the session.
const exportSeed = 1

// restTime is the time from the last event of a session to the end of the faults that are still on.
const restTime = time.Second

// Export returns the session that the events of a cluster tell. The events are all since the
// cluster began, in the order of their numbers, as a stream that does not follow has them. The
// error says why no script can play the session.
func Export(events []event.Event) (Exported, error) {
	x := newExport()
	for _, e := range events {
		if e.Kind == event.Gap {
			return Exported{}, x.gap(e, events)
		}
		if err := x.take(e); err != nil {
			return Exported{}, err
		}
	}
	if x.settings == nil {
		return Exported{}, errors.New("no event tells the settings of the cluster")
	}
	return x.finish()
}

// gap returns the error of a session that was not recorded whole.
func (x *export) gap(g event.Event, events []event.Event) error {
	i := slices.IndexFunc(events, func(e event.Event) bool { return e.Seq > g.Seq && e.Time > 0 })
	since := ""
	if i >= 0 {
		since = fmt.Sprintf("; what is known begins at %s",
			time.Unix(0, int64(events[i].Time)).UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("%d events are not remembered%s, and a script needs all since the cluster began; "+
		"a file that events -f --json writes from the beginning has them", g.Count, since)
}

// export is a session that is being read.
type export struct {
	settings *settings.Cluster
	start    time.Duration // of the first event
	last     time.Duration // of the newest event, since start
	faults   faults
	requests requests
	noted    map[string]bool
	notes    []string
}

func newExport() *export {
	x := &export{noted: map[string]bool{}}
	x.faults, x.requests = newFaults(x), newRequests(x)
	return x
}

// note remembers something that a script cannot say, once.
func (x *export) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !x.noted[text] {
		x.noted[text] = true
		x.notes = append(x.notes, text)
	}
}

// at returns the time of an event since the session began.
func (x *export) at(e event.Event) time.Duration {
	return max(0, e.Time-x.start).Round(time.Microsecond)
}

func (x *export) take(e event.Event) error {
	if x.start == 0 {
		x.start = e.Time
	}
	x.last = max(x.last, x.at(e))
	if e.Kind == event.Cluster {
		if x.settings != nil || e.Settings == nil {
			return errors.New("the recording has the beginnings of two clusters")
		}
		x.settings = e.Settings
		x.faults.members = e.Settings.History()
		return x.checkSettings()
	}
	x.faults.take(e)
	return x.requests.take(e)
}

// checkSettings returns an error if a plan cannot have the founders of the cluster.
func (x *export) checkSettings() error {
	s := x.settings
	founders := s.InitialMembers()
	names := settings.NodeNames(len(founders))
	for i, m := range founders {
		if m.Name != names[i] {
			return fmt.Errorf("a script names its first nodes %s and so on, because places on the ring depend on names; "+
				"this cluster has %s", names[0], m.Name)
		}
		if m.Weight > 1 {
			x.note("the weight %d of %s: the nodes of a script have weight 1, so keys may have other homes", m.Weight, m.Name)
		}
		if m.Zone != "" {
			x.note("the zone %s of %s: a script has no zones, so keys may have other homes", m.Zone, m.Name)
		}
	}
	if len(s.Changes) > 0 {
		return errors.New("the membership changed before the first recorded event, so the beginning is not known")
	}
	return nil
}

// cluster returns the settings as a plan has them.
func (x *export) cluster() plan.Cluster {
	s, t := x.settings, engine.DefaultTimings()
	c := plan.Cluster{
		Nodes: len(s.InitialMembers()), N: s.N, R: s.R, W: s.W, Mode: s.Mode, Quorum: plan.Sloppy,
		Clocks: plan.Clocks{Kind: settings.ClocksDotted, Truncate: s.Truncate}, Buffer: s.Buffer,
		AntiEntropy: t.AntiEntropy, Tombstones: t.Tombstones,
	}
	if s.Strict {
		c.Quorum = plan.Strict
	}
	if s.Clocks == settings.ClocksLiteral {
		c.Clocks.Kind = s.Clocks
	}
	if s.NoAntiEntropy {
		c.AntiEntropy = 0
	}
	switch {
	case s.Tombstones < 0:
		c.Tombstones = 0
	case s.Tombstones > 0:
		if c.Tombstones = max(s.Tombstones, plan.MinTombstones); c.Tombstones != s.Tombstones {
			x.note("tombstones collected after %v: a script collects them after %v at the earliest", s.Tombstones, c.Tombstones)
		}
	}
	if strategy := ring.Strategy(s.Strategy); strategy != ring.EqualPartitions {
		c.Strategy, c.Tokens = strategy, min(s.T, plan.MaxTokens)
		if c.Tokens != s.T {
			x.note("%d tokens of each node: a script has at most %d, so keys may have other homes", s.T, plan.MaxTokens)
		}
	}
	if usual := max(ring.DefaultQ, c.Nodes); s.Q != usual && s.Strategy != int(ring.TokensRandom) {
		if c.Ranges = min(s.Q, ring.DefaultQ); c.Ranges != s.Q {
			x.note("%d partitions of the ring: a script has at most %d, so keys may have other homes", s.Q, c.Ranges)
		}
	}
	if s.NoSync {
		x.note("--sync=false: the disks of a script are always synced")
	}
	return c
}

func (x *export) finish() (Exported, error) {
	p := plan.Plan{Seed: exportSeed, Cluster: x.cluster()}
	p.Conditions = plan.Conditions{Delay: plan.UsualDelay, Notices: true}
	p.HealAt = (x.last + restTime).Round(time.Millisecond)
	out := Exported{Requests: map[uint64]Request{}}
	p.Ops = x.requests.operations(out.Requests)
	p.Faults = x.faults.injections(p.HealAt)
	if len(x.settings.Seeds) > 0 && !slices.Equal(p.Seeds(), x.settings.Seeds) {
		x.note("the seeds %s: those of a script are %s", strings.Join(x.settings.Seeds, " "), strings.Join(p.Seeds(), " "))
	}
	if p.HealAt > plan.MaxTime {
		return out, fmt.Errorf("the session took %v; a script takes at most %v", x.last.Round(time.Second), plan.MaxTime)
	}
	if err := p.Check(); err != nil {
		return out, err
	}
	out.Plan, out.Notes = p, x.notes
	return out, nil
}

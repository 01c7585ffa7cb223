package event

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// VersionJSON is a version as the command line's contract has it, and enough
// beside it to rebuild the version.
type VersionJSON struct {
	Value       *string           `json:"value,omitempty"`        // if it is UTF-8
	ValueBase64 *string           `json:"value_base64,omitempty"` // otherwise
	Deleted     bool              `json:"deleted,omitempty"`
	Clock       map[string]uint64 `json:"clock"`
	Notation    string            `json:"notation"`
	Coordinator string            `json:"coordinator"`
	Time        string            `json:"time"`
	Request     uint64            `json:"request,omitempty"`
	Dot         DotJSON           `json:"dot"`
	Literal     bool              `json:"literal,omitempty"` // a plain vector clock, as in the paper
	Past        []EntryJSON       `json:"past"`
}

// DotJSON is a dot. The epoch is a string because it has 64 bits.
type DotJSON struct {
	Node    string `json:"node"`
	Epoch   uint64 `json:"epoch,string"`
	Counter uint64 `json:"counter"`
}

// EntryJSON is an entry of a clock: the events after From up to Counter.
type EntryJSON struct {
	DotJSON
	From uint64 `json:"from,omitempty"`
	Time string `json:"time,omitempty"` // of the event; where clocks are truncated
}

// JSONOf returns v in its JSON form.
func JSONOf(v vclock.Version) VersionJSON {
	j := VersionJSON{
		Deleted: v.Deleted, Clock: v.Clock().Counters(), Notation: v.Notation(), Coordinator: v.Dot.Node,
		Time: Timestamp(time.Duration(v.Time)), Request: v.Request, Dot: dotJSON(v.Dot), Literal: v.Literal,
		Past: []EntryJSON{},
	}
	if !v.Deleted {
		j.Value, j.ValueBase64 = Text(v.Value)
	}
	for _, e := range v.Past {
		p := EntryJSON{DotJSON: dotJSON(vclock.Dot{Actor: e.Actor, Counter: e.Counter}), From: e.From}
		if e.Time != 0 {
			p.Time = Timestamp(time.Duration(e.Time))
		}
		j.Past = append(j.Past, p)
	}
	return j
}

// VersionsJSON returns all of s in JSON form, never nil.
func VersionsJSON(s vclock.Siblings) []VersionJSON {
	out := make([]VersionJSON, len(s))
	for i, v := range s {
		out[i] = JSONOf(v)
	}
	return out
}

// Text returns b as a string if it is UTF-8, as base64 otherwise.
func Text(b []byte) (text, b64 *string) {
	if utf8.Valid(b) {
		s := string(b)
		return &s, nil
	}
	s := base64.StdEncoding.EncodeToString(b)
	return nil, &s
}

func untext(text, b64 *string) ([]byte, error) {
	switch {
	case b64 != nil:
		return base64.StdEncoding.DecodeString(*b64)
	case text != nil:
		return []byte(*text), nil
	}
	return nil, nil
}

// Timestamp shows a time since 1970 as RFC 3339 with nanoseconds, UTC.
func Timestamp(t time.Duration) string {
	return time.Unix(0, int64(t)).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
}

func dotJSON(d vclock.Dot) DotJSON {
	return DotJSON{Node: d.Node, Epoch: d.Epoch, Counter: d.Counter}
}

func (d DotJSON) dot() vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: d.Node, Epoch: d.Epoch}, Counter: d.Counter}
}

// time is the entry's time, 0 if it has none.
func (e EntryJSON) time() (int64, error) {
	if e.Time == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		return 0, fmt.Errorf("event: past: %w", err)
	}
	return t.UnixNano(), nil
}

// Version rebuilds the version.
func (j VersionJSON) Version() (vclock.Version, error) {
	v, err := j.Stamp()
	if err != nil {
		return v, err
	}
	t, err := time.Parse(time.RFC3339Nano, j.Time)
	if err != nil {
		return v, fmt.Errorf("event: version: %w", err)
	}
	v.Time = t.UnixNano()
	v.Value, err = untext(j.Value, j.ValueBase64)
	return v, err
}

// Stamp rebuilds what of the version is needed to compare it with others: all but its value and time.
func (j VersionJSON) Stamp() (vclock.Version, error) {
	v := vclock.Version{Dot: j.Dot.dot(), Deleted: j.Deleted, Request: j.Request, Literal: j.Literal}
	for _, d := range j.Past {
		e := d.dot()
		at, err := d.time()
		if err != nil {
			return v, err
		}
		v.Past = append(v.Past, vclock.Entry{Actor: e.Actor, Counter: e.Counter, From: d.From, Time: at})
	}
	if !v.Past.Valid() {
		return v, fmt.Errorf("event: past of %s is not a clock", j.Notation)
	}
	return v, nil
}

func siblings(in []VersionJSON) (vclock.Siblings, error) {
	var out vclock.Siblings
	for _, j := range in {
		v, err := j.Version()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// eventJSON is an Event on the wire of scripts and of attached terminals.
type eventJSON struct {
	Seq       uint64            `json:"seq"`
	Time      string            `json:"time"`
	Node      string            `json:"node"`
	Kind      Kind              `json:"kind"`
	Section   string            `json:"section"`
	Request   uint64            `json:"request,omitempty"`
	Key       *string           `json:"key,omitempty"`
	KeyBase64 *string           `json:"key_base64,omitempty"`
	Peer      string            `json:"peer,omitempty"`
	For       string            `json:"for,omitempty"`
	Op        string            `json:"op,omitempty"`
	Versions  []VersionJSON     `json:"versions,omitempty"`
	Homes     []string          `json:"homes,omitempty"`
	Hinted    []HintJSON        `json:"hinted,omitempty"`
	Nodes     []string          `json:"nodes,omitempty"`
	Count     int               `json:"count,omitempty"`
	Want      int               `json:"want,omitempty"`
	Err       string            `json:"error,omitempty"`
	Message   string            `json:"message,omitempty"`
	ElapsedUS float64           `json:"elapsed_us,omitempty"`
	Settings  *settings.Cluster `json:"settings,omitempty"`
	State     *NodeState        `json:"state,omitempty"`
	Replicas  []replicaJSON     `json:"replicas,omitempty"`
	Rounds    []SyncRound       `json:"rounds,omitempty"`
	Span      *Span             `json:"range,omitempty"`
	Changes   member.History    `json:"changes,omitempty"`
	Addr      string            `json:"addr,omitempty"`
	Groups    [][]string        `json:"groups,omitempty"`
	OneWay    bool              `json:"one_way,omitempty"`
	Link      string            `json:"link,omitempty"`
	DelayUS   float64           `json:"delay_us,omitempty"`
	Percent   float64           `json:"percent,omitempty"`
}

// HintJSON is a hint as the command line's contract has it.
type HintJSON struct {
	Holder string `json:"holder"`
	For    string `json:"for"`
}

type replicaJSON struct {
	For      string        `json:"for,omitempty"`
	Versions []VersionJSON `json:"versions"`
}

// HintsJSON returns hints in JSON form, never nil.
func HintsJSON(in []wire.Hint) []HintJSON {
	out := make([]HintJSON, len(in))
	for i, h := range in {
		out[i] = HintJSON(h)
	}
	return out
}

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) {
	j := eventJSON{
		Seq: e.Seq, Time: Timestamp(e.Time), Node: e.Node, Kind: e.Kind, Section: e.Section(), Request: e.Request,
		Peer: e.Peer, For: e.For, Op: e.Op, Homes: e.Homes, Nodes: e.Nodes, Count: e.Count, Want: e.Want,
		Message: e.Message, ElapsedUS: micros(e.Elapsed), Settings: e.Settings, State: e.State, Addr: e.Addr,
		Groups: e.Groups, OneWay: e.OneWay, Link: e.Link, DelayUS: micros(e.Delay), Percent: e.Percent, Rounds: e.Rounds, Span: e.Span, Changes: e.Changes,
	}
	if e.Err != wire.OK {
		j.Err = e.Err.String()
	}
	if e.Key != nil {
		j.Key, j.KeyBase64 = Text(e.Key)
	}
	if len(e.Versions) > 0 {
		j.Versions = VersionsJSON(e.Versions)
	}
	for _, h := range e.Hinted {
		j.Hinted = append(j.Hinted, HintJSON(h))
	}
	for _, r := range e.Replicas {
		j.Replicas = append(j.Replicas, replicaJSON{For: r.For, Versions: VersionsJSON(r.Versions)})
	}
	return json.Marshal(j)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func fromMicros(us float64) time.Duration { return time.Duration(us * float64(time.Microsecond)) }

// UnmarshalJSON implements json.Unmarshaler.
func (e *Event) UnmarshalJSON(b []byte) error {
	var j eventJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, j.Time)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	*e = Event{
		Seq: j.Seq, Time: time.Duration(t.UnixNano()), Node: j.Node, Kind: j.Kind, Request: j.Request,
		Peer: j.Peer, For: j.For, Op: j.Op, Homes: j.Homes, Nodes: j.Nodes, Count: j.Count, Want: j.Want,
		Message: j.Message, Elapsed: fromMicros(j.ElapsedUS), Settings: j.Settings, State: j.State, Addr: j.Addr,
		Groups: j.Groups, OneWay: j.OneWay, Link: j.Link, Delay: fromMicros(j.DelayUS), Percent: j.Percent, Rounds: j.Rounds, Span: j.Span, Changes: j.Changes,
	}
	if e.Err, err = wire.ParseCode(j.Err); err != nil {
		return err
	}
	if e.Key, err = untext(j.Key, j.KeyBase64); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if e.Versions, err = siblings(j.Versions); err != nil {
		return err
	}
	for _, h := range j.Hinted {
		e.Hinted = append(e.Hinted, wire.Hint(h))
	}
	for _, r := range j.Replicas {
		s, err := siblings(r.Versions)
		if err != nil {
			return err
		}
		e.Replicas = append(e.Replicas, Replica{For: r.For, Versions: s})
	}
	return nil
}

package event

import (
	"encoding/base64"
	"fmt"
	"ringside/engine/vclock"
	"time"
	"unicode/utf8"
)

// VersionJSON is a version in the form of the command line's contract. Dot and Past are all that a
// reader needs to compare versions and to rebuild this one.
type VersionJSON struct {
	Value       *string           `json:"value,omitempty"`        // a value that is UTF-8
	ValueBase64 *string           `json:"value_base64,omitempty"` // any other value
	Meta        *string           `json:"meta,omitempty"`         // what the application stores beside the value
	MetaBase64  *string           `json:"meta_base64,omitempty"`  // the same if it is not UTF-8
	Deleted     bool              `json:"deleted,omitempty"`
	Clock       map[string]uint64 `json:"clock"`
	Notation    string            `json:"notation"`
	Coordinator string            `json:"coordinator"`
	Time        string            `json:"time"`
	Request     uint64            `json:"request,omitempty"`
	Dot         DotJSON           `json:"dot"`
	Literal     bool              `json:"literal,omitempty"` // the clock is a plain vector clock, as in the paper
	Past        []EntryJSON       `json:"past"`
}

// DotJSON is a dot. The epoch is a string, because it has 64 bits and JSON numbers have 53.
type DotJSON struct {
	Node    string `json:"node"`
	Epoch   uint64 `json:"epoch,string"`
	Counter uint64 `json:"counter"`
}

// EntryJSON is an entry of a clock: the events after From up to Counter.
type EntryJSON struct {
	DotJSON
	From uint64 `json:"from,omitempty"`
	Time string `json:"time,omitempty"` // when the entry was updated; only where clocks are truncated
}

// JSONOf returns the JSON form of v.
func JSONOf(v vclock.Version) VersionJSON {
	j := VersionJSON{
		Deleted: v.Deleted, Clock: v.Clock().Counters(), Notation: v.Notation(), Coordinator: v.Dot.Node,
		Time: Timestamp(time.Duration(v.Time)), Request: v.Request, Dot: dotJSON(v.Dot), Literal: v.Literal,
		Past: []EntryJSON{},
	}
	if !v.Deleted {
		j.Value, j.ValueBase64 = Text(v.Value)
	}
	if len(v.Meta) > 0 {
		j.Meta, j.MetaBase64 = Text(v.Meta)
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

// VersionsJSON returns the JSON form of s, never nil.
func VersionsJSON(s vclock.Siblings) []VersionJSON {
	out := make([]VersionJSON, len(s))
	for i, v := range s {
		out[i] = JSONOf(v)
	}
	return out
}

// Text returns b as a string if b is UTF-8, and as base64 otherwise. The other result is nil.
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

func dotJSON(d vclock.Dot) DotJSON {
	return DotJSON{Node: d.Node, Epoch: d.Epoch, Counter: d.Counter}
}

func (d DotJSON) dot() vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: d.Node, Epoch: d.Epoch}, Counter: d.Counter}
}

// time returns the time of the entry in ns since 1970, 0 if it has none.
func (e EntryJSON) time() (int64, error) {
	if e.Time == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		return 0, fmt.Errorf("decode past: %w", err)
	}
	return t.UnixNano(), nil
}

// Version returns the version that j describes.
func (j VersionJSON) Version() (vclock.Version, error) {
	v, err := j.Stamp()
	if err != nil {
		return v, err
	}
	t, err := time.Parse(time.RFC3339Nano, j.Time)
	if err != nil {
		return v, fmt.Errorf("decode version: %w", err)
	}
	v.Time = t.UnixNano()
	if v.Value, err = untext(j.Value, j.ValueBase64); err != nil {
		return v, err
	}
	v.Meta, err = untext(j.Meta, j.MetaBase64)
	return v, err
}

// Stamp returns the version that j describes without its value and time, which no comparison needs.
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
		return v, fmt.Errorf("decode version: the past of %s is not a clock", j.Notation)
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

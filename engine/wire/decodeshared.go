package wire

import (
	"encoding/binary"
	"errors"

	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

// errColumns refuses a clock whose columns differ in length.
var errColumns = errors.New("clock: its columns do not have one entry for each name")

// version reads a version in place.
func (d *Decoder) version(v *vclock.Version, b []byte) error {
	r := field.Read("version", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			v.Dot.Node = d.names.get(r.Blob())
		case 2:
			v.Dot.Epoch = r.Fixed()
		case 3:
			v.Dot.Counter = r.Uint()
		case 4:
			v.Past = d.clock(&r)
		case 5:
			v.Value = r.Blob()
		case 6:
			v.Deleted = r.Bool()
		case 7:
			v.Time = int64(r.Fixed())
		case 8:
			v.Request = r.Uint()
		case 9:
			v.Literal = r.Bool()
		case 10:
			v.Meta = r.Blob()
		default:
			r.Unknown()
		}
	}
	return r.Err()
}

// clock reads a clock in columns, nil if it is empty. The result lies in d.entries.
func (d *Decoder) clock(outer *field.Reader) vclock.Clock {
	start := len(d.entries)
	var epochs, counters, froms, times []byte
	r := field.Read("clock", outer.Blob())
	for r.Next() {
		switch r.Number() {
		case 1:
			d.entries = append(d.entries, vclock.Entry{Actor: vclock.Actor{Node: d.names.get(r.Element())}})
			r.Fail(checkSize("clock", len(d.entries)-start, MaxClock))
		case 2:
			epochs = r.Blob()
		case 3:
			counters = r.Blob()
		case 4:
			froms = r.Blob()
		case 5:
			times = r.Blob()
		default:
			r.Unknown()
		}
	}
	c := d.entries[start:len(d.entries):len(d.entries)]
	r.Fail(columns(c, epochs, counters, froms, times))
	outer.Fail(r.Err())
	if len(c) == 0 || r.Err() != nil {
		return nil
	}
	return c
}

// columns sets the numbers of the entries of c.
func columns(c vclock.Clock, epochs, counters, froms, times []byte) error {
	if len(epochs) != 8*len(c) || len(times) != 0 && len(times) != 8*len(c) {
		return errColumns
	}
	counter, from := field.Read("clock", counters), field.Read("clock", froms)
	for i := range c {
		c[i].Epoch, c[i].Counter = binary.LittleEndian.Uint64(epochs[8*i:]), counter.PackedUint()
		if len(froms) > 0 {
			c[i].From = from.PackedUint()
		}
		if len(times) > 0 {
			c[i].Time = int64(binary.LittleEndian.Uint64(times[8*i:]))
		}
	}
	if counter.More() || from.More() || counter.Err() != nil || from.Err() != nil {
		return errColumns
	}
	return nil
}

// change reads a change of the membership and appends it to h.
func (d *Decoder) change(h member.History, r *field.Reader) member.History {
	var c member.Change
	m := field.Read("change", r.Element())
	for m.Next() {
		switch m.Number() {
		case 1:
			c.Time = int64(m.Fixed())
		case 2:
			c.By = d.names.get(m.Blob())
		case 3:
			c.Node = d.names.get(m.Blob())
		case 4:
			c.Kind = member.Kind(small(m.Uint()))
		case 5:
			c.Weight = count(m.Uint())
		case 6:
			c.Zone = d.names.get(m.Blob())
		default:
			m.Unknown()
		}
	}
	h = append(h, c)
	r.Fail(first(m.Err(), checkSize("changes", len(h), member.MaxChanges)))
	return h
}

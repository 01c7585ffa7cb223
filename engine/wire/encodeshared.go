package wire

import (
	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

// entrySize is about the bytes of an entry of a clock, or of a short change, in its encoding.
const entrySize = 13

func putVersions(w *field.Writer, num int, s vclock.Siblings) {
	for i := range s {
		putVersion(w, num, &s[i])
	}
}

func putVersion(w *field.Writer, num int, v *vclock.Version) {
	m := w.Open(num, aboutVersion(v))
	w.String(1, v.Dot.Node)
	w.Fixed(2, v.Dot.Epoch)
	w.Uint(3, v.Dot.Counter)
	putClock(w, 4, v.Past)
	w.Blob(5, v.Value)
	w.Bool(6, v.Deleted)
	w.Fixed(7, uint64(v.Time))
	w.Uint(8, v.Request)
	w.Bool(9, v.Literal)
	w.Blob(10, v.Meta)
	w.Close(m)
}

// putClock writes a clock in columns.
func putClock(w *field.Writer, num int, c vclock.Clock) {
	if len(c) == 0 {
		return
	}
	clock := w.Open(num, len(c)*entrySize)
	var from uint64
	var time int64
	for i := range c {
		w.Element(1, c[i].Node)
		from |= c[i].From
		time |= c[i].Time
	}
	column := w.Open(2, 8*len(c))
	for i := range c {
		w.PackedFixed(c[i].Epoch)
	}
	w.Close(column)
	column = w.Open(3, len(c))
	for i := range c {
		w.PackedUint(c[i].Counter)
	}
	w.Close(column)
	if from != 0 {
		column = w.Open(4, len(c))
		for i := range c {
			w.PackedUint(c[i].From)
		}
		w.Close(column)
	}
	if time != 0 {
		column = w.Open(5, 8*len(c))
		for i := range c {
			w.PackedFixed(uint64(c[i].Time))
		}
		w.Close(column)
	}
	w.Close(clock)
}

func putChanges(w *field.Writer, num int, h member.History) {
	for i := range h {
		c := &h[i]
		m := w.Open(num, 0)
		w.Fixed(1, uint64(c.Time))
		w.String(2, c.By)
		w.String(3, c.Node)
		w.Uint(4, uint64(c.Kind))
		w.Uint(5, number(c.Weight))
		w.String(6, c.Zone)
		w.Close(m)
	}
}

func aboutVersions(s vclock.Siblings) int {
	n := 0
	for i := range s {
		n += aboutVersion(&s[i])
	}
	return n
}

func aboutVersion(v *vclock.Version) int {
	return 2*entrySize + len(v.Value) + len(v.Meta) + len(v.Past)*entrySize
}

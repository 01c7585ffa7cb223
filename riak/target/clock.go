package target

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"
)

// A vclock of Riak is the raw deflate stream of an Erlang term: a list of {Actor, {Counter, Time}},
// in which Actor is a binary and Time counts seconds since the year 0.
const (
	maxVClock   = 1 << 20     // bytes of a vclock that is decoded
	maxTerm     = 4 << 20     // bytes of the term in it
	maxActors   = 10_000      // entries of it
	maxActor    = 256         // bytes of an actor
	maxCounter  = 8           // bytes of a number
	nodePart    = 4           // first bytes of an actor, which those of one node share
	vnodePart   = 8           // first bytes of an actor, without its epoch of the key
	hashShown   = 8           // hexadecimal digits of the hash of a vclock that cannot be decoded
	gregorian   = 62167219200 // seconds from the year 0 to 1970
	termVersion = 131
)

// Tags of Erlang's external term format.
const (
	tagByte   = 97
	tagInt    = 98
	tagBigInt = 110
	tagTuple  = 104
	tagNil    = 106
	tagList   = 108
	tagBinary = 109
)

var errNotVClock = errors.New("not a vclock of Riak")

// An Entry is what a vclock says of one actor: a vnode, in one epoch of the key.
type Entry struct {
	Actor   []byte
	Counter uint64
	Time    time.Time // of the latest event, in whole seconds
}

// Decode decodes a vclock of Riak. It fails for a vclock of another form, such as those of
// ringside's doors.
func Decode(vclock []byte) ([]Entry, error) {
	if len(vclock) == 0 || len(vclock) > maxVClock {
		return nil, errNotVClock
	}
	stream := bytes.NewReader(vclock)
	term, err := io.ReadAll(io.LimitReader(flate.NewReader(stream), maxTerm+1))
	if err != nil || len(term) > maxTerm || stream.Len() > 0 {
		return nil, errNotVClock
	}
	d := decoder{rest: term}
	entries := d.clock()
	if d.failed || len(d.rest) > 0 {
		return nil, errNotVClock
	}
	return entries, nil
}

// Recognized reports whether b is a vclock: of Riak, or of a door of ringside, which is a format
// byte, a CRC32 of what follows, and at least a hash of the key.
func Recognized(b []byte) bool {
	if len(b) > doorToken && b[0] == doorFormat {
		return binary.BigEndian.Uint32(b[doorSum:]) == crc32.ChecksumIEEE(b[doorKey:])
	}
	_, err := Decode(b)
	return err == nil
}

// The vclocks of ringside's doors, as package kv makes them.
const (
	doorFormat = 0x01
	doorSum    = 1
	doorKey    = doorSum + 4
	doorToken  = doorKey + 8
)

// A decoder reads a term. After a failure, all results are zero.
type decoder struct {
	rest   []byte
	failed bool
}

// take returns the next n bytes.
func (d *decoder) take(n int) []byte {
	if d.failed || n < 0 || n > len(d.rest) {
		d.failed = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) size() int {
	if b := d.take(4); b != nil {
		return int(min(binary.BigEndian.Uint32(b), maxTerm))
	}
	return 0
}

// expect fails unless the next byte is b.
func (d *decoder) expect(b byte) {
	if d.byte() != b {
		d.failed = true
	}
}

func (d *decoder) clock() []Entry {
	d.expect(termVersion)
	tag := d.byte()
	if tag == tagNil {
		return nil
	}
	n := d.size()
	if tag != tagList || n > maxActors {
		d.failed = true
	}
	var out []Entry
	for i := 0; i < n && !d.failed; i++ {
		out = append(out, d.entry())
	}
	d.expect(tagNil)
	return out
}

func (d *decoder) entry() Entry {
	d.pair()
	d.expect(tagBinary)
	n := d.size()
	if n > maxActor {
		d.failed = true
	}
	e := Entry{Actor: bytes.Clone(d.take(n))}
	d.pair()
	e.Counter = d.number()
	if s := d.number(); s >= gregorian && s-gregorian < 1<<40 {
		e.Time = time.Unix(int64(s-gregorian), 0).UTC()
	}
	return e
}

// pair reads the beginning of a tuple of two.
func (d *decoder) pair() {
	d.expect(tagTuple)
	d.expect(2)
}

// number reads an integer that is not negative.
func (d *decoder) number() uint64 {
	switch d.byte() {
	case tagByte:
		return uint64(d.byte())
	case tagInt:
		if b := d.take(4); b != nil && b[0] < 0x80 {
			return uint64(binary.BigEndian.Uint32(b))
		}
	case tagBigInt:
		n := int(d.byte())
		negative := d.byte()
		if b := d.take(n); b != nil && n <= maxCounter && negative == 0 {
			var all [maxCounter]byte
			copy(all[:], b)
			return binary.LittleEndian.Uint64(all[:])
		}
	}
	d.failed = true
	return 0
}

// A Clock is a vclock for people. Its zero value is that of an absent object.
type Clock struct {
	Counters map[string]uint64 // by the short names of actors; nil if the vclock cannot be decoded
	Text     string            // {5cb0d70a:1 c552b10b:2}; #1f2e3d4c is the hash of another vclock
}

// Show returns a vclock for people.
func Show(vclock []byte) Clock {
	if len(vclock) == 0 {
		return Clock{Counters: map[string]uint64{}, Text: "{}"}
	}
	entries, err := Decode(vclock)
	if err != nil {
		sum := sha256.Sum256(vclock)
		return Clock{Text: "#" + hex.EncodeToString(sum[:])[:hashShown]}
	}
	c := Clock{Counters: map[string]uint64{}}
	var parts []string
	for _, e := range entries {
		name := actorName(e, entries)
		if _, twice := c.Counters[name]; twice {
			name = hex.EncodeToString(e.Actor)
		}
		c.Counters[name] = e.Counter
		parts = append(parts, fmt.Sprintf("%s:%d", name, e.Counter))
	}
	slices.Sort(parts)
	c.Text = "{" + strings.Join(parts, " ") + "}"
	return c
}

// actorName returns the first digits of an actor, and more of them if another actor begins alike:
// the vnodes of one node do.
func actorName(e Entry, all []Entry) string {
	for _, n := range []int{nodePart, vnodePart} {
		short := e.Actor[:min(len(e.Actor), n)]
		alike := 0
		for _, o := range all {
			if bytes.HasPrefix(o.Actor, short) {
				alike++
			}
		}
		if alike == 1 {
			return hex.EncodeToString(short)
		}
	}
	return hex.EncodeToString(e.Actor)
}

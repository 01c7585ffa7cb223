package kv

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"ringside/engine/vclock"
	"ringside/riak/rpb"
)

// defaultContentType is the content type of a value that a client of ringside itself wrote.
const defaultContentType = "application/octet-stream"

// base62 are the digits of vtags and of keys that the server makes.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	vtagBytes  = 16 // of a hash; 22 digits at most
	keyBytes   = 20 // of chance; 27 digits at most
	keyDigits  = 27
	metaFormat = 0x01
)

// meta returns the metadata as it is stored beside the value. The empty metadata of a bare value
// is not the same as that of a value which a client of ringside itself wrote.
func (c Content) meta() []byte {
	m := &rpb.Metadata{ContentType: optional(c.ContentType), Charset: optional(c.Charset),
		ContentEncoding: optional(c.Encoding), Usermeta: pairs(c.UserMeta), Indexes: pairs(c.Indexes)}
	for _, l := range c.Links {
		m.Links = append(m.Links, &rpb.Link{Bucket: []byte(l.Bucket), Key: []byte(l.Key), Tag: []byte(l.Tag)})
	}
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{metaFormat}, m)
	if err != nil {
		panic("kv: encode metadata: " + err.Error()) // all fields are bytes
	}
	return b
}

func optional(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func pairs(list []Pair) []*rpb.Pair {
	var out []*rpb.Pair
	for _, p := range list {
		out = append(out, &rpb.Pair{Key: []byte(p.Key), Value: []byte(p.Value)})
	}
	return out
}

// contentOf returns a version of a key as clients of Riak see it.
func contentOf(key []byte, v vclock.Version) Content {
	c := Content{VTag: vtag(key, v.Dot), LastMod: timeOf(v), Deleted: v.Deleted}
	if v.Deleted {
		return c
	}
	c.Value = v.Value
	var m rpb.Metadata
	if len(v.Meta) == 0 || v.Meta[0] != metaFormat || rpb.DecodeBody(v.Meta[1:], &m) != nil {
		c.ContentType = defaultContentType
		return c
	}
	c.ContentType, c.Charset, c.Encoding = string(m.ContentType), string(m.Charset), string(m.ContentEncoding)
	for _, l := range m.Links {
		c.Links = append(c.Links, Link{string(l.Bucket), string(l.Key), string(l.Tag)})
	}
	for _, p := range m.Usermeta {
		c.UserMeta = append(c.UserMeta, Pair{string(p.Key), string(p.Value)})
	}
	for _, p := range m.Indexes {
		c.Indexes = append(c.Indexes, Pair{string(p.Key), string(p.Value)})
	}
	return c
}

// vtag returns the name of the version of a key with a dot.
func vtag(key []byte, d vclock.Dot) string {
	b := make([]byte, 0, 128)
	b = binary.BigEndian.AppendUint64(b, d.Epoch)
	b = binary.BigEndian.AppendUint64(b, d.Counter)
	b = append(append(b, d.Node...), 0) // no name of a node has a zero byte
	sum := sha256.Sum256(append(b, key...))
	return encode62(sum[:vtagBytes], 1)
}

// NewKey returns a key for a put without one: 27 base62 characters.
func NewKey() string {
	var b [keyBytes]byte
	_, _ = rand.Read(b[:]) // never returns an error
	return encode62(b[:], keyDigits)
}

// encode62 returns b in base62, with at least so many digits. It changes b.
func encode62(b []byte, digits int) string {
	out := make([]byte, 0, 2*len(b))
	for len(b) > 0 || len(out) < digits {
		rest := 0
		for i := range b {
			rest = rest<<8 | int(b[i])
			b[i], rest = byte(rest/len(base62)), rest%len(base62)
		}
		out = append(out, base62[rest])
		for len(b) > 0 && b[0] == 0 {
			b = b[1:]
		}
	}
	return string(out)
}

package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"ringside/engine/mutant"
	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

// §4.1: the context "encodes system metadata about the object that is opaque to the caller". A
// client returns the token as it got it. By the seal a node knows a token that a node of its
// cluster made for the same key.

// A Context is the content of a token.
type Context struct {
	Clock   vclock.Clock
	Time    int64  // the latest Version.Time that Clock covers, ns since 1970
	Fastest string // the home that answered the get first (§5); "" after a put, or if no home answered
}

const (
	tokenFormat = 0x01
	// tokenMAC is the number of bytes of a seal. It is short, because an attacker can only guess
	// online.
	tokenMAC = 8
)

var (
	errNotToken   = errors.New("not a context token")
	errWrongToken = errors.New("context token is for another key or another cluster, or was altered")
)

// A Sealer seals and opens the contexts of one cluster. It keeps the state of the MAC that follows
// from the secret, which takes longer than the MAC of a token. A Sealer belongs to one goroutine.
type Sealer struct {
	mac hash.Hash
	sum []byte // of the last token; the memory is used again
	d   Decoder
}

// NewSealer returns the Sealer of the cluster that has secret.
func NewSealer(secret []byte) *Sealer {
	return &Sealer{mac: hmac.New(sha256.New, secret), sum: make([]byte, 0, sha256.Size)}
}

// Seal returns the token of c for key: a format byte, the protobuf message, and the first 8 bytes
// of an HMAC-SHA256 over both and the key. It panics if c has a name that is not UTF-8.
func (s *Sealer) Seal(key []byte, c Context) []byte {
	mustBeUTF8(c.Fastest)
	mustBeClock(c.Clock)
	n := field.Count()
	putContext(&n, &c)
	w := field.Append(append(make([]byte, 0, 1+n.Size()+tokenMAC), tokenFormat))
	putContext(&w, &c)
	token := w.Bytes()
	return append(token, s.sign(key, token)...)
}

func putContext(w *field.Writer, c *Context) {
	putClock(w, 1, c.Clock)
	w.Fixed(2, uint64(c.Time))
	w.String(3, c.Fastest)
}

// Sealed reports whether token has the form that Seal gives. The seal is not checked.
func Sealed(token []byte) bool {
	return len(token) >= 1+tokenMAC && len(token) <= MaxToken && token[0] == tokenFormat
}

// Open returns the context of a token that Seal made for key with the same secret. The error says
// whether token is not a token, or is one for something else.
func (s *Sealer) Open(key, token []byte) (Context, error) {
	if !Sealed(token) {
		return Context{}, fmt.Errorf("wire: open context: %w", errNotToken)
	}
	body, mac := token[:len(token)-tokenMAC], token[len(token)-tokenMAC:]
	if !hmac.Equal(mac, s.sign(key, body)) {
		return Context{}, fmt.Errorf("wire: open context: %w", errWrongToken)
	}
	c, err := s.d.context(body[1:])
	if err != nil {
		return Context{}, fmt.Errorf("wire: open context: %w", err)
	}
	return c, nil
}

// ReadToken returns the context of a token without checking its seal. It is for comparisons of what
// two tokens cover: a node must not rely on it.
func ReadToken(token []byte) (Context, error) {
	if !Sealed(token) {
		return Context{}, fmt.Errorf("wire: read context: %w", errNotToken)
	}
	var d Decoder
	return d.context(token[1 : len(token)-tokenMAC])
}

// context decodes and checks b. It does not rely on the seal, because 8 bytes can be guessed.
func (d *Decoder) context(b []byte) (Context, error) {
	var c Context
	defer d.reset()
	r := field.Read("context", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			c.Clock = d.clock(&r)
		case 2:
			c.Time = int64(r.Fixed())
		case 3:
			c.Fastest = d.names.get(r.Blob())
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkClock(c.Clock), checkOptionalName("fastest", c.Fastest)); err != nil {
		return Context{}, err
	}
	room := memory{shared: true, entries: d.clocks.Take(len(c.Clock), maxEntries)}
	c.Clock = room.clock(c.Clock)
	return c, nil
}

// sign returns the seal of body for key, which is valid until the next call.
func (s *Sealer) sign(key, body []byte) []byte {
	s.mac.Reset()
	s.sum = append(s.sum[:0], "ringside context\x00"...)
	s.sum = binary.BigEndian.AppendUint32(s.sum, uint32(len(key)))
	s.mac.Write(s.sum)
	if !mutant.Is(mutant.ForeignContextTaken) {
		s.mac.Write(key)
	}
	s.mac.Write(body)
	s.sum = s.mac.Sum(s.sum[:0])
	return s.sum[:tokenMAC]
}

// EncodeToken returns a token as text: URL-safe base64 without padding.
func EncodeToken(token []byte) string { return base64.RawURLEncoding.EncodeToString(token) }

// DecodeToken decodes what EncodeToken encoded.
func DecodeToken(s string) ([]byte, error) {
	if len(s) > base64.RawURLEncoding.EncodedLen(MaxToken) {
		return nil, fmt.Errorf("wire: decode token: %w", errNotToken)
	}
	token, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("wire: decode token: %w", errNotToken)
	}
	return token, nil
}

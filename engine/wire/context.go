package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"ringside/engine/mutant"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// §4.1: the context "encodes system metadata about the object that is opaque
// to the caller". A client hands it back as it got it; the seal lets a node
// tell a token that it or a peer made for this key from anything else.

// A Context is what a token holds.
type Context struct {
	Clock   vclock.Clock
	Time    int64  // the latest Version.Time that it covers
	Fastest string // the home that answered the get first (§5); "" if none did, and after a put
}

const (
	tokenFormat = 0x01
	// tokenMAC is short, since a client only ever gets to try online.
	tokenMAC = 8
)

var (
	errNotToken   = errors.New("not a context token")
	errWrongToken = errors.New("context token is for another key or another cluster, or was altered")
)

// SealContext makes the token of c for key: a format byte, the protobuf, and
// the first 8 bytes of an HMAC-SHA256 that covers the key, too.
func SealContext(secret, key []byte, c Context) []byte {
	token, err := deterministic.MarshalAppend([]byte{tokenFormat},
		&wirepb.Context{Clock: clockToPB(c.Clock), Time: uint64(c.Time), Fastest: c.Fastest})
	if err != nil { // a name that is no text: a programmer's error
		panic(fmt.Sprintf("wire: seal context: %v", err))
	}
	return append(token, contextMAC(secret, key, token)...)
}

// Sealed reports whether token has the form that SealContext gives. The seal is not checked.
func Sealed(token []byte) bool {
	return len(token) >= 1+tokenMAC && len(token) <= MaxToken && token[0] == tokenFormat
}

// OpenContext reads what SealContext made for key with the same secret. The
// error says whether token is none, or one of something else.
func OpenContext(secret, key, token []byte) (Context, error) {
	if !Sealed(token) {
		return Context{}, fmt.Errorf("wire: open context: %w", errNotToken)
	}
	body, mac := token[:len(token)-tokenMAC], token[len(token)-tokenMAC:]
	if !hmac.Equal(mac, contextMAC(secret, key, body)) {
		return Context{}, fmt.Errorf("wire: open context: %w", errWrongToken)
	}
	c, err := parseContext(body[1:])
	if err != nil {
		return Context{}, fmt.Errorf("wire: open context: %w", err)
	}
	return c, nil
}

// parseContext trusts a seal no more than it must: 8 bytes can be guessed.
func parseContext(b []byte) (Context, error) {
	if err := contextShape.scan(b); err != nil {
		return Context{}, err
	}
	var p wirepb.Context
	if err := proto.Unmarshal(b, &p); err != nil {
		return Context{}, err
	}
	c, err := clockFromPB(p.Clock)
	if err == nil {
		err = first(checkClock(c), checkOptionalName("fastest", p.Fastest))
	}
	return Context{Clock: c, Time: int64(p.Time), Fastest: p.Fastest}, err
}

func contextMAC(secret, key, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("ringside context\x00"))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(key))))
	if !mutant.Is(mutant.ForeignContextTaken) {
		mac.Write(key)
	}
	mac.Write(body)
	return mac.Sum(nil)[:tokenMAC]
}

// EncodeToken is a token as text: URL-safe base64 without padding.
func EncodeToken(token []byte) string { return base64.RawURLEncoding.EncodeToString(token) }

// DecodeToken reads what EncodeToken wrote.
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

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

// SealContext returns the token of c for key: a format byte, the protobuf message, and the first 8
// bytes of an HMAC-SHA256 over both and the key. It panics if c has a name that is not UTF-8.
func SealContext(secret, key []byte, c Context) []byte {
	token, err := deterministic.MarshalAppend([]byte{tokenFormat},
		&wirepb.Context{Clock: clockToPB(c.Clock), Time: uint64(c.Time), Fastest: c.Fastest})
	if err != nil { // a name that is not UTF-8, which the node let in by mistake
		panic(fmt.Sprintf("wire: seal context: %v", err))
	}
	return append(token, contextMAC(secret, key, token)...)
}

// Sealed reports whether token has the form that SealContext gives. The seal is not checked.
func Sealed(token []byte) bool {
	return len(token) >= 1+tokenMAC && len(token) <= MaxToken && token[0] == tokenFormat
}

// OpenContext returns the context of a token that SealContext made for key with the same secret.
// The error says whether token is not a token, or is one for something else.
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

// parseContext decodes and checks b. It does not rely on the seal, because 8 bytes can be guessed.
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

// contextMAC returns the seal of body for key.
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

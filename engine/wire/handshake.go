package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// The opening of a connection. All node and client ports are reachable by every
// program on the machine, web pages included; what does not know the cluster's
// secret gets a closed connection and learns nothing.
//
//	dialer → acceptor  hello: magic, version, role, both names, nonce
//	acceptor → dialer  nonce
//	dialer → acceptor  HMAC-SHA256 over label "dialer", hello, nonce
//	acceptor → dialer  HMAC-SHA256 over label "acceptor", hello, nonce
//
// The dialer proves first, so that nobody gets a proof for the asking. Labels
// keep one side's proof from being played back as the other's.

const (
	helloMagic = "ringside"
	// helloVersion changes with anything that an older peer would misread: the
	// opening, frames or messages.
	helloVersion = 1
	nonceSize    = 32
	// SecretSize is the bytes of a cluster's secret.
	SecretSize = 32
)

// A Role says what speaks from the dialer's end: other messages are allowed to each.
type Role uint8

const (
	RoleNode   Role = 1 // sends and gets Messages
	RoleClient Role = 2 // sends ClientRequests and gets ClientReplies
)

// String is the role in errors.
func (r Role) String() string {
	switch r {
	case RoleNode:
		return "node"
	case RoleClient:
		return "client"
	}
	return fmt.Sprintf("role_%d", uint8(r))
}

// Dial opens a connection as self to the node named peer, both of one cluster.
// Random is read for a nonce. Deadlines are the caller's; so is closing rw
// after an error. Dial reads nothing beyond the opening.
func Dial(rw io.ReadWriter, secret []byte, role Role, self, peer string, random io.Reader) error {
	if err := dial(rw, secret, role, self, peer, random); err != nil {
		return fmt.Errorf("wire: dial %s as %s %s: %w", peer, role, self, err)
	}
	return nil
}

func dial(rw io.ReadWriter, secret []byte, role Role, self, peer string, random io.Reader) error {
	if err := first(checkSecret(secret), checkRole(role), checkName("self", self), checkName("peer", peer)); err != nil {
		return err
	}
	hello := append([]byte(helloMagic), helloVersion, byte(role))
	hello = append(append(hello, byte(len(self))), self...)
	hello = append(append(hello, byte(len(peer))), peer...)
	nonce, err := newNonce(random)
	if err != nil {
		return err
	}
	hello = append(hello, nonce...)
	if _, err := rw.Write(hello); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	theirs := make([]byte, nonceSize)
	if err := readAll(rw, theirs); err != nil {
		return fmt.Errorf("no answer to hello; not ringside, another version, or not %s: %w", peer, err)
	}
	if _, err := rw.Write(proof(secret, "dialer", hello, theirs)); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	got := make([]byte, sha256.Size)
	if err := readAll(rw, got); err != nil {
		return fmt.Errorf("our proof was refused; not ringside, or another cluster: %w", err)
	}
	if !hmac.Equal(got, proof(secret, "acceptor", hello, theirs)) {
		return errors.New("its proof is wrong; not ringside, or another cluster")
	}
	return nil
}

// Accept answers Dial as the node self and returns who dialed. Deadlines are
// the caller's; so is closing rw after an error, without another byte. Accept
// reads nothing beyond the opening.
func Accept(rw io.ReadWriter, secret []byte, self string, random io.Reader) (role Role, peer string, err error) {
	role, peer, err = accept(rw, secret, self, random)
	if err != nil {
		return 0, "", fmt.Errorf("wire: accept: %w", err)
	}
	return role, peer, nil
}

func accept(rw io.ReadWriter, secret []byte, self string, random io.Reader) (Role, string, error) {
	if err := first(checkSecret(secret), checkName("self", self)); err != nil {
		return 0, "", err
	}
	hello, role, peer, err := readHello(rw, self)
	if err != nil {
		return 0, "", err
	}
	nonce, err := newNonce(random)
	if err != nil {
		return 0, "", err
	}
	if _, err := rw.Write(nonce); err != nil {
		return 0, "", fmt.Errorf("%s %s: send nonce: %w", role, peer, err)
	}
	got := make([]byte, sha256.Size)
	if err := readAll(rw, got); err != nil {
		return 0, "", fmt.Errorf("%s %s: no proof: %w", role, peer, err)
	}
	if !hmac.Equal(got, proof(secret, "dialer", hello, nonce)) {
		return 0, "", fmt.Errorf("%s %s: its proof is wrong: another cluster", role, peer)
	}
	if _, err := rw.Write(proof(secret, "acceptor", hello, nonce)); err != nil {
		return 0, "", fmt.Errorf("%s %s: send proof: %w", role, peer, err)
	}
	return role, peer, nil
}

// readHello reads a hello addressed to self and returns its bytes, too.
func readHello(r io.Reader, self string) (hello []byte, role Role, peer string, err error) {
	hello = make([]byte, len(helloMagic)+2)
	if err := readAll(r, hello); err != nil {
		return nil, 0, "", fmt.Errorf("hello: %w", err)
	}
	version, role := hello[len(helloMagic)], Role(hello[len(helloMagic)+1])
	switch {
	case string(hello[:len(helloMagic)]) != helloMagic:
		return nil, 0, "", fmt.Errorf("hello: not ringside: %q", hello)
	case version != helloVersion:
		return nil, 0, "", fmt.Errorf("hello: version %d, not %d", version, helloVersion)
	}
	if err := checkRole(role); err != nil {
		return nil, 0, "", fmt.Errorf("hello: %w", err)
	}
	hello, peer, err = readName(r, hello, "dialer")
	if err != nil {
		return nil, 0, "", err
	}
	hello, wanted, err := readName(r, hello, "wanted")
	if err != nil {
		return nil, 0, "", err
	}
	nonce := make([]byte, nonceSize)
	if err := readAll(r, nonce); err != nil {
		return nil, 0, "", fmt.Errorf("hello: nonce: %w", err)
	}
	if wanted != self {
		return nil, 0, "", fmt.Errorf("hello: %s %s wants node %s, this is %s", role, peer, wanted, self)
	}
	return append(hello, nonce...), role, peer, nil
}

// readName reads a name with its length before it and appends both to hello.
func readName(r io.Reader, hello []byte, field string) ([]byte, string, error) {
	var size [1]byte
	if err := readAll(r, size[:]); err != nil {
		return nil, "", fmt.Errorf("hello: %s: %w", field, err)
	}
	if size[0] > MaxName {
		return nil, "", fmt.Errorf("hello: %s: a name of %d bytes", field, size[0])
	}
	name := make([]byte, size[0])
	if err := readAll(r, name); err != nil {
		return nil, "", fmt.Errorf("hello: %s: %w", field, err)
	}
	if err := checkName(field, string(name)); err != nil {
		return nil, "", fmt.Errorf("hello: %w", err)
	}
	return append(append(hello, size[0]), name...), string(name), nil
}

// proof shows knowledge of the secret; the hello holds its own lengths, and
// the nonces are of fixed size, so no two openings give equal bytes to sum.
func proof(secret []byte, label string, hello, nonce []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("ringside opening " + label + "\x00"))
	mac.Write(hello)
	mac.Write(nonce)
	return mac.Sum(nil)
}

func newNonce(random io.Reader) ([]byte, error) {
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return nonce, nil
}

// readAll fills b; a stream that ends is always an error here.
func readAll(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("connection closed")
	}
	return err
}

func checkSecret(secret []byte) error {
	if len(secret) != SecretSize {
		return fmt.Errorf("a secret of %d bytes, not %d", len(secret), SecretSize)
	}
	return nil
}

func checkRole(r Role) error {
	if r != RoleNode && r != RoleClient {
		return fmt.Errorf("no role %d", uint8(r))
	}
	return nil
}

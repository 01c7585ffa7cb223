package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// The opening of a connection. Every program on the machine can reach the ports of nodes, and so
// can web pages. A dialer that does not know the secret of the cluster gets a closed connection and
// learns nothing.
//
//	dialer → acceptor  hello: magic, version, role, both names, nonce
//	acceptor → dialer  nonce
//	dialer → acceptor  HMAC-SHA256 over label "dialer", hello, nonce
//	acceptor → dialer  HMAC-SHA256 over label "acceptor", hello, nonce
//
// The dialer proves first, so that an attacker cannot ask a node for a proof. The labels differ, so
// that the proof of one side is not a proof of the other side.

const (
	helloMagic = "ringside"
	// helloVersion changes with each change of the opening, of frames or of messages that an older
	// peer would misread.
	helloVersion = 1
	nonceSize    = 32
	// SecretSize is the number of bytes of a cluster's secret.
	SecretSize = 32
)

// A Role says what the dialer is, and so which messages it may send.
type Role uint8

const (
	RoleNode   Role = 1 // sends and gets Messages
	RoleClient Role = 2 // sends ClientRequests and gets ClientReplies
)

// String returns the name of the role, for errors.
func (r Role) String() string {
	switch r {
	case RoleNode:
		return "node"
	case RoleClient:
		return "client"
	}
	return fmt.Sprintf("role_%d", uint8(r))
}

// An Opening says who opens a connection, and to whom.
type Opening struct {
	Secret []byte // of the cluster, SecretSize bytes
	Role   Role   // of the dialer
	Self   string // name of the dialer
	Peer   string // name of the node that is to accept
}

// Dial opens a connection to the node o.Peer of the same cluster. It reads its nonce from random,
// and reads nothing from rw beyond the opening. The caller sets deadlines, and closes rw after an
// error.
func Dial(rw io.ReadWriter, o Opening, random io.Reader) error {
	if err := o.dial(rw, random); err != nil {
		return fmt.Errorf("wire: dial %s as %s %s: %w", o.Peer, o.Role, o.Self, err)
	}
	return nil
}

func (o Opening) check() error {
	return first(checkSecret(o.Secret), checkRole(o.Role), checkName("self", o.Self), checkName("peer", o.Peer))
}

func (o Opening) dial(rw io.ReadWriter, random io.Reader) error {
	if err := o.check(); err != nil {
		return err
	}
	hello := append([]byte(helloMagic), helloVersion, byte(o.Role))
	hello = append(append(hello, byte(len(o.Self))), o.Self...)
	hello = append(append(hello, byte(len(o.Peer))), o.Peer...)
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
		return fmt.Errorf("no answer to hello; not ringside, another version, or not %s: %w", o.Peer, err)
	}
	if _, err := rw.Write(proof(o.Secret, "dialer", hello, theirs)); err != nil {
		return fmt.Errorf("send proof: %w", err)
	}
	got := make([]byte, sha256.Size)
	if err := readAll(rw, got); err != nil {
		return fmt.Errorf("our proof was refused; not ringside, or another cluster: %w", err)
	}
	if !hmac.Equal(got, proof(o.Secret, "acceptor", hello, theirs)) {
		return errors.New("its proof is wrong; not ringside, or another cluster")
	}
	return nil
}

// Accept answers Dial as the node self, and returns the role and the name of the dialer. It reads
// nothing from rw beyond the opening. The caller sets deadlines, and closes rw after an error
// without writing to it.
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

// readHello reads a hello for self. It also returns the bytes of the hello.
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

// readName reads the length of a name and the name, and appends both to hello.
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

// proof returns the proof that one side knows the secret. The hello has the lengths of its parts
// and the nonces have a fixed size, so different openings never hash the same bytes.
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

// ErrClosed is in the errors of Dial and Accept if the other end closed the stream.
var ErrClosed = errors.New("connection closed")

// readAll fills b from r. A stream that ends is an error, also before the first byte.
func readAll(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrClosed
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

package wire

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

var (
	secretA = bytes.Repeat([]byte{'a'}, SecretSize)
	secretB = bytes.Repeat([]byte{'b'}, SecretSize)
)

// counting is a source of nonces that never repeats.
type counting byte

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

// open runs dial against accept over a pipe. Each side closes the pipe after an error.
func open(t *testing.T, dial, accept func(net.Conn) error) (dialErr, acceptErr error) {
	t.Helper()
	d, a := net.Pipe()
	d.SetDeadline(time.Now().Add(10 * time.Second))
	a.SetDeadline(time.Now().Add(10 * time.Second))
	done := make(chan error)
	go func() {
		err := accept(a)
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	if dialErr = dial(d); dialErr != nil {
		d.Close()
	}
	acceptErr = <-done
	d.Close()
	a.Close()
	return dialErr, acceptErr
}

func TestHandshake(t *testing.T) {
	for _, role := range []Role{RoleNode, RoleClient} {
		var gotRole Role
		var gotPeer string
		dialErr, acceptErr := open(t,
			func(c net.Conn) error { return Dial(c, Opening{secretA, role, "n1", "n2"}, new(counting)) },
			func(c net.Conn) (err error) {
				gotRole, gotPeer, err = Accept(c, secretA, "n2", new(counting))
				return err
			})
		if dialErr != nil || acceptErr != nil || gotRole != role || gotPeer != "n1" {
			t.Errorf("dial %v, accept %v %v %q", dialErr, acceptErr, gotRole, gotPeer)
		}
	}
}

func TestHandshakeRefusals(t *testing.T) {
	dialer := func(secret []byte, self, peer string) func(net.Conn) error {
		return func(c net.Conn) error { return Dial(c, Opening{secret, RoleNode, self, peer}, new(counting)) }
	}
	acceptor := func(secret []byte, self string) func(net.Conn) error {
		return func(c net.Conn) error {
			_, _, err := Accept(c, secret, self, new(counting))
			return err
		}
	}
	says := func(what string) func(net.Conn) error {
		return func(c net.Conn) error {
			io.WriteString(c, what)
			answer, err := io.ReadAll(c)
			if len(answer) > 0 {
				t.Errorf("%.20q was answered with %q", what, answer)
			}
			c.Close()
			return err
		}
	}
	hello := func(role byte, self, peer string) string {
		return helloMagic + string([]byte{helloVersion, role, byte(len(self))}) + self + string([]byte{byte(len(peer))}) + peer + strings.Repeat("x", nonceSize)
	}
	for name, c := range map[string]struct {
		dial, accept             func(net.Conn) error
		dialErrSays, acceptErrIs string
	}{
		"other cluster": {dialer(secretB, "n1", "n2"), acceptor(secretA, "n2"), "proof was refused; not ringside, or another cluster", "n1: its proof is wrong: another cluster"},
		"wrong node":    {dialer(secretA, "n1", "n2"), acceptor(secretA, "n3"), "another version, or not n2", "wants node n2, this is n3"},
		"bad self":      {dialer(secretA, "N1", "n2"), acceptor(secretA, "n2"), "self: no node name", "connection closed"},
		"bad peer":      {dialer(secretA, "n1", ""), acceptor(secretA, "n2"), "peer: no node name", "connection closed"},
		"short secret":  {dialer(secretA[1:], "n1", "n2"), acceptor(nil, "n2"), "31 bytes", "0 bytes"},
		"http":          {says("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), acceptor(secretA, "n2"), "", `not ringside: "GET / HTTP`},
		"version":       {says(helloMagic + "\x09\x01"), acceptor(secretA, "n2"), "", "version 9, not 1"},
		"role":          {says(hello(3, "n1", "n2")), acceptor(secretA, "n2"), "", "no role 3"},
		"long name":     {says(hello(1, strings.Repeat("n", 33), "n2")), acceptor(secretA, "n2"), "", "name of 33 bytes"},
		"name":          {says(hello(1, "n\n", "n2")), acceptor(secretA, "n2"), "", `no node name "n\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			dialErr, acceptErr := open(t, c.dial, c.accept)
			if c.dialErrSays != "" && (dialErr == nil || !strings.Contains(dialErr.Error(), c.dialErrSays)) {
				t.Errorf("dialer: %v does not say %q", dialErr, c.dialErrSays)
			}
			if acceptErr == nil || !strings.Contains(acceptErr.Error(), c.acceptErrIs) {
				t.Errorf("acceptor: %v does not say %q", acceptErr, c.acceptErrIs)
			}
		})
	}
}

// A program without the secret that listens on the port of a node cannot imitate the node, not even
// by returning the proof of the dialer.
func TestHandshakeImpostor(t *testing.T) {
	dialErr, _ := open(t,
		func(c net.Conn) error { return Dial(c, Opening{secretA, RoleNode, "n1", "n2"}, new(counting)) },
		func(c net.Conn) error {
			hello := make([]byte, len(helloMagic)+2+3+3+nonceSize)
			if _, err := io.ReadFull(c, hello); err != nil {
				return err
			}
			c.Write(hello[len(hello)-nonceSize:]) // the dialer's own nonce
			proof := make([]byte, 32)
			io.ReadFull(c, proof)
			c.Write(proof)
			return nil
		})
	if dialErr == nil || !strings.Contains(dialErr.Error(), "its proof is wrong") {
		t.Errorf("got %v", dialErr)
	}
}

// A proof of one opening is not a proof in the next one.
func TestHandshakeReplay(t *testing.T) {
	var heard bytes.Buffer
	dialErr, acceptErr := open(t,
		func(c net.Conn) error {
			return Dial(struct {
				io.Reader
				io.Writer
			}{c, io.MultiWriter(c, &heard)}, Opening{secretA, RoleNode, "n1", "n2"}, new(counting))
		},
		func(c net.Conn) error {
			_, _, err := Accept(c, secretA, "n2", new(counting))
			return err
		})
	if dialErr != nil || acceptErr != nil {
		t.Fatal(dialErr, acceptErr)
	}
	fresh := counting(99)
	_, acceptErr = open(t,
		func(c net.Conn) error {
			go io.Copy(io.Discard, c)
			_, err := c.Write(heard.Bytes())
			return err
		},
		func(c net.Conn) error {
			_, _, err := Accept(c, secretA, "n2", &fresh)
			return err
		})
	if acceptErr == nil || !strings.Contains(acceptErr.Error(), "proof is wrong") {
		t.Errorf("got %v", acceptErr)
	}
}

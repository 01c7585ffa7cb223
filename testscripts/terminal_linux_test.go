package testscripts_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// On a terminal a command that deletes asks first, and deletes nothing unless the answer is yes.
func TestDeletionAsksOnATerminal(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, home := filepath.Join(t.TempDir(), "ringside"), t.TempDir()
	if err := os.Symlink(self, bin); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(home, "old", "data")
	if err := os.MkdirAll(root, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(root, "cluster.json")
	if err := os.WriteFile(kept, []byte(`{"format": 1, "settings": {"cluster": "old"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		answer string
		gone   bool
	}{{"\n", false}, {"n\n", false}, {"maybe\n", false}, {"y\n", true}} {
		master, slave := terminal(t)
		cmd := exec.Command(bin, "rm", "old")
		cmd.Env = append(os.Environ(), "RINGSIDE_HOME="+home, "TERM=xterm-256color")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
		if _, err := master.WriteString(tt.answer); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Run(); (err == nil) != tt.gone {
			t.Errorf("%q: %v", tt.answer, err)
		}
		if _, err := os.Stat(kept); os.IsNotExist(err) != tt.gone {
			t.Errorf("%q: the data is gone: %v", tt.answer, os.IsNotExist(err))
		}
		if out, err := readUntil(master, "[y/N]"); err != nil || !bytes.Contains(out, []byte("delete cluster old")) {
			t.Errorf("rm wrote %q to the terminal (%v)", out, err)
		}
	}
}

// readUntil reads the output to a terminal, which arrives in pieces, up to the piece with text.
func readUntil(master *os.File, text string) (out []byte, err error) {
	if err := master.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	piece := make([]byte, 4096)
	for !bytes.Contains(out, []byte(text)) {
		n, err := master.Read(piece)
		out = append(out, piece[:n]...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// terminal opens a pseudo-terminal that never answers.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

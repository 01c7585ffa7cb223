package localcluster

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster/datadir"
)

// killCycles is how often the process is killed. Each cycle reads all writes that
// were ever acknowledged.
const killCycles = 5

// childEnv names the variable that makes this test binary the child; its value is the home.
const childEnv = "RINGSIDE_TEST_CHILD"

// bufferEnv names the variable with the objects of each buffer. With a buffer, the child waits for
// all replicas of a put.
const bufferEnv = "RINGSIDE_TEST_BUFFER"

func TestMain(m *testing.M) {
	if home := os.Getenv(childEnv); home != "" {
		child(home)
		return
	}
	os.Exit(m.Run())
}

// child runs a cluster under load until it is killed, and prints each put that was acknowledged.
func child(home string) {
	var quorum wire.Quorum
	objects, _ := strconv.Atoi(os.Getenv(bufferEnv))
	if objects > 0 {
		quorum.W = 3 // the durable replica among them
	}
	c, err := Start(context.Background(), Options{Home: home, Settings: settings.Cluster{Buffer: objects}})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	acks := make(chan string, 64)
	for w := range 16 {
		go func() {
			for i := 0; ; i++ {
				key, value := fmt.Sprintf("p%d-w%d-%d", os.Getpid(), w, i), strings.Repeat("x", rand.IntN(3000))
				r, err := c.Do(context.Background(), "",
					wire.PutRequest{Key: []byte(key), Value: []byte(key + value), Quorum: quorum})
				if err == nil && r.(wire.PutReply).Err == wire.OK {
					acks <- key
				}
			}
		}()
	}
	for key := range acks {
		fmt.Println("ack", key) // one write, unbuffered: what the parent reads was acknowledged
	}
}

// A process that is killed at any moment loses no write that it acknowledged.
func TestKillNineLosesNothing(t *testing.T) { killNine(t, 0) }

// A process whose nodes have buffers (§6.1) loses all buffers at once. It loses no write for which
// the client waited for the durable replica.
func TestKillNineKeepsTheDurableReplica(t *testing.T) { killNine(t, 1000) }

func killNine(t *testing.T, buffer int) {
	if runtime.GOOS == "windows" {
		t.Skip("the child's own files stay open for a while")
	}
	cycles := roundsOr(t, killCycles)
	home := t.TempDir()
	var acked []string
	for cycle := range cycles {
		acked = append(acked, runAndKill(t, home, buffer)...)
		infos, err := datadir.List(home)
		if err != nil || len(infos) != 1 || infos[0].Running {
			t.Errorf("after the kill: %+v, %v", infos, err)
		}
		began := time.Now()
		c, err := Start(t.Context(), Options{Home: home}) // replaces a stale socket
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range eventsOf(c, event.NodeUp) { // a kill must not look like damage
			if strings.Contains(e.Message, "recovered") {
				t.Errorf("cycle %d: %s: %s", cycle, e.Node, e.Message)
			}
		}
		t.Logf("cycle %d: %d puts acknowledged so far, up again in %v", cycle, len(acked), time.Since(began))
		for _, key := range acked {
			if g := getAll(t, c, key); len(g.Siblings) != 1 || !strings.HasPrefix(string(g.Siblings[0].Value), key) {
				t.Fatalf("%s was acknowledged and is %d siblings now", key, len(g.Siblings))
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// roundsEnv names the variable that sets the number of rounds; see the target torture of the
// Makefile.
const roundsEnv = "RINGSIDE_TEST_ROUNDS"

// roundsOr returns the number of rounds that roundsEnv sets, or usual without it. With -short it is
// 2.
func roundsOr(t *testing.T, usual int) int {
	t.Helper()
	asked := os.Getenv(roundsEnv)
	switch {
	case asked != "":
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			t.Fatalf("%s=%q: want a number of rounds", roundsEnv, asked)
		}
		return n
	case testing.Short():
		return 2
	}
	return usual
}

// getAll gets a key from all homes.
func getAll(t *testing.T, c *Cluster, key string) wire.GetReply {
	t.Helper()
	r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 3}})
	if err != nil {
		t.Fatal(err)
	}
	g := r.(wire.GetReply)
	if g.Err != wire.OK {
		t.Fatalf("get %s: %v: %s", key, g.Err, g.Message)
	}
	return g
}

// runAndKill kills a child some time after its first acknowledged put, and returns the keys that
// the child has acknowledged.
func runAndKill(t *testing.T, home string, buffer int) (acked []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+home, fmt.Sprintf("%s=%d", bufferEnv, buffer))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		key, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			t.Fatalf("child: %s", lines.Text())
		}
		if acked = append(acked, key); len(acked) == 1 {
			time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	if len(acked) == 0 {
		t.Fatal("the child ended before it acknowledged anything")
	}
	return acked
}

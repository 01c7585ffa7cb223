package verbs

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A shelf is a cluster that counts the versions of each key: a put without a context to a key that
// exists adds a sibling, and a put with the latest context replaces all.
type shelf struct {
	*fake
	mu     sync.Mutex
	held   map[string]int    // versions of a key
	writes map[string]uint64 // puts to a key
	dead   map[string]bool   // deleted keys
	unread map[string]bool   // keys whose gets fail
	fail   func(put int) wire.Code
	after  func(put int)
	count  int

	lateFail func(put int) bool // whether a put that happens is answered as failed
	missed   bool               // replies tell of one more sibling
	gone     error              // of every request
}

func newShelf(t *testing.T) *shelf {
	return &shelf{fake: newFake(t), held: map[string]int{}, writes: map[string]uint64{},
		dead: map[string]bool{}, unread: map[string]bool{},
		fail: func(int) wire.Code { return wire.OK }, after: func(int) {}, lateFail: func(int) bool { return false }}
}

func (s *shelf) Do(ctx context.Context, _ string, req wire.ClientRequest) (wire.ClientReply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return nil, s.gone
	}
	context := func(key string) []byte { return fmt.Append(nil, s.writes[key]) }
	if get, ok := req.(wire.GetRequest); ok {
		key := string(get.Key)
		switch {
		case s.unread[key]:
			return wire.GetReply{Err: wire.QuorumNotReached, Message: "no luck"}, nil
		case s.dead[key]:
			return wire.GetReply{Tombstones: make(vclock.Siblings, 1), Context: context(key)}, nil
		}
		return wire.GetReply{Siblings: make(vclock.Siblings, s.held[key]), Context: context(key)}, nil
	}
	put := req.(wire.PutRequest)
	s.count++
	defer s.after(s.count)
	if code := s.fail(s.count); code != wire.OK {
		return wire.PutReply{Err: code, Message: "no luck"}, nil
	}
	key := string(put.Key)
	switch {
	case len(put.Context) == 0:
		if s.writes[key] > 0 {
			s.t.Errorf("put %s without a context: the key exists", key)
		}
		s.held[key]++
	case string(put.Context) == string(context(key)):
		s.held[key] = 1
	default:
		s.t.Errorf("put %s with an old context", key)
	}
	s.dead[key] = false
	s.writes[key]++
	reply := wire.PutReply{Siblings: s.held[key], Context: context(key)}
	switch {
	case s.lateFail(s.count):
		return wire.PutReply{Err: wire.QuorumNotReached, Unknown: true}, nil
	case s.missed:
		reply.Siblings++
	}
	return reply, nil
}

// load runs a line of the prompt against the shelf.
func (s *shelf) load(ctx context.Context, line string, json bool) said {
	var out, stderr strings.Builder
	e := &Env{Cluster: s, Out: &out, Err: &stderr, JSON: json}
	failure := exit.As(Run(ctx, e, strings.Fields(line)))
	r := said{out: out.String(), err: stderr.String(), failure: failure}
	if failure != nil {
		r.exit = failure.Exit
	}
	return r
}

// single reports whether no key has siblings.
func (s *shelf) single() bool {
	for _, n := range s.held {
		if n != 1 {
			return false
		}
	}
	return true
}

// load writes each key once. A second load replaces them, and leaves no siblings.
func TestLoadWritesEachKeyOnce(t *testing.T) {
	s := newShelf(t)
	r := s.load(t.Context(), "load 100 --clients 7 --size 3", false)
	if r.exit != exit.OK || !strings.HasPrefix(r.out, "ok  100 of 100 writes") || len(s.held) != 100 || s.held["key-99"] != 1 {
		t.Errorf("%+v; %d keys", r, len(s.held))
	}
	r = s.load(t.Context(), "load 150", false)
	if r.exit != exit.OK || !strings.Contains(r.out, "150 of 150 writes") ||
		!strings.Contains(r.out, "100 keys existed and were replaced") || !s.single() {
		t.Errorf("%+v", r)
	}
	if s.load(t.Context(), "load 1 --prefix a/", false); s.held["a/0"] != 1 {
		t.Error("no key a/0")
	}
}

// With --zipf the writes go to fewer keys, each with the context of the last write.
func TestLoadZipf(t *testing.T) {
	s := newShelf(t)
	r := s.load(t.Context(), "load 1000 --zipf", true)
	if r.exit != exit.OK || s.count != 1000 || len(s.held) > 600 || !s.single() ||
		!strings.Contains(r.out, fmt.Sprintf(`"written":1000,"failed":0,"replaced":0,"keys":%d,`, len(s.held))) {
		t.Errorf("%d puts to %d keys: %+v", s.count, len(s.held), r)
	}
}

// Failed writes are counted, and the first one decides the exit code. A load whose writes all fail
// gives up.
func TestLoadCountsFailures(t *testing.T) {
	s := newShelf(t)
	s.fail = func(put int) wire.Code {
		if put%10 == 0 {
			return wire.QuorumNotReached
		}
		return wire.OK
	}
	r := s.load(t.Context(), "load 100", false)
	if r.exit != exit.Quorum || !strings.HasPrefix(r.out, "failed  10 of 100 writes, 90 written") ||
		!strings.Contains(r.failure.Message, "load: 10 writes failed; the first: put key-") {
		t.Errorf("%+v, %v", r, r.failure)
	}
	s.fail = func(int) wire.Code { return wire.NodeDown }
	r = s.load(t.Context(), "load 1000 --clients 1", true)
	if r.exit != exit.Quorum || !r.failure.Reported || !strings.Contains(r.out, `"written":0,"failed":100,`) ||
		!strings.Contains(r.out, "gave up after 100 failures in a row") {
		t.Errorf("%+v, %v", r, r.failure)
	}
}

// A key whose read fails is not written, and its write counts as failed.
func TestLoadDoesNotWriteWhatItCannotRead(t *testing.T) {
	s := newShelf(t)
	s.load(t.Context(), "load 20", false)
	s.unread["key-3"] = true
	r := s.load(t.Context(), "load 20", true)
	if r.exit != exit.Quorum || s.writes["key-3"] != 1 || !s.single() ||
		!strings.Contains(r.out, `"written":19,"failed":1,"replaced":19,"keys":19,`) ||
		!strings.Contains(r.out, "1 write failed; the first: get key-3: quorum not reached") {
		t.Errorf("%+v; %d writes", r, s.writes["key-3"])
	}
}

// Siblings that a key had before the load stay, and the write counts as failed.
func TestLoadKeepsSiblings(t *testing.T) {
	s := newShelf(t)
	s.load(t.Context(), "load 20", false)
	s.held["key-3"] = 2
	r := s.load(t.Context(), "load 20", false)
	if r.exit != exit.Siblings || s.held["key-3"] != 2 || !strings.HasPrefix(r.out, "failed  1 of 20 writes, 19 written") ||
		!strings.Contains(r.failure.Message, "put key-3: the key has 2 siblings") {
		t.Errorf("%+v, %v", r, r.failure)
	}
}

// A deleted key is written with the context of its tombstone. It is not one of the replaced keys.
func TestLoadOfADeletedKey(t *testing.T) {
	s := newShelf(t)
	s.load(t.Context(), "load 3", false)
	s.dead["key-1"] = true
	if r := s.load(t.Context(), "load 3", true); r.exit != exit.OK || !s.single() ||
		!strings.Contains(r.out, `"written":3,"failed":0,"replaced":2,"keys":3,`) {
		t.Errorf("%+v", r)
	}
}

// After a failed write of --zipf the key is read again, since that write may have happened.
func TestLoadReadsAgainAfterAFailure(t *testing.T) {
	s := newShelf(t)
	s.lateFail = func(put int) bool { return put%10 == 0 } // the write happens, and the reply says otherwise
	r := s.load(t.Context(), "load 200 --zipf --clients 1", true)
	if r.exit != exit.Quorum || !s.single() || !strings.Contains(r.out, `"written":180,"failed":20,"replaced":0,`) {
		t.Errorf("%+v", r)
	}
}

// A write that leaves siblings, because its read missed a version, is told.
func TestLoadTellsOfSiblings(t *testing.T) {
	s := newShelf(t)
	s.missed = true
	r := s.load(t.Context(), "load 5", false)
	if r.exit != exit.OK || !strings.Contains(r.out, "5 writes left siblings") {
		t.Errorf("%+v", r)
	}
}

// A cluster that goes away decides the exit code, even if a write has failed before.
func TestClusterGoesDuringALoad(t *testing.T) {
	s := newShelf(t)
	s.fail = func(put int) wire.Code {
		if put == 1 {
			return wire.QuorumNotReached
		}
		return wire.OK
	}
	s.after = func(put int) {
		if put == 5 {
			s.gone = &exit.Error{Exit: exit.NoCluster, Code: "no_cluster", Message: "gone"}
		}
	}
	r := s.load(t.Context(), "load 100 --clients 1", false)
	if r.exit != exit.NoCluster || r.failure.Message != "load: stopped after 4 writes: gone" {
		t.Errorf("%+v, %v", r, r.failure)
	}
}

// An interrupt ends a load with a summary of what was written.
func TestLoadIsInterrupted(t *testing.T) {
	s := newShelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.after = func(put int) {
		if put == 20 {
			cancel()
		}
	}
	r := s.load(ctx, "load 1000 --clients 3", true)
	// The other two clients may have a put under way at the 20th.
	some := regexp.MustCompile(`"written":2[0-2],"failed":0,.*"interrupted":true`)
	if r.exit != exit.Interrupted || !some.MatchString(r.out) {
		t.Errorf("%+v", r)
	}
}

// A cluster that does not run is an error without a summary.
func TestLoadOfNothing(t *testing.T) {
	f := newFake(t)
	f.err = errBroken
	if r := f.say("load 5"); r.exit != exit.Internal || r.out != "" {
		t.Errorf("%+v", r)
	}
	for line, want := range map[string]string{
		"load 0": "not a number of writes", "load 1e3": "not a number of writes", "load 1 --clients 65": "too large",
		"load 1 --prefix " + strings.Repeat("x", wire.MaxKey): "a key would have",
	} {
		if r := f.say(line); r.exit != exit.Usage || !strings.Contains(r.failure.Message, want) {
			t.Errorf("%.30s: %v", line, r.failure)
		}
	}
}

package verbs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A fake is a Cluster whose answers a test sets.
type fake struct {
	t        *testing.T
	settings settings.Cluster
	down     []string
	silent   []string // nodes that run and do not answer
	groups   [][]string
	oneWay   bool
	hints    map[string]map[string]int         // holder → home → keys
	held     map[string]map[string]heldVersion // key → node → versions
	get      wire.GetReply
	put      wire.PutReply
	err      error // of every call

	mu     sync.Mutex
	puts   []wire.PutRequest
	vias   []string
	faults []fault.Fault
	events []event.Event
	isDown bool

	rounds   []event.SyncRound // that a comparison finds
	roots    map[string][]event.TreeRoot
	dryRun   bool
	compared []event.Span
}

type heldVersion struct {
	home     string // "" if the node is a home
	versions vclock.Siblings
}

var t0 = time.Date(2007, 10, 14, 12, 4, 31, 0, time.UTC) // SOSP 2007 began that day

func newFake(t *testing.T) *fake {
	return &fake{t: t, settings: settings.Cluster{Name: "default", Nodes: []string{"n1", "n2", "n3", "n4", "n5"},
		N: 3, R: 2, W: 2,
		Mode: settings.ModeSiblings, Strategy: int(ring.EqualPartitions), Q: ring.DefaultQ, T: ring.DefaultT}}
}

func (f *fake) Do(_ context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.vias = append(f.vias, via)
	if p, ok := req.(wire.PutRequest); ok {
		f.puts = append(f.puts, p)
		return f.put, f.err
	}
	return f.get, f.err
}

func (f *fake) Fault(_ context.Context, x fault.Fault) error {
	f.faults = append(f.faults, x)
	switch x.Kind {
	case fault.Split:
		f.groups, f.oneWay = x.Groups, x.OneWay
	case fault.Heal:
		f.groups, f.hints = nil, nil // a cluster in memory hands its hints over as fast
	}
	return f.err
}

func (f *fake) Member(_ context.Context, r member.Request) (member.Change, error) {
	h := f.settings.History()
	h, c := h.With(int64(time.Hour), member.Change{By: "n1", Node: r.Node, Kind: r.Kind, Weight: r.Weight,
		Zone: r.Zone})
	f.settings.Founders, f.settings.Changes = f.settings.InitialMembers(), h
	if r.Kind == member.Join {
		f.settings.Nodes = append(f.settings.Nodes, r.Node)
	}
	return c, f.err
}

func (f *fake) CheckMember(_ context.Context, r member.Request) (member.Change, error) {
	if r.Node == "" {
		r.Node = "n6"
	}
	return member.Change{By: "n1", Node: r.Node, Kind: r.Kind, Weight: max(r.Weight, 1), Zone: r.Zone}, f.err
}

func (f *fake) Compare(_ context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error) {
	f.dryRun, f.compared = dryRun, ranges
	rounds := slices.Clone(f.rounds)
	for _, rg := range ringOf(f.t, f.settings).Ranges() { // f.rounds are about one range; the others are alike
		span := event.Span{Start: rg.Start, End: rg.End}
		asked := len(ranges) == 0 || slices.Contains(ranges, span)
		if len(f.rounds) > 0 && f.rounds[0].End != rg.End && asked {
			rounds = append(rounds, event.SyncRound{Start: rg.Start, End: rg.End, Left: rg.Homes[0], Right: rg.Homes[1],
				Hashes: 1, Bytes: 38, Differing: []event.SyncKey{}})
		}
	}
	return []event.Event{{Kind: event.SyncDone, Rounds: rounds}}, f.err
}

func (f *fake) Snapshot(_ context.Context, keys ...[]byte) ([]event.Event, error) {
	at := time.Duration(t0.UnixNano())
	out := []event.Event{{Time: at, Kind: event.Cluster, Settings: &f.settings}}
	for _, n := range f.settings.Nodes {
		st := &event.NodeState{Keys: 1, LastKnown: slices.Contains(f.silent, n), Roots: f.roots[n]}
		for _, home := range sortedKeys(f.hints[n]) {
			st.Hints = append(st.Hints, event.HintCount{For: home, Keys: f.hints[n][home],
				Oldest: time.Duration(time.Now().Add(-42 * time.Second).UnixNano())})
		}
		kind := event.NodeUp
		for _, d := range f.down {
			if d == n {
				kind = event.NodeDown
			}
		}
		out = append(out, event.Event{Time: at, Node: n, Kind: kind, Addr: "127.0.0.1:4000"},
			event.Event{Time: at, Node: n, Kind: event.State, State: st})
		for _, k := range keys {
			e := event.Event{Time: at, Node: n, Kind: event.Replicas, Key: k}
			if h, ok := f.held[string(k)][n]; ok {
				e.Replicas = []event.Replica{{For: h.home, Versions: h.versions}}
			}
			out = append(out, e)
		}
	}
	if f.groups != nil {
		out = append(out, event.Event{Time: at, Kind: event.Split, Groups: f.groups, OneWay: f.oneWay})
	}
	return out, f.err
}

func (f *fake) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	if err := fn(q.Of(f.events)); err != nil {
		return err
	}
	if q.Follow {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *fake) Down(context.Context) error { f.isDown = true; return f.err }

// folder keeps contexts in files.
type folder string

func (d folder) Load(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(string(d), name))
	return strings.TrimSpace(string(b)), err
}

func (d folder) Create(name string) (*ContextFile, error) {
	return ReplaceContext(filepath.Join(string(d), name))
}

func (d folder) Names() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

// contextsWith returns a folder with one saved context.
func contextsWith(t *testing.T, name string, token []byte) folder {
	d := folder(t.TempDir())
	if err := os.WriteFile(filepath.Join(string(d), name), []byte(wire.EncodeToken(token)), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// said is what a command printed, and how it ended.
type said struct {
	out, err string
	exit     int
	failure  *exit.Error
}

// say runs a line of the prompt against f.
func (f *fake) say(line string, change ...func(*Env)) said {
	f.t.Helper()
	words, err := Split(line)
	if err != nil {
		f.t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	e := &Env{Cluster: f, Out: &out, Err: &stderr, Contexts: contextsWith(f.t, "old", []byte("seen"))}
	for _, c := range change {
		c(e)
	}
	failure := exit.As(Run(context.Background(), e, words))
	s := said{out: out.String(), err: stderr.String(), failure: failure}
	if failure != nil {
		s.exit = failure.Exit
	}
	return s
}

func version(node string, counter uint64, value string, past ...vclock.Dot) vclock.Version {
	v := vclock.Version{Dot: dot(node, counter), Value: []byte(value), Time: t0.UnixNano()}
	for _, d := range past {
		v.Past = v.Past.With(d)
	}
	return v
}

func dot(node string, counter uint64) vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 7}, Counter: counter}
}

// diverged returns the versions of the paper's cart after a split.
func diverged() vclock.Siblings {
	return vclock.Siblings{version("n4", 1, "milk,beer", dot("n3", 1)), version("n3", 2, "milk,eggs", dot("n3", 1))}
}

func stdin(s string) func(*Env) { return func(e *Env) { e.In = strings.NewReader(s) } }

var errBroken = errors.New("broken pipe to the cluster")

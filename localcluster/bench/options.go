package bench

import (
	"context"
	"slices"
	"time"

	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
)

// An Op is what clients do.
type Op string

// The operations.
const (
	Put Op = "put"
	Get Op = "get"
	Mix Op = "mix" // gets and puts; Options.Gets is the share of gets
)

// Ops are all operations.
var Ops = []Op{Put, Get, Mix}

// A Store is how the nodes of a cluster keep their data.
type Store string

// The stores.
const (
	Sync   Store = "sync"   // on disk; each write waits for the disk
	NoSync Store = "nosync" // on disk, without waiting for the disk
	Buffer Store = "buffer" // on disk, with an object buffer (§6.1)
	Mem    Store = "mem"    // in memory
)

// TargetStore stands for what the nodes of a cluster do that Run has not started.
const TargetStore Store = "target"

// Stores are all stores.
var Stores = []Store{NoSync, Sync, Buffer, Mem}

const (
	// BufferObjects is the size of the object buffers of the store Buffer, as in the paper's Figure 5.
	BufferObjects = 1000
	// MaxConcurrency bounds the clients. A node takes that many requests at once.
	MaxConcurrency = 1024
	// MaxRate bounds the requests a second of an open loop.
	MaxRate = 10_000_000
	// MaxKeys bounds the keys, for each of which a client keeps a context.
	MaxKeys = 10_000_000
	// MaxRounds bounds the rounds.
	MaxRounds = 1000
	// MinWindow and MaxWindow bound one window. Within a shorter time, few requests end.
	MinWindow = 10 * time.Millisecond
	MaxWindow = time.Hour
)

// Options say what to measure. All fields must be set, except for those that may be zero.
type Options struct {
	// Dir is the folder for the data, in which Run makes a folder of its own and deletes it. "" is a
	// folder for temporary files.
	Dir string

	Nodes   int
	N, R, W int // of the cluster; 0: as settings.New chooses
	Stores  []Store

	Ops         []Op
	Concurrency []int         // clients at once
	Rates       []int         // requests a second of open loops; empty: closed loops
	For         time.Duration // the length of a window
	Rounds      int

	Keys int
	Size int     // of a value in bytes
	Zipf bool    // keys are drawn from a Zipf distribution; false: uniformly
	Gets float64 // the share of gets in Mix, 0 to 1

	ClientDriven bool // clients know the ring (§6.4)
	Floor        bool // measure the floors also

	// Client sends requests to a cluster that runs already, called Target, in the place of clusters
	// that Run starts. Nodes is then the number of its hosts, Stores is TargetStore, and N and Floor
	// are not set. The keys must be new to the cluster.
	Client func(context.Context, wire.ClientRequest) (wire.ClientReply, error)
	Target string

	Progress func(Progress) // called now and then by one goroutine; may be nil
}

// A Progress says how far Run is.
type Progress struct {
	What    string        // what is under way
	Part    float64       // 0 to 1, of all
	Left    time.Duration // about
	Latest  *Row          // the last window; nil before the first
	Cluster bool          // the last window was one of a cluster
}

// Check returns a *usage.Error that names the first option that is invalid, nil if there is none.
func (o Options) Check() error {
	if err := config.CheckSettings(must(settings.New("bench", o.settings(Sync)))); err != nil {
		return err
	}
	bounded := func(list []int, most int, what string) error {
		for i, n := range list {
			if n < 1 || n > most {
				return usage.Errorf("invalid %s %d: want 1 to %d", what, n, most)
			}
			if slices.Contains(list[:i], n) {
				return usage.Errorf("%s %d is given twice", what, n)
			}
		}
		return nil
	}
	if err := bounded(o.Concurrency, MaxConcurrency, "concurrency"); err != nil {
		return err
	}
	if err := bounded(o.Rates, MaxRate, "rate"); err != nil {
		return err
	}
	switch {
	case len(o.Concurrency) == 0 || len(o.Ops) == 0 || len(o.Stores) == 0:
		return usage.Errorf("nothing to measure: want a concurrency, an operation and a store")
	case o.For < MinWindow || o.For > MaxWindow:
		return usage.Errorf("invalid length %v of a window: want %v to %v", o.For, MinWindow, MaxWindow)
	case o.Rounds < 1 || o.Rounds > MaxRounds:
		return usage.Errorf("invalid number of rounds %d: want 1 to %d", o.Rounds, MaxRounds)
	case o.Keys > MaxKeys || o.Keys < slices.Max(o.Concurrency):
		return usage.Errorf("invalid number of keys %d: want %d to %d, because each client has keys of its own",
			o.Keys, slices.Max(o.Concurrency), MaxKeys)
	case o.Size < 0 || o.Size > wire.MaxValue:
		return usage.Errorf("invalid size %d of a value: want 0 to %d bytes", o.Size, wire.MaxValue)
	case !(o.Gets >= 0 && o.Gets <= 1):
		return usage.Errorf("invalid share of gets %v: want 0 to 1", o.Gets)
	}
	return nil
}

// must returns the settings, which Check looks at also if New refuses them.
func must(s settings.Cluster, _ error) settings.Cluster { return s }

// settings returns the settings of a cluster.
func (o Options) settings(s Store) settings.Cluster {
	out := settings.Cluster{Nodes: settings.NodeNames(o.Nodes), N: o.N, R: o.R, W: o.W}
	switch s {
	case NoSync:
		out.NoSync = true
	case Buffer:
		out.Buffer = BufferObjects
	}
	return out
}

// A load is what clients do in a window.
type load struct {
	op          Op
	concurrency int
	rate        int // requests a second; 0: a closed loop
}

// loads returns all loads, in the order in which they are measured.
func (o Options) loads() []load {
	rates := o.Rates
	if len(rates) == 0 {
		rates = []int{0}
	}
	var out []load
	for _, op := range o.Ops {
		for _, c := range o.Concurrency {
			for _, r := range rates {
				out = append(out, load{op, c, r})
			}
		}
	}
	return out
}

// windows returns the number of windows of a run.
func (o Options) windows() int {
	systems := len(o.Stores)
	if o.Floor {
		systems += len(floors)
	}
	return o.Rounds * len(o.loads()) * systems
}

// Time returns how long the windows of a run take. The start and the writing of the keys are not in
// it.
func (o Options) Time() time.Duration { return time.Duration(o.windows()) * o.windowTime() }

// windowTime returns the time of a window and of its warm-up.
func (o Options) windowTime() time.Duration { return o.For + min(o.For/warmUpPart, maxWarmUp) }

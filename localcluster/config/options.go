package config

import (
	"strings"
	"time"

	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/usage"
)

const (
	// DefaultName is the name of a cluster if the user gives none.
	DefaultName = "default"
	// MaxNodes bounds a cluster in one process. Every node has a port, a goroutine and a database,
	// and under load most pairs of nodes have a connection.
	MaxNodes = 256
	// MaxBasePort is the highest port of a first node. The ports of the other nodes are above it.
	MaxBasePort = 1<<16 - MaxNodes
)

// Options describe a cluster to be started on this machine.
type Options struct {
	Name     string           // "" is DefaultName
	Home     string           // the folder that has a folder for each cluster; see datadir.Home
	Dir      string           // the folder of the data; "" is the recorded one, or else a folder in Home
	Mem      bool             // keep data in memory only
	Settings settings.Cluster // a zero field is as the data in Dir has it, or the default if Dir is new
	Explicit Explicit         // the defaults of Settings that the caller insists on
	BasePort int              // of the first node; later nodes have the ports above; 0: free ports

	// FlushDelay returns how much longer the next flush of a node takes. It is for experiments. A
	// nil FlushDelay adds nothing.
	FlushDelay func(node string) time.Duration

	// Skew returns how far the clock of a node is ahead of the clock of the cluster; a negative Skew
	// is behind. It is for experiments. A nil Skew stands for clocks that agree. Events carry the
	// time of the cluster.
	Skew func(node string) time.Duration

	// Stopping is called once when the cluster goes down, while its folders are still locked. It must
	// not call the cluster. A nil Stopping is not called.
	Stopping func()

	Testing Testing // zero outside tests
}

// Explicit names settings that are on by default. If a field is set, the caller asks for the
// setting to be on, and a cluster that was created with the setting off is refused. Otherwise the
// zero fields Strict and NoSync of Options.Settings ask for nothing.
type Explicit struct {
	Sloppy bool // Settings.Strict is false
	Sync   bool // Settings.NoSync is false
}

// Testing has the options that only tests use.
type Testing struct {
	WrapStore  func(node string, s store.Store) store.Store // breaks or watches a node's store; nil: no wrapper
	FlushEvery time.Duration                                // of an object buffer (§6.1); 0: the usual time
	Memory     int                                          // bytes of all queues; 0: budget.Default
	DiskPause  time.Duration                                // before a failed disk is opened again; 0: the usual time
	OpenFiles  uint64                                       // that the process may open; 0: its real limit
}

// Check returns the first fault of the options that can be seen without a look at the disk, nil if
// there is none. It does not check Settings.
func (o Options) Check() error {
	switch {
	case o.Home == "":
		return usage.Errorf("start: no home folder")
	case o.Mem && o.Dir != "":
		return usage.Errorf("a cluster in memory has no data folder; leave out --dir or --mem")
	case o.Mem && o.Settings.NoSync:
		return usage.Errorf("a cluster in memory has no disk to wait for; leave out --sync=false or --mem")
	case o.Explicit.Sloppy && o.Settings.Strict || o.Explicit.Sync && o.Settings.NoSync:
		return usage.Errorf("start: a setting is asked to be on and off")
	case o.BasePort < 0 || o.BasePort > MaxBasePort:
		return usage.Errorf("invalid base port %d: want 1 to %d, or none for free ports", o.BasePort, MaxBasePort)
	case strings.HasPrefix(o.Name, "-"):
		return usage.Errorf("invalid cluster name %q: commands take a word that begins with '-' for a flag", o.Name)
	}
	return nil
}

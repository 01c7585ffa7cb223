package capsule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
	"ringside/localcluster/buildinfo"
)

const (
	// Format is the number of the format of the file.
	Format = 1
	// MaxSize bounds the bytes of a capsule or script that is read. A run of plan.MaxOps operations
	// fits, and so do all events that a cluster remembers.
	MaxSize = 256 << 20
	// Suffix is the end of the name of a capsule.
	Suffix = ".capsule"
)

// A Capsule is the content of a file that holds one run: what it is, and what came out.
type Capsule struct {
	Format int    `json:"capsule"`
	Commit string `json:"commit"`           // of the ringside that made the run; "" if it is unknown
	Script string `json:"script,omitempty"` // plays a simulated run again; "" for a real cluster
	// Events are those that a real cluster remembered, the oldest first; a Gap stands for missing
	// ones. The first one has the settings. They are empty for a simulated run.
	Events []event.Event `json:"events,omitempty"`
	// Ending is the snapshot of the real cluster after Events, with the replicas of each key.
	Ending []event.Event `json:"ending,omitempty"`
	// Text and Result are what a command printed of the run, without and with --json.
	Text   string          `json:"text"`
	Result json.RawMessage `json:"result"`
}

// New returns the capsule of this ringside with what a command printed of a run. The caller adds
// the run.
func New(text string, result any) (Capsule, error) {
	b, err := json.Marshal(result)
	return Capsule{Format: Format, Commit: buildinfo.Commit(), Text: text, Result: b}, err
}

// Live reports whether the run is one of a real cluster.
func (c *Capsule) Live() bool { return len(c.Events) > 0 }

// Write writes the capsule to a file, and replaces an existing one at once.
func (c *Capsule) Write(path string) error {
	text, err := escape.JSON(c)
	if err != nil {
		return fmt.Errorf("encode capsule: %w", err)
	}
	if len(text) >= MaxSize {
		return fmt.Errorf("the capsule has %d bytes, the limit is %d", len(text), MaxSize)
	}
	return atomicfile.Replace(path, append(text, '\n'))
}

// Text reads a file of at most MaxSize bytes.
func Text(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err == nil && len(text) > MaxSize {
		err = fmt.Errorf("the file has more than %d bytes", MaxSize)
	}
	return text, err
}

// Is reports whether text is meant to be a capsule: it is JSON, as a script is not.
func Is(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) }

// Parse decodes and checks a capsule. The error is a *usage.Error.
func Parse(text []byte) (*Capsule, error) {
	c := &Capsule{}
	if err := json.Unmarshal(text, c); err != nil || c.Format != Format {
		return nil, usage.Errorf("the file is not a capsule of format %d; sim --seed SEED --capsule FILE and "+
			"export FILE%s write one", Format, Suffix)
	}
	switch {
	case c.Script == "" && !c.Live():
		return nil, usage.Errorf("the capsule has neither a script nor events; it is not whole")
	case c.Script != "" && c.Live():
		return nil, usage.Errorf("the capsule has a script and events; it holds one of them")
	case c.Live() && !begins(c.Events):
		return nil, usage.Errorf("the events of the capsule do not begin with the settings of a cluster")
	case c.Live() && !begins(c.Ending):
		return nil, usage.Errorf("the ending of the capsule does not begin with the settings of a cluster")
	}
	return c, nil
}

// begins reports whether events begin with the settings of a cluster.
func begins(events []event.Event) bool {
	return len(events) > 0 && events[0].Kind == event.Cluster && events[0].Settings != nil
}

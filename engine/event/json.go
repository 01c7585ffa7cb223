package event

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/wire"
)

// eventJSON has the fields of an Event in JSON, in their order. UnmarshalJSON decodes into it.
// AppendJSON writes them, and a test compares the two.
type eventJSON struct {
	Seq       uint64            `json:"seq"`
	Time      string            `json:"time"`
	Node      string            `json:"node"`
	Kind      Kind              `json:"kind"`
	Section   string            `json:"section"`
	Request   uint64            `json:"request,omitempty"`
	Key       *string           `json:"key,omitempty"`
	KeyBase64 *string           `json:"key_base64,omitempty"`
	Peer      string            `json:"peer,omitempty"`
	For       string            `json:"for,omitempty"`
	Op        string            `json:"op,omitempty"`
	Versions  []VersionJSON     `json:"versions,omitempty"`
	Homes     []string          `json:"homes,omitempty"`
	Hinted    []HintJSON        `json:"hinted,omitempty"`
	Nodes     []string          `json:"nodes,omitempty"`
	Count     int               `json:"count,omitempty"`
	Want      int               `json:"want,omitempty"`
	Err       string            `json:"error,omitempty"`
	Message   string            `json:"message,omitempty"`
	ElapsedUS float64           `json:"elapsed_us,omitempty"`
	Settings  *settings.Cluster `json:"settings,omitempty"`
	State     *NodeState        `json:"state,omitempty"`
	Replicas  []replicaJSON     `json:"replicas,omitempty"`
	Rounds    []SyncRound       `json:"rounds,omitempty"`
	Span      *Span             `json:"range,omitempty"`
	Changes   member.History    `json:"changes,omitempty"`
	Addr      string            `json:"addr,omitempty"`
	Groups    [][]string        `json:"groups,omitempty"`
	OneWay    bool              `json:"one_way,omitempty"`
	Link      string            `json:"link,omitempty"`
	DelayUS   float64           `json:"delay_us,omitempty"`
	Percent   float64           `json:"percent,omitempty"`
	LeftOut   []Tally           `json:"left_out,omitempty"`
	Quorum    string            `json:"quorum,omitempty"`
	Context   string            `json:"context,omitempty"`
}

// HintJSON is a hint in the form of the command line's contract.
type HintJSON struct {
	Holder string `json:"holder"`
	For    string `json:"for"`
}

type replicaJSON struct {
	For      string        `json:"for,omitempty"`
	Versions []VersionJSON `json:"versions"`
}

// HintsJSON returns hints in JSON form, never nil.
func HintsJSON(in []wire.Hint) []HintJSON {
	out := make([]HintJSON, len(in))
	for i, h := range in {
		out[i] = HintJSON(h)
	}
	return out
}

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &e) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func fromMicros(us float64) time.Duration {
	return time.Duration(math.Round(us * float64(time.Microsecond)))
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Event) UnmarshalJSON(b []byte) error {
	var j eventJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, j.Time)
	if err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	*e = Event{
		Seq: j.Seq, Time: time.Duration(t.UnixNano()), Node: j.Node, Kind: j.Kind, Request: j.Request,
		Peer: j.Peer, For: j.For, Op: j.Op, Homes: j.Homes, Nodes: j.Nodes, Count: j.Count, Want: j.Want,
		Message: j.Message, Elapsed: fromMicros(j.ElapsedUS), Settings: j.Settings, State: j.State, Addr: j.Addr,
		Groups: j.Groups, OneWay: j.OneWay, Link: j.Link, Delay: fromMicros(j.DelayUS), Percent: j.Percent,
		Rounds: j.Rounds, Span: j.Span, Changes: j.Changes, LeftOut: j.LeftOut,
	}
	if e.Err, err = wire.ParseCode(j.Err); err != nil {
		return err
	}
	if e.Quorum, e.Context, err = askedIn(j.Quorum, j.Context); err != nil {
		return err
	}
	if e.Key, err = untext(j.Key, j.KeyBase64); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	if e.Versions, err = siblings(j.Versions); err != nil {
		return err
	}
	for _, h := range j.Hinted {
		e.Hinted = append(e.Hinted, wire.Hint(h))
	}
	for _, r := range j.Replicas {
		s, err := siblings(r.Versions)
		if err != nil {
			return err
		}
		e.Replicas = append(e.Replicas, Replica{For: r.For, Versions: s})
	}
	return nil
}

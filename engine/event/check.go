package event

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// fields lists the fields of a kind's events beside Seq, Time, Node and Kind. A field with a
// question mark may be zero. The comments of the kinds say what the fields mean; a test compares
// the two.
var fields = map[Kind]string{
	Cluster:    "Settings Count?",
	NodeUp:     "Addr? Message?",
	NodeDown:   "Message?",
	NodePaused: "",
	NodeWiped:  "",
	Serves:     "Op Addr? Message?",
	NodeLeft:   "",
	Split:      "Groups OneWay? Delay? Elapsed?",
	Heal:       "",
	Slow:       "Link Delay?",
	Loss:       "Link Percent?",
	Skew:       "Delay?",
	Dropped:    "Peer Request? Count? Message",
	DiskFailed: "Message",
	Buffered:   "Count? Want",
	BufferLost: "Count? State? Key? Replicas? Versions?",
	Memory:     "Count? Want",
	Gap:        "Count? Message",
	Summary:    "Count LeftOut",

	Violated: "Message",
	RunOver:  "Count? Message",

	State:    "State",
	Replicas: "Key Replicas? Versions?",

	Requested:  "Request Key Op Quorum Context?",
	Forwarded:  "Request Key Peer Message?",
	Coordinate: "Request Key For? Versions Homes Nodes? Message?",
	Replicate:  "Request Key Peer For?",
	Stored:     "Request? Key Peer Op Versions Count? Elapsed?",
	HintStored: "Request? Key Peer For Op Versions? Count? Elapsed?",
	Ack:        "Request Key Peer For? Op? Count Want",
	ReadFrom:   "Request Key Peer",
	ReadReply:  "Request Key Peer Versions? Err? Count? Want",
	Reconciled: "Request Key Versions",
	ReadRepair: "Request Key Peer Versions",
	Replied:    "Request Key Peer? Op Versions? Hinted? Nodes? Count? Want? Err? Message? Elapsed?",
	LWWLost:    "Request? Key Versions Message",
	FreshEpoch: "Key",
	RolledBack: "Message",
	Truncated:  "Request Key Versions Count Message",

	HintSent:           "Key Peer For Versions?",
	HintDelivered:      "Key Peer For",
	HintRefused:        "Request? Key Peer For",
	HintLost:           "Key Peer For",
	HintRehomed:        "Key Peer For",
	Suspect:            "Peer",
	Alive:              "Peer",
	Damaged:            "Key? Message",
	SyncStarted:        "Peer Rounds",
	SyncCompared:       "Peer Rounds",
	SyncDone:           "Peer? Rounds?",
	MergeRefused:       "Key Peer Count Want Message",
	Slice:              "Percent? Delay?",
	TombstoneCollected: "Key Versions",
	TombstonesKept:     "Count? Message",

	Membership:       "Peer? Changes? Count? Want? Err? Message?",
	RangeOffered:     "Peer Span Count?",
	RangeConfirmed:   "Peer Span Count?",
	RangeTransferred: "Peer Span Count? Rounds",
	RangeDropped:     "Span Count Want?",
	RangeReady:       "Span Count?",
	Departed:         "",
}

// Check returns an error if e is of an unknown kind, sets a field that its kind does not have, or
// lacks one that its kind requires. Check is for tests: it is slow.
func (e Event) Check() error {
	names, ok := fields[e.Kind]
	if !ok {
		return fmt.Errorf("event %q: unknown kind", e.Kind)
	}
	list := strings.Fields(names)
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		name, set := v.Type().Field(i).Name, !v.Field(i).IsZero()
		switch {
		case slices.Contains(common, name):
		case set && !slices.Contains(list, name) && !slices.Contains(list, name+"?"):
			return fmt.Errorf("event %s: field %s is %v; the kind has only %q", e.Kind, name, v.Field(i), names)
		case !set && slices.Contains(list, name):
			return fmt.Errorf("event %s: field %s is not set", e.Kind, name)
		}
	}
	return nil
}

// common are the fields that the events of all kinds may set.
var common = []string{"Seq", "Time", "Node", "Kind"}

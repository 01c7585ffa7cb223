package check

// The properties.
const (
	P1  = "P1"
	P2  = "P2"
	P3  = "P3"
	P4  = "P4"
	P5  = "P5"
	P6  = "P6"
	P7  = "P7"
	P8  = "P8"
	P9  = "P9"
	P10 = "P10"
	P11 = "P11"
	P12 = "P12"
	P13 = "P13"
	P14 = "P14"
)

// A Property is a promise that runs are held against.
type Property struct{ Name, Description string }

// Properties lists all properties.
func Properties() []Property {
	return []Property{
		{P1, "no acknowledged write is lost: the write, or what supersedes it, is on as many nodes as acknowledged it, " +
			"on disk or in their object buffers"},
		{P2, "siblings are exactly the versions that are concurrent: none is missing, none is too many"},
		{P3, "what was deleted stays deleted"},
		{P4, "a put after a delete is not taken for something that was deleted"},
		{P5, "once faults have ended, replicas converge in bounded time, and then nothing is left to repair"},
		{P6, "a put supersedes what its context covers and nothing else, and no entry of a clock is given out twice"},
		{P7, "a get hears as many nodes as it must and shows what they hold; " +
			"if its homes overlap with those that acknowledged a write, it sees that write"},
		{P8, "every value that is read was written under that key"},
		{P9, "a hint is dropped once its home holds it durably, and not before"},
		{P10, "Merkle trees are those that the stored keys make"},
		{P11, "a node that gives a key range away drops it once all new homes hold it durably, and not before; " +
			"a new home counts once it holds what its predecessors acknowledged"},
		{P12, "in the end all nodes know one ring, and a removed node stays out of it"},
		{P13, "the data that waits in a node, travels or is kept for others is bounded, " +
			"and an acknowledgement counts once"},
		{P14, "the writes that last write wins loses are counted; they are not violations"},
	}
}

// A Violation is a property that did not hold.
type Violation struct {
	Seed     uint64  `json:"seed"`
	Property string  `json:"property"` // a name of Properties
	Detail   string  `json:"detail"`
	At       float64 `json:"at_s"` // virtual seconds since the start of the run
}

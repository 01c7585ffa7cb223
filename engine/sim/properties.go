package sim

// A Property is what the checkers hold a run against.
type Property struct{ Name, Says string }

// Properties lists them.
func Properties() []Property {
	return []Property{
		{"P1", "no acknowledged write is lost: what was acknowledged, or what supersedes it, is on as many disks as acknowledged it"},
		{"P2", "siblings are exactly the versions that are concurrent: none is missing, none is too many"},
		{"P3", "what was deleted stays deleted"},
		{"P4", "a put after a delete is not taken for something that was deleted"},
		{"P5", "once faults have ended replicas converge in bounded time, and then nothing is left to mend"},
		{"P6", "a put supersedes what its context covers and nothing else, and no entry of a clock is given out twice"},
		{"P7", "a get hears as many nodes as it must and shows what they hold; where as many homes count as meet those that acknowledged a write, it sees that write"},
		{"P8", "every value that is read was written, under that key"},
		{"P9", "a hint is dropped once its home holds it durably, and not before"},
		{"P10", "hash trees are those that the stored keys make"},
		{"P11", "who gives a key range away drops it once all its new homes hold it durably, and not before; a new home counts once it holds what its predecessors acknowledged"},
		{"P12", "in the end all nodes know one ring, and who was removed stays out of it"},
		{"P13", "whatever waits, travels or is kept for others is bounded, and an acknowledgement counts once"},
		{"P14", "what last write wins throws away is counted; it is no violation"},
	}
}

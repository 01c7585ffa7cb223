// Package mutant holds deliberate bugs of the engine, one of which can be switched on in a
// build with the tag mutants. Each breaks something that a property of the simulator
// promises, and a test there shows that the property falls: what no check would miss may
// as well not be there. In the ordinary build Is is a constant, and nothing of them is left.
//
// A place reads
//
//	if mutant.Is(mutant.HintDroppedOnSend) { ... }
//
// To add one: a Name here, its line in the registry, its place, and make mutants.
package mutant

// A Name is one bug.
type Name int

// The bugs, by the mechanism that they are in. What each does says the registry.
const (
	None Name = iota

	// §4.5 put
	AckShortOfW
	AckByCount
	RefusedAfterWriting
	TimeoutSaysRefused
	StrictTakesStandIns
	ForwardTriedTwice
	RepeatedForwardTaken

	// §4.5 get
	ReadShortOfR
	StrictReadsStandIns
	OneSiblingShown
	ContextWithoutTombstones

	// §4.4 versions
	ContextIgnored
	PutCoversUnseen
	DeleteCoversUnseen
	ClocksUndotted
	AncestorsKept
	ConcurrentDropped
	SiblingsUnbounded
	SiblingsLeftBehind
	ArrivalWins
	ContextTimeIgnored

	// §4.4 who may stamp what
	CounterReused
	EpochUnsaved
	IncarnationReused
	DistrustIgnored
	OldIncarnationTrusted

	// §4.3 replicas
	ReplicaReplaced
	TombstoneDropped
	TombstoneReaped

	// §4.6 hinted handoff
	HintUnwritten
	HintUnnamed
	HintReplaced
	HintDroppedOnSend
	HintDroppedOnSilence
	HintDroppedStale
	HintStuck
	HintsForgotten
	HintsScannedOnce
	HandoffReplaces

	// §5 read repair
	RepairNever
	RepairReplaces
	RepairTruncates
	RepairWithoutTombstones

	// §4.8 failure detection
	SuspectedForever
	NeverProbed
	ReturnUnnoticed

	// §4.7 anti-entropy
	RootsAlwaysSame
	NeverPushed
	SyncReplaces
	SyncTruncates
	FirstSiblingHashed
	TombstonesUnhashed
	TreeUntold
	TreeNotRegrown
	TreeNotPlanted
	RoundNeverOver
	TaskWaitsForever
	NeverScrubbed

	// §4.8, §4.9 membership
	RangeDroppedUnconfirmed
	LateWritesDropped
	ForeignKept
	ViewsUncompared

	// §5 persistence, and the driver's contract
	AckBeforePersist
	PendingUnread
	BatchTorn
	NumbersRestart

	Names // how many there are, and None
)

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

	// put
	AckShortOfW
	AckByCount
	RefusedAfterWriting
	TimeoutSaysRefused
	StrictTakesStandIns
	ForwardTriedTwice
	RepeatedForwardTaken
	PutContextWithoutDot
	PutContextOfSiblings
	ForwardWithoutContext
	ForeignContextTaken
	SiblingsOffByOne
	GoneNodeAcks

	// get
	ReadShortOfR
	StrictReadsStandIns
	OneSiblingShown
	HintsUnasked
	ContextWithoutTombstones
	LastAnswerUnmerged
	SiblingLeftOut
	PendingCounted
	HintsUnread
	ContextWithoutGaps
	ContextWithoutTime
	RequestNeverOver

	// versions
	ContextIgnored
	PutCoversUnseen
	DeleteCoversUnseen
	ClocksUndotted
	AncestorsKept
	ConcurrentDropped
	SiblingsUnbounded
	SiblingsLeftBehind
	ArrivalWins
	EarliestWins
	ContextTimeIgnored
	TieUndecided
	TieByLeastDot

	// who may stamp what
	CounterReused
	EpochUnsaved
	IncarnationReused
	DistrustIgnored
	OldIncarnationTrusted
	RunIgnored
	HintTookCounter
	CounterDropped
	FloorForgotten
	DamagedCounterTrusted

	// replicas
	ReplicaReplaced
	TombstoneDropped
	TombstoneReaped
	AncestorKept

	// hinted handoff
	HintUnwritten
	HintUnnamed
	HintReplaced
	HintDroppedOnSend
	HintDroppedOnSilence
	HintDroppedStale
	HintStuck
	HintsForgotten
	HintsScannedOnce
	OwnHintsUnbounded
	HintsUnbounded
	HandoffReplaces
	WindowsIgnored
	RehomedByHomesOnly

	// read repair
	RepairNever
	RepairReplaces
	RepairTruncates
	RepairWithoutTombstones

	// failure detection
	SuspectedForever
	NeverProbed
	ReturnUnnoticed

	// anti-entropy
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

	// membership
	RangeDroppedUnconfirmed
	LateWritesDropped
	ForeignKept
	ViewsUncompared
	RejoinsByItself // a removed node that has handed over all it has joins again, and nobody asked it to
	GoneHintsKept
	GoneHintsDropped
	RemovalForgotten // gossip brings a removed node back
	PendingForever   // whoever was given a range goes on waiting for it
	ChangeTooEarly
	ShorterHistoryIgnored

	// moving ranges
	SilentHomePassedOver
	RefusalIgnored
	WrapUnscanned
	WrapCutOff
	BucketsShifted
	LastKeysElsewhere
	GivenByOne
	PendingUnsaved

	// tombstones
	CollectedAtOnce // nobody is asked
	AbsentForgotten
	SilenceAgrees

	// persistence, and the driver's contract
	AckBeforePersist
	PendingUnread
	BatchTorn
	NumbersRestart

	Names // how many there are, and None
)

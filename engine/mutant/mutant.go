package mutant

// A Name is one bug.
type Name int

// The bugs, by mechanism. The registry describes each of them.
const (
	None Name = iota

	// put
	AckShortOfW
	AckByCount
	RefusedAfterWriting
	TimeoutSaysRefused
	StrictTakesFallbacks
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
	StrictReadsFallbacks
	FallbacksArePrimaries
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

	// counters and epochs
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
	TreeNotUpdated
	TreeNotRebuilt
	TreeNotBuilt
	RoundNeverOver
	TaskWaitsForever
	NeverScrubbed

	// membership
	RangeDroppedUnconfirmed
	LateWritesDropped
	ForeignKept
	ViewsUncompared
	RejoinsByItself
	GoneHintsKept
	GoneHintsDropped
	RemovalForgotten
	PendingForever
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
	CollectedAtOnce
	AbsentForgotten
	SilenceAgrees

	// persistence, and the driver's contract
	AckBeforePersist
	PendingUnread
	BatchTorn
	NumbersRestart

	Names // the number of bugs, None included
)

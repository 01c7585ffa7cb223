//go:build mutants

package mutant

// A Mutant is what is known of a bug.
type Mutant struct {
	Title  string
	Breaks []string // properties that it breaks; in a run of the simulator, one of them must fail
	Why    string   // what is broken
	Quick  bool     // found in few seeds, so that make mutants-quick looks for it
}

// All lists the bugs by Name; None is no bug.
func All() []Mutant { return registry[:] }

// The properties, as the simulator calls them.
var (
	p1, p2, p3, p5, p6   = "P1", "P2", "P3", "P5", "P6"
	p7, p8, p9, p10, p11 = "P7", "P8", "P9", "P10", "P11"
	p12, p13             = "P12", "P13"
)

var registry = [Names]Mutant{
	AckShortOfW:          {"ack-short-of-w", []string{p1}, "a put is acked when one replica less than W holds it", true},
	AckByCount:           {"ack-by-count", []string{p13}, "a repeated answer of one replica counts as that of another", false},
	RefusedAfterWriting:  {"refused-after-writing", []string{p8}, "a put that reaches too few nodes is written here, and refused", false},
	TimeoutSaysRefused:   {"timeout-says-refused", []string{p8}, "a put that may have been written is said to be refused", true},
	StrictTakesStandIns:  {"strict-takes-stand-ins", []string{p1}, "a strict put counts the acks of stand-ins", false},
	ForwardTriedTwice:    {"forward-tried-twice", []string{p2}, "a put is handed over again when its coordinator stays silent", true},
	RepeatedForwardTaken: {"repeated-forward-taken", []string{p2}, "a put that the network hands over twice is written twice", false},

	ReadShortOfR:             {"read-short-of-r", []string{p7}, "a get is answered when one replica less than R has answered", true},
	StrictReadsStandIns:      {"strict-reads-stand-ins", []string{p7}, "a strict get counts the answers of stand-ins", false},
	HintsUnasked:             {"hints-unasked", []string{p7}, "a get says that there is nothing without asking who may keep hints", false},
	OneSiblingShown:          {"one-sibling-shown", []string{p1}, "a get shows one sibling, and its context covers all", true},
	ContextWithoutTombstones: {"context-without-tombstones", []string{p2}, "the context of a get does not cover the deletes that it saw", false},

	ContextIgnored:     {"context-ignored", []string{p2}, "a put does not supersede what its context covers", true},
	PutCoversUnseen:    {"put-covers-unseen", []string{p1}, "a put supersedes all that its coordinator holds, seen or not", true},
	DeleteCoversUnseen: {"delete-covers-unseen", []string{p1}, "a delete supersedes all that its coordinator holds, seen or not", false},
	ClocksUndotted:     {"clocks-undotted", []string{p1}, "a put supersedes all that its coordinator stamped before, as with plain vector clocks", true},
	AncestorsKept:      {"ancestors-kept", []string{p2}, "merging keeps versions that others supersede", true},
	ConcurrentDropped:  {"concurrent-dropped", []string{p1}, "merging keeps the latest of concurrent versions only", false},
	SiblingsUnbounded:  {"siblings-unbounded", []string{p13}, "a coordinator adds siblings without end", true},
	SiblingsLeftBehind: {"siblings-left-behind", []string{p1}, "a new version travels without its siblings", false},
	ArrivalWins:        {"arrival-wins", []string{p1, p3, p5}, "under last write wins the version that comes last wins", false},
	EarliestWins:       {"earliest-wins", []string{p1, p3}, "under last write wins the earliest of concurrent versions wins", true},
	ContextTimeIgnored: {"context-time-ignored", []string{p1, p3}, "under last write wins a put can be older than what it was put over", false},

	CounterReused:         {"counter-reused", []string{p6}, "a coordinator that lost its counter for a key begins again at 1 in the same epoch", true},
	EpochUnsaved:          {"epoch-unsaved", []string{p6}, "how many epochs were begun is forgotten in a crash", false},
	IncarnationReused:     {"incarnation-reused", []string{p6}, "a wiped disk takes the incarnation that it had", true},
	DistrustIgnored:       {"distrust-ignored", []string{p6}, "a disk that lost its tail goes on with the counters it has", false},
	OldIncarnationTrusted: {"old-incarnation-trusted", []string{p6}, "a counter of an earlier incarnation is counted on", false},
	RunIgnored:            {"run-ignored", []string{p6}, "a disk that is older than the latest run of its node goes on counting", false},
	HintTookCounter:       {"hint-took-counter", []string{p6}, "the counter of a key goes home with the hint, and the next put counts from 1", true},
	CounterDropped:        {"counter-dropped", []string{p6}, "the counter of a key goes with its record, and the next put counts from 1", true},
	FloorForgotten:        {"floor-forgotten", []string{p6}, "counters beyond the limit are dropped and leave no floor", false},
	DamagedCounterTrusted: {"damaged-counter-trusted", []string{p6}, "a damaged record is mended, and its key counts from 1", false},

	ReplicaReplaced:  {"replica-replaced", []string{p1}, "a replica that comes takes the place of what is there", true},
	TombstoneDropped: {"tombstone-dropped", []string{p1, p3}, "a replica keeps no tombstone", false},
	TombstoneReaped:  {"tombstone-reaped", []string{p3, p5}, "a tombstone goes when it is repaired or handed over", false},

	HintUnwritten:        {"hint-unwritten", []string{p1}, "a stand-in acks, and keeps nothing", true},
	HintUnnamed:          {"hint-unnamed", []string{p1, p5}, "a stand-in is not told for whom it keeps the replica", false},
	HintReplaced:         {"hint-replaced", []string{p1}, "a second hint for a key takes the place of the first", true},
	HintDroppedOnSend:    {"hint-dropped-on-send", []string{p9, p1}, "a hint is dropped when it is sent", true},
	HintDroppedOnSilence: {"hint-dropped-on-silence", []string{p9, p1}, "a hint is dropped though its home did not answer", false},
	HintDroppedStale:     {"hint-dropped-stale", []string{p9, p1}, "a hint that changed while it was under way is dropped all the same", false},
	HintStuck:            {"hint-stuck", []string{p5}, "a hint whose home did not answer counts as under way for ever", false},
	HintsForgotten:       {"hints-forgotten", []string{p5}, "a node that starts does not look for its hints", false},
	HintsUnbounded:       {"hints-unbounded", []string{p13}, "a node stands in however many hints it keeps", false},
	HintsScannedOnce:     {"hints-scanned-once", []string{p5}, "the hint store is scanned once, and not again", true},
	HandoffReplaces:      {"handoff-replaces", []string{p1}, "what is handed over takes the place of what the home holds", false},

	RepairNever:             {"repair-never", []string{p5}, "reads mend nothing", true},
	RepairReplaces:          {"repair-replaces", []string{p1}, "read repair takes the place of what was written meanwhile", false},
	RepairTruncates:         {"repair-truncates", []string{p2}, "read repair truncates clocks", true},
	RepairWithoutTombstones: {"repair-without-tombstones", []string{p5}, "read repair leaves tombstones out", false},

	SuspectedForever: {"suspected-forever", []string{p5}, "a suspected peer is never trusted again by what it answers", false},
	NeverProbed:      {"never-probed", []string{p5}, "a suspected peer is not asked again", true},
	ReturnUnnoticed:  {"return-unnoticed", []string{p5}, "a new connection does not end the belief that a peer is gone", false},

	RootsAlwaysSame:    {"roots-always-same", []string{p5}, "a home says that its tree is the same, whatever it is asked", true},
	NeverPushed:        {"never-pushed", []string{p5, p11}, "a round pulls, and pushes nothing", false},
	SyncReplaces:       {"sync-replaces", []string{p1}, "what anti-entropy brings takes the place of what is there", true},
	SyncTruncates:      {"sync-truncates", []string{p2}, "anti-entropy truncates clocks", false},
	FirstSiblingHashed: {"first-sibling-hashed", []string{p5}, "a tree hashes the first sibling of a key", false},
	TombstonesUnhashed: {"tombstones-unhashed", []string{p5, p11}, "a tree hashes no tombstones", false},
	TreeUntold:         {"tree-untold", []string{p10}, "a tree is not told of what was handed over", true},
	TreeNotRegrown:     {"tree-not-regrown", []string{p10}, "a tree is told that a damaged record was none", false},
	TreeNotPlanted:     {"tree-not-planted", []string{p10}, "a node that starts does not grow its trees", true},
	RoundNeverOver:     {"round-never-over", []string{p5, p12}, "a round that failed counts as running for ever", false},
	TaskWaitsForever:   {"task-waits-forever", []string{p5, p12}, "a range that was compared with a home is not compared with it again", false},
	NeverScrubbed:      {"never-scrubbed", []string{p5}, "nobody looks for records that rot", false},

	RangeDroppedUnconfirmed: {"range-dropped-unconfirmed", []string{p11}, "a range is dropped when one of its homes has it", true},
	LateWritesDropped:       {"late-writes-dropped", []string{p11}, "a range is dropped with what was written while it was handed over", false},
	ForeignKept:             {"foreign-kept", []string{p12}, "a node keeps a range that is not its own any more", false},
	ViewsUncompared:         {"views-uncompared", []string{p12}, "nodes do not notice that they know different rings", true},

	RejoinsByItself:  {"rejoins-by-itself", []string{p12}, "a node that was removed, and has nothing any more, joins again by itself", true},
	GoneHintsKept:    {"gone-hints-kept", []string{p5, p12}, "hints for a node that is gone stay where they are", false},
	GoneHintsDropped: {"gone-hints-dropped", []string{p1, p9}, "hints for a node that is gone are dropped", false},
	RemovalForgotten: {"removal-forgotten", []string{p12}, "a node that learns of changes forgets who was removed", false},
	PendingForever:   {"pending-forever", []string{p12}, "a new home never believes that it was given its range", false},

	CollectedAtOnce: {"collected-at-once", []string{p3, p5}, "a tombstone is collected by whoever finds it, without a question to anybody", false},

	AckBeforePersist: {"ack-before-persist", []string{p1}, "acks leave before the disk has the batch", true},
	PendingUnread:    {"pending-unread", []string{p6, p1}, "a node does not see what its turn has written and the disk has not", true},
	BatchTorn:        {"batch-torn", []string{p6, p10, p1}, "half a batch survives a crash", false},
	NumbersRestart:   {"numbers-restart", []string{p5}, "a node's messages are numbered from 1 in each life", false},

	LastAnswerUnmerged:    {"last-answer-unmerged", []string{p7}, "a get leaves out what the last of its answers says", true},
	SiblingLeftOut:        {"sibling-left-out", []string{p7}, "a get of more than two siblings shows all but one, and its context does not cover that one", true},
	PendingCounted:        {"pending-counted", []string{p7}, "homes that were not given their range yet count toward R", false},
	HintsUnread:           {"hints-unread", []string{p7}, "a node that is asked for a key leaves out what it keeps for others", true},
	ContextWithoutGaps:    {"context-without-gaps", []string{p6}, "the context of a get covers events between those that it saw", true},
	ContextWithoutTime:    {"context-without-time", []string{p6, p1}, "the context of a get has no time", true},
	RequestNeverOver:      {"request-never-over", []string{p13}, "a get that had no quorum counts as being worked on for ever", true},
	PutContextWithoutDot:  {"put-context-without-dot", []string{p6}, "the context of a put does not cover the put", true},
	PutContextOfSiblings:  {"put-context-of-siblings", []string{p6}, "the context of a put covers siblings that its client has not seen", true},
	ForwardWithoutContext: {"forward-without-context", []string{p6, p2}, "a put that is handed over loses its context", true},
	ForeignContextTaken:   {"foreign-context-taken", []string{p6}, "a context of any key of the same length is taken", true},
	SiblingsOffByOne:      {"siblings-off-by-one", []string{p13}, "a coordinator adds one sibling too many", true},
	GoneNodeAcks:          {"gone-node-acks", []string{p1}, "a node that has left takes replicas, and keeps none", false},
	AncestorKept:          {"ancestor-kept", []string{p2}, "a replica that comes is added to what is there, even if one of them supersedes the other", true},
	WindowsIgnored:        {"windows-ignored", []string{p13}, "hints, pushes and rounds go all at once", true},
	RehomedByHomesOnly:    {"rehomed-by-homes-only", []string{p9, p1}, "hints for a node that is gone are dropped by nodes that are no home of the key", false},
	SilentHomePassedOver:  {"silent-home-passed-over", []string{p11}, "a range is dropped although one of its homes cannot be reached", false},
	RefusalIgnored:        {"refusal-ignored", []string{p11}, "a transfer counts as done though the new home did not take all of it", false},
	WrapUnscanned:         {"wrap-unscanned", []string{p10, p11, p12}, "a scan of a range that wraps around zero ends there", true},
	WrapCutOff:            {"wrap-cut-off", []string{p10}, "the buckets of a tree end at zero", true},
	BucketsShifted:        {"buckets-shifted", []string{p10}, "the buckets of a tree are counted from the wrong end of a range that wraps around zero", true},
	LastKeysElsewhere:     {"last-keys-elsewhere", []string{p10}, "keys beyond the last token belong to the last range", true},
	GivenByOne:            {"given-by-one", []string{p11, p7}, "a new home counts as given its range once one of its predecessors handed it over", false},
	PendingUnsaved:        {"pending-unsaved", []string{p11, p7}, "a crash makes a new home forget that it was not given its range yet", false},
	OwnHintsUnbounded:     {"own-hints-unbounded", []string{p13}, "a coordinator stands in however many hints it keeps", false},
	ChangeTooEarly:        {"change-too-early", []string{p12}, "a change is written down at a time before others that its writer knows", false},
	ShorterHistoryIgnored: {"shorter-history-ignored", []string{p12}, "a node learns from histories only that are longer than its own", false},
	AbsentForgotten:       {"absent-forgotten", []string{p3}, "a tombstone is collected while a node is away that was removed by force", false},
	SilenceAgrees:         {"silence-agrees", []string{p3, p5}, "whoever does not answer agrees that a tombstone is collected", false},
	TieUndecided:          {"tie-undecided", []string{p5, p7}, "of two versions of one time the one that was there first wins", false},
	TieByLeastDot:         {"tie-by-least-dot", []string{p5, p7, p1}, "a replica prefers the lesser dot of two versions of one time", false},
}

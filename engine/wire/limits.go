package wire

import "errors"

// Limits of messages. A decoder checks the limits of single fields before it allocates memory. A
// coordinator checks the limits of a whole key before it writes.
const (
	MaxKey      = 4 << 10  // bytes of a key; longer keys are file contents by mistake
	MaxValue    = 1 << 20  // bytes of a value; §2: "usually less than 1 MB"
	MaxMeta     = 64 << 10 // bytes of what the application stores beside a value
	MaxRecord   = 8 << 20  // bytes of all values of a key to which a coordinator still adds a version
	MaxSiblings = 64       // versions of a key to which a coordinator still adds one
	MaxMerged   = 1024     // versions of a key in a replica; many coordinators may add versions at once
	MaxClock    = 1 << 10  // entries of one clock
	MaxFrame    = 64 << 20 // bytes of a frame's payload; one key takes at most half of it
	MaxName     = 32       // bytes of a node's name (see ValidName)

	MaxSyncNodes   = 64   // nodes of a Merkle tree that one message asks about
	MaxSyncHashes  = 1024 // hashes in one message: those of four levels below MaxSyncNodes nodes
	MaxSyncEntries = 256  // keys with their versions in one message
	MaxSyncDepth   = 16   // levels of a Merkle tree below its root

	MaxListed = 2048        // keys in one page of a list; the longest keys take 8 MiB
	MaxCursor = 16 + MaxKey // bytes of the place in a store at which a page begins

	MaxTombstones = 256 // keys that one Collect asks about; the longest keys take 1 MiB

	// MaxToken bounds the bytes of a context token. A clock of MaxClock entries with the longest
	// names and counters, and with times, takes 67 KiB.
	MaxToken = 72 << 10
	// MaxNodes bounds lists of nodes, and R and W of a quorum.
	MaxNodes = 1 << 10
	// MaxText bounds the bytes of an error message. Encoders cut longer ones.
	MaxText = 1 << 10
)

// ErrTooLarge is wrapped by the errors for what exceeds a limit and is well formed otherwise.
var ErrTooLarge = errors.New("too large")

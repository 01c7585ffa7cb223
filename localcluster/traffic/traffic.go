package traffic

import (
	"sync/atomic"

	"ringside/engine/wire"
)

// A Mechanism is what a message is sent for.
type Mechanism int

// The mechanisms.
const (
	Client           Mechanism = iota // requests of clients and their replies (§4.1)
	Forwarding                        // puts on their way to a home, and their answers (§4.5)
	Reads                             // a get's questions to replicas and the answers (§4.5)
	Writes                            // a put's replicas for homes (§4.5)
	Hints                             // a put's replicas for fallbacks (§4.6)
	Acknowledgements                  // of all replicas that were written
	ReadRepair                        // (§5)
	Handoff                           // hints that go home (§4.6)
	AntiEntropy                       // (§4.7)
	Transfer                          // key ranges on their way to new homes (§4.9)
	Gossip                            // of the membership (§4.8.1)
	Probes                            // of the failure detector and before forwarding (§4.8.3)
	Tombstones                        // their collection
	mechanisms
)

// names are the names of the mechanisms in metrics.
var names = [mechanisms]string{
	Client: "client", Forwarding: "forwarding", Reads: "reads", Writes: "writes", Hints: "hints",
	Acknowledgements: "acknowledgements", ReadRepair: "read_repair", Handoff: "handoff", AntiEntropy: "anti_entropy",
	Transfer: "transfer", Gossip: "gossip", Probes: "probes", Tombstones: "tombstones",
}

// String returns the name of the mechanism.
func (m Mechanism) String() string { return names[m] }

// A Counter counts bytes, frame headers not included. The zero Counter has counted none, and a nil
// one counts none. Its methods may be called by any goroutine.
type Counter struct{ bytes [mechanisms]atomic.Int64 }

// Add counts bytes of a mechanism.
func (c *Counter) Add(m Mechanism, bytes int) {
	if c != nil {
		c.bytes[m].Add(int64(bytes))
	}
}

// Bytes returns the bytes so far, by the name of the mechanism. It has all mechanisms.
func (c *Counter) Bytes() map[string]int64 {
	out := make(map[string]int64, mechanisms)
	for m := range mechanisms {
		out[m.String()] = c.bytes[m].Load()
	}
	return out
}

// Of returns the mechanism of a message between nodes.
func Of(body wire.Body) Mechanism {
	switch b := body.(type) {
	case wire.Ping, wire.Pong:
		return Probes
	case wire.Read, wire.ReadReply:
		return Reads
	case wire.Write:
		return ofWrite(b)
	case wire.WriteReply:
		return Acknowledgements
	case wire.Forward, wire.ForwardReply:
		return Forwarding
	case wire.Sync, wire.SyncReply:
		return AntiEntropy
	case wire.Offer, wire.OfferReply:
		return Transfer
	case wire.Gossip:
		return Gossip
	}
	return Tombstones
}

func ofWrite(w wire.Write) Mechanism {
	switch w.Purpose {
	case wire.Handoff:
		return Handoff
	case wire.ReadRepair:
		return ReadRepair
	case wire.AntiEntropy:
		return AntiEntropy
	case wire.Transfer:
		return Transfer
	}
	if w.For != "" {
		return Hints
	}
	return Writes
}

package traffic

import (
	"testing"

	"ringside/engine/wire"
)

// Each message counts for one mechanism, and each mechanism has a name.
func TestMechanisms(t *testing.T) {
	for want, bodies := range map[Mechanism][]wire.Body{
		Reads: {wire.Read{}, wire.ReadReply{}}, Writes: {wire.Write{}}, Hints: {wire.Write{For: "n1"}},
		Handoff: {wire.Write{Purpose: wire.Handoff}}, ReadRepair: {wire.Write{Purpose: wire.ReadRepair}},
		AntiEntropy: {wire.Write{Purpose: wire.AntiEntropy}, wire.Sync{}, wire.SyncReply{}},
		Transfer:    {wire.Write{Purpose: wire.Transfer}, wire.Offer{}, wire.OfferReply{}},
		Probes:      {wire.Ping{}, wire.Pong{}}, Gossip: {wire.Gossip{}}, Acknowledgements: {wire.WriteReply{}},
		Forwarding: {wire.Forward{}, wire.ForwardReply{}}, Tombstones: {wire.Collect{}, wire.CollectReply{}},
	} {
		for _, b := range bodies {
			if got := Of(b); got != want {
				t.Errorf("%T counts for %s, want %s", b, got, want)
			}
		}
	}
	var c Counter
	c.Add(Hints, 3)
	c.Add(Hints, 4)
	(*Counter)(nil).Add(Hints, 5)
	if got := c.Bytes(); got["hints"] != 7 || len(got) != int(mechanisms) {
		t.Errorf("%v", got)
	}
}

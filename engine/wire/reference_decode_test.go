package wire

import (
	"errors"
	"fmt"
	"math"

	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// The FromPB functions move the memory of their arguments into their results. They do not check
// limits; the check functions do. An absent sub-message counts as an empty one.

func messageFromPB(p *wirepb.Message) (Message, error) {
	m := Message{From: p.From, To: p.To, Request: p.Request, Op: p.Op, Digest: p.View}
	var err error
	switch b := p.Body.(type) {
	case *wirepb.Message_Ping:
		m.Body = Ping{}
	case *wirepb.Message_Pong:
		m.Body = Pong{}
	case *wirepb.Message_Read:
		m.Body = Read{Key: bytesFromPB(b.Read.GetKey())}
	case *wirepb.Message_ReadReply:
		var s, lost vclock.Siblings
		if s, err = siblingsFromPB(b.ReadReply.GetSiblings()); err == nil {
			lost, err = siblingsFromPB(b.ReadReply.GetLost())
		}
		m.Body = ReadReply{
			Lost: lost, Err: codeFromPB(b.ReadReply.GetErr()), Siblings: s, LWW: b.ReadReply.GetLww(),
			Home: b.ReadReply.GetHome(), Ask: b.ReadReply.GetAsk(), Returned: b.ReadReply.GetReturned(),
		}
	case *wirepb.Message_Write:
		m.Body, err = writeFromPB(b.Write)
	case *wirepb.Message_WriteReply:
		m.Body = WriteReply{Err: codeFromPB(b.WriteReply.GetErr())}
	case *wirepb.Message_Forward:
		m.Body = Forward{Put: putFromPB(b.Forward.GetPut())}
	case *wirepb.Message_ForwardReply:
		var r PutReply
		r, err = putReplyFromPB(b.ForwardReply.GetReply())
		m.Body = ForwardReply{Reply: r}
	case *wirepb.Message_Sync:
		m.Body, err = syncFromPB(b.Sync)
	case *wirepb.Message_SyncReply:
		m.Body, err = syncReplyFromPB(b.SyncReply)
	case *wirepb.Message_Gossip:
		m.Body = Gossip{Changes: changesFromPB(b.Gossip.GetChanges()), Ask: b.Gossip.GetAsk()}
	case *wirepb.Message_Offer:
		m.Body, err = offerFromPB(b.Offer)
	case *wirepb.Message_OfferReply:
		m.Body = OfferReply{
			Err: codeFromPB(b.OfferReply.GetErr()), Answer: OfferAnswer(smallPB(b.OfferReply.GetAnswer())),
			From: b.OfferReply.GetFrom(),
		}
	case *wirepb.Message_Collect:
		m.Body = collectFromPB(b.Collect)
	case *wirepb.Message_CollectReply:
		r := CollectReply{Err: codeFromPB(b.CollectReply.GetErr())}
		for _, a := range b.CollectReply.GetAnswers() {
			r.Answers = append(r.Answers, CollectAnswer(smallPB(a)))
		}
		m.Body = r
	case *wirepb.Message_Keys:
		m.Body = Keys{Prefix: bytesFromPB(b.Keys.GetPrefix()), From: bytesFromPB(b.Keys.GetFrom())}
	case *wirepb.Message_KeysReply:
		m.Body = KeysReply{
			Err: codeFromPB(b.KeysReply.GetErr()), Keys: listedFromPB(b.KeysReply.GetKeys()),
			Next: bytesFromPB(b.KeysReply.GetNext()),
		}
	default:
		err = errors.New("no body")
	}
	return m, err
}

func listedFromPB(p []*wirepb.ListedKey) (keys []ListedKey) {
	for _, k := range p {
		keys = append(keys, ListedKey{Key: bytesFromPB(k.GetKey()), Deleted: k.GetDeleted()})
	}
	return keys
}

func collectFromPB(p *wirepb.Collect) Collect {
	c := Collect{Batch: p.GetBatch(), Phase: CollectPhase(smallPB(p.GetPhase()))}
	for _, t := range p.GetTombstones() {
		c.Tombstones = append(c.Tombstones, Tombstone{Key: bytesFromPB(t.GetKey()), State: t.GetState()})
	}
	return c
}

func syncFromPB(p *wirepb.Sync) (Sync, error) {
	s := Sync{
		Depth: countPB(p.GetDepth()), Ask: SyncAsk(smallPB(p.GetAsk())), Level: countPB(p.GetLevel()),
		Nodes: p.GetNodes(), Root: p.GetRoot(), Hashes: p.GetHashes(),
	}
	var err error
	s.Start, s.End, err = spanFromPB(p.GetStart(), p.GetEnd())
	return s, err
}

func spanFromPB(from, to []byte) (start, end [16]byte, err error) {
	if len(from) != len(start) || len(to) != len(end) {
		return start, end, fmt.Errorf("a range from %d bytes to %d, want %d each", len(from), len(to), len(start))
	}
	copy(start[:], from)
	copy(end[:], to)
	return start, end, nil
}

func offerFromPB(p *wirepb.Offer) (Offer, error) {
	o := Offer{
		Depth: countPB(p.GetDepth()), Phase: OfferPhase(smallPB(p.GetPhase())),
		Keys: int(min(p.GetKeys(), math.MaxInt32)), Size: int(min(p.GetSize(), math.MaxInt32)), From: p.GetFrom(),
	}
	var err error
	o.Start, o.End, err = spanFromPB(p.GetStart(), p.GetEnd())
	return o, err
}

func changesFromPB(p []*wirepb.Change) member.History {
	var h member.History
	for _, c := range p {
		h = append(h, member.Change{
			Time: int64(c.GetTime()), By: c.GetBy(), Node: c.GetNode(), Kind: member.Kind(smallPB(c.GetKind())),
			Weight: countPB(c.GetWeight()), Zone: c.GetZone(),
		})
	}
	return h
}

func syncReplyFromPB(p *wirepb.SyncReply) (SyncReply, error) {
	r := SyncReply{
		Err: codeFromPB(p.GetErr()), Same: p.GetSame(), Hashes: p.GetHashes(),
		Size: int(min(p.GetSize(), math.MaxInt32)),
	}
	for _, e := range p.GetEntries() {
		if e.GetFor() != "" || e.GetPurpose() != 0 || e.GetLazy() {
			return r, errors.New("an entry that is more than a key and its siblings")
		}
		s, err := siblingsFromPB(e.GetSiblings())
		if err != nil {
			return r, err
		}
		r.Entries = append(r.Entries, Entry{Key: bytesFromPB(e.GetKey()), Siblings: s, LWW: e.GetLww()})
	}
	return r, nil
}

func writeFromPB(p *wirepb.Write) (Write, error) {
	s, err := siblingsFromPB(p.GetSiblings())
	return Write{
		Key: bytesFromPB(p.GetKey()), Siblings: s, LWW: p.GetLww(),
		For: p.GetFor(), Purpose: Purpose(smallPB(p.GetPurpose())), Lazy: p.GetLazy(),
	}, err
}

func getFromPB(p *wirepb.GetRequest) GetRequest {
	return GetRequest{
		Request: p.GetRequest(), Key: bytesFromPB(p.GetKey()), Quorum: quorumFromPB(p.GetQuorum()),
		Digest: p.GetView(), NoRepair: p.GetNoRepair(),
	}
}

func putFromPB(p *wirepb.PutRequest) PutRequest {
	return PutRequest{
		Request: p.GetRequest(), Key: bytesFromPB(p.GetKey()), Context: bytesFromPB(p.GetContext()),
		Value: bytesFromPB(p.GetValue()), Delete: p.GetDelete(), Quorum: quorumFromPB(p.GetQuorum()),
		Balanced: p.GetBalanced(), Digest: p.GetView(), Meta: bytesFromPB(p.GetMeta()), Overwrite: p.GetOverwrite(),
		Blind: p.GetBlind(),
	}
}

func quorumFromPB(p *wirepb.Quorum) Quorum {
	return Quorum{R: countPB(p.GetR()), W: countPB(p.GetW()), Strict: p.GetStrict(), PR: countPB(p.GetPr()), PW: countPB(p.GetPw()), N: countPB(p.GetN())}
}

func getReplyFromPB(p *wirepb.GetReply) (GetReply, error) {
	s, err := siblingsFromPB(p.GetSiblings())
	if err != nil {
		return GetReply{}, err
	}
	dead, err := siblingsFromPB(p.GetTombstones())
	if err != nil {
		return GetReply{}, err
	}
	lost, err := siblingsFromPB(p.GetLost())
	if err != nil {
		return GetReply{}, err
	}
	r := GetReply{
		Request: p.GetRequest(), Err: codeFromPB(p.GetErr()), Message: p.GetMessage(),
		Siblings: s, Tombstones: dead, Context: bytesFromPB(p.GetContext()),
		Coordinator: p.GetCoordinator(), Replied: p.GetReplied(), Digest: p.GetView(),
		Missing: p.GetMissing(), Lost: lost, Primaries: countPB(p.GetPrimaries()),
	}
	return r, first(checkSize("message", len(r.Message), MaxText), checkGetReply(&r))
}

func membershipReplyFromPB(p *wirepb.MembershipReply) (MembershipReply, error) {
	r := MembershipReply{
		Request: p.GetRequest(), Err: codeFromPB(p.GetErr()), Message: p.GetMessage(),
		Digest: p.GetView(), Changes: changesFromPB(p.GetChanges()),
	}
	return r, first(checkSize("message", len(r.Message), MaxText), checkMembershipReply(&r))
}

func listReplyFromPB(p *wirepb.ListReply) (ListReply, error) {
	r := ListReply{
		Request: p.GetRequest(), Err: codeFromPB(p.GetErr()), Message: p.GetMessage(), Missing: p.GetMissing(),
		Keys: listedFromPB(p.GetKeys()), After: bytesFromPB(p.GetAfter()), More: p.GetMore(),
	}
	return r, first(checkSize("message", len(r.Message), MaxText), checkListReply(&r))
}

func forgetReplyFromPB(p *wirepb.ForgetReply) (ForgetReply, error) {
	r := ForgetReply{
		Request: p.GetRequest(), Err: codeFromPB(p.GetErr()), Message: p.GetMessage(),
		Forgotten: p.GetForgotten(), Live: p.GetLive(),
	}
	return r, first(checkSize("message", len(r.Message), MaxText), checkReply(r))
}

func putReplyFromPB(p *wirepb.PutReply) (PutReply, error) {
	lostTo, err := siblingsFromPB(p.GetLostTo())
	if err != nil {
		return PutReply{}, err
	}
	r := PutReply{
		Request: p.GetRequest(), Err: codeFromPB(p.GetErr()), Message: p.GetMessage(), Unknown: p.GetUnknown(),
		Siblings: countPB(p.GetSiblings()), Deletes: countPB(p.GetDeletes()), Missing: p.GetMissing(),
		Primaries: countPB(p.GetPrimaries()),
		Context:   bytesFromPB(p.GetContext()), Coordinator: p.GetCoordinator(), Acks: p.GetAcks(), Digest: p.GetView(),
		LostTo: lostTo,
	}
	if v := p.GetVersion(); v != nil {
		if err := versionFromPB(v, &r.Version); err != nil {
			return PutReply{}, err
		}
	}
	for _, h := range p.GetHinted() {
		r.Hinted = append(r.Hinted, Hint{Holder: h.GetHolder(), For: h.GetFor()})
	}
	return r, first(checkSize("message", len(r.Message), MaxText), checkPutReply(&r))
}

func siblingsFromPB(p []*wirepb.Version) (vclock.Siblings, error) {
	if len(p) == 0 {
		return nil, nil
	}
	out := make(vclock.Siblings, len(p))
	for i, v := range p {
		if err := versionFromPB(v, &out[i]); err != nil {
			return nil, fmt.Errorf("sibling %d: %w", i, err)
		}
	}
	return out, nil
}

func versionFromPB(p *wirepb.Version, v *vclock.Version) error {
	past, err := clockFromPB(p.GetPast())
	*v = vclock.Version{
		Dot:  vclock.Dot{Actor: vclock.Actor{Node: p.GetNode(), Epoch: p.GetEpoch()}, Counter: p.GetCounter()},
		Past: past, Value: bytesFromPB(p.GetValue()), Deleted: p.GetDeleted(), Time: int64(p.GetTime()),
		Request: p.GetRequest(), Literal: p.GetLiteral(), Meta: bytesFromPB(p.GetMeta()),
	}
	return err
}

func clockFromPB(p *wirepb.Clock) (vclock.Clock, error) {
	n := len(p.GetNode())
	from, times := len(p.GetFrom()), len(p.GetTime())
	if len(p.GetEpoch()) != n || len(p.GetCounter()) != n || from != 0 && from != n || times != 0 && times != n {
		return nil, fmt.Errorf("clock: columns of %d, %d, %d, %d and %d entries",
			n, len(p.GetEpoch()), len(p.GetCounter()), from, times)
	}
	if n == 0 {
		return nil, nil
	}
	c := make(vclock.Clock, n)
	for i := range c {
		c[i] = vclock.Entry{Actor: vclock.Actor{Node: p.Node[i], Epoch: p.Epoch[i]}, Counter: p.Counter[i]}
		if from > 0 {
			c[i].From = p.From[i]
		}
		if times > 0 {
			c[i].Time = int64(p.Time[i])
		}
	}
	return c, nil
}

// bytesFromPB returns b, or nil if b is empty.
func bytesFromPB(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// codeFromPB returns the code c. A number that does not fit in a byte gives an invalid code.
func codeFromPB(c uint32) Code { return Code(smallPB(c)) }

func smallPB(n uint32) uint8 { return small(uint64(n)) }
func countPB(n uint32) int   { return count(uint64(n)) }

package wire

import (
	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// The ToPB functions expect checked values. Their results share memory with the arguments and are
// only used until they are marshaled.

func messageToPB(m Message) *wirepb.Message {
	p := &wirepb.Message{From: m.From, To: m.To, Request: m.Request, Op: m.Op, View: m.Digest}
	switch b := m.Body.(type) {
	case Ping:
		p.Body = &wirepb.Message_Ping{Ping: &wirepb.Ping{}}
	case Pong:
		p.Body = &wirepb.Message_Pong{Pong: &wirepb.Pong{}}
	case Read:
		p.Body = &wirepb.Message_Read{Read: &wirepb.Read{Key: b.Key}}
	case ReadReply:
		p.Body = &wirepb.Message_ReadReply{ReadReply: &wirepb.ReadReply{
			Err: uint32(b.Err), Siblings: siblingsToPB(b.Siblings), Lww: b.LWW, Home: b.Home, Ask: b.Ask,
			Returned: b.Returned, Lost: siblingsToPB(b.Lost),
		}}
	case Write:
		p.Body = &wirepb.Message_Write{Write: &wirepb.Write{
			Key: b.Key, Siblings: siblingsToPB(b.Siblings), Lww: b.LWW, For: b.For, Purpose: uint32(b.Purpose),
			Lazy: b.Lazy,
		}}
	case WriteReply:
		p.Body = &wirepb.Message_WriteReply{WriteReply: &wirepb.WriteReply{Err: uint32(b.Err)}}
	case Forward:
		p.Body = &wirepb.Message_Forward{Forward: &wirepb.Forward{Put: putToPB(b.Put)}}
	case ForwardReply:
		p.Body = &wirepb.Message_ForwardReply{ForwardReply: &wirepb.ForwardReply{Reply: putReplyToPB(b.Reply)}}
	case Sync:
		p.Body = &wirepb.Message_Sync{Sync: syncToPB(b)}
	case SyncReply:
		p.Body = &wirepb.Message_SyncReply{SyncReply: syncReplyToPB(b)}
	case Gossip:
		p.Body = &wirepb.Message_Gossip{Gossip: &wirepb.Gossip{Changes: changesToPB(b.Changes), Ask: b.Ask}}
	case Offer:
		p.Body = &wirepb.Message_Offer{Offer: &wirepb.Offer{
			Start: b.Start[:], End: b.End[:], Depth: uint32(b.Depth), Phase: uint32(b.Phase),
			Keys: uint64(b.Keys), Size: uint64(b.Size), From: b.From,
		}}
	case OfferReply:
		p.Body = &wirepb.Message_OfferReply{OfferReply: &wirepb.OfferReply{
			Err: uint32(b.Err), Answer: uint32(b.Answer), From: b.From,
		}}
	case Collect:
		p.Body = &wirepb.Message_Collect{Collect: collectToPB(b)}
	case CollectReply:
		r := &wirepb.CollectReply{Err: uint32(b.Err)}
		for _, a := range b.Answers {
			r.Answers = append(r.Answers, uint32(a))
		}
		p.Body = &wirepb.Message_CollectReply{CollectReply: r}
	case Keys:
		p.Body = &wirepb.Message_Keys{Keys: &wirepb.Keys{Prefix: b.Prefix, From: b.From}}
	case KeysReply:
		p.Body = &wirepb.Message_KeysReply{KeysReply: &wirepb.KeysReply{
			Err: uint32(b.Err), Keys: listedToPB(b.Keys), Next: b.Next,
		}}
	}
	return p
}

func listedToPB(keys []ListedKey) (out []*wirepb.ListedKey) {
	for _, k := range keys {
		out = append(out, &wirepb.ListedKey{Key: k.Key, Deleted: k.Deleted})
	}
	return out
}

func collectToPB(b Collect) *wirepb.Collect {
	p := &wirepb.Collect{Batch: b.Batch, Phase: uint32(b.Phase)}
	for _, t := range b.Tombstones {
		p.Tombstones = append(p.Tombstones, &wirepb.Tombstone{Key: t.Key, State: t.State})
	}
	return p
}

func syncToPB(b Sync) *wirepb.Sync {
	return &wirepb.Sync{
		Start: b.Start[:], End: b.End[:], Depth: uint32(b.Depth), Ask: uint32(b.Ask), Level: uint32(b.Level),
		Nodes: b.Nodes, Root: b.Root, Hashes: b.Hashes,
	}
}

func syncReplyToPB(b SyncReply) *wirepb.SyncReply {
	p := &wirepb.SyncReply{Err: uint32(b.Err), Same: b.Same, Hashes: b.Hashes, Size: uint64(b.Size)}
	for _, e := range b.Entries {
		p.Entries = append(p.Entries, &wirepb.Write{Key: e.Key, Siblings: siblingsToPB(e.Siblings), Lww: e.LWW})
	}
	return p
}

func changesToPB(h member.History) []*wirepb.Change {
	var out []*wirepb.Change
	for _, c := range h {
		out = append(out, &wirepb.Change{
			Time: uint64(c.Time), By: c.By, Node: c.Node, Kind: uint32(c.Kind), Weight: uint32(c.Weight), Zone: c.Zone,
		})
	}
	return out
}

func getToPB(r GetRequest) *wirepb.GetRequest {
	return &wirepb.GetRequest{
		Request: r.Request, Key: r.Key, Quorum: quorumToPB(r.Quorum), View: r.Digest, NoRepair: r.NoRepair,
	}
}

func putToPB(r PutRequest) *wirepb.PutRequest {
	return &wirepb.PutRequest{
		Request: r.Request, Key: r.Key, Context: r.Context, Value: r.Value,
		Delete: r.Delete, Quorum: quorumToPB(r.Quorum), Balanced: r.Balanced, View: r.Digest, Meta: r.Meta, Overwrite: r.Overwrite,
		Blind: r.Blind,
	}
}

func quorumToPB(q Quorum) *wirepb.Quorum {
	if q == (Quorum{}) {
		return nil
	}
	return &wirepb.Quorum{R: uint32(q.R), W: uint32(q.W), Strict: q.Strict, Pr: uint32(q.PR), Pw: uint32(q.PW), N: uint32(q.N)}
}

func getReplyToPB(r GetReply) *wirepb.GetReply {
	return &wirepb.GetReply{
		Request: r.Request, Err: uint32(r.Err), Message: text(r.Message),
		Siblings: siblingsToPB(r.Siblings), Tombstones: siblingsToPB(r.Tombstones), Context: r.Context,
		Coordinator: r.Coordinator, Replied: r.Replied, View: r.Digest, Missing: r.Missing,
		Primaries: uint32(r.Primaries),
		Lost:      siblingsToPB(r.Lost),
	}
}

func putReplyToPB(r PutReply) *wirepb.PutReply {
	p := &wirepb.PutReply{
		Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), Unknown: r.Unknown,
		Siblings: uint32(r.Siblings), Deletes: uint32(r.Deletes), Missing: r.Missing, Primaries: uint32(r.Primaries), Context: r.Context,
		Coordinator: r.Coordinator, Acks: r.Acks, View: r.Digest, LostTo: siblingsToPB(r.LostTo),
	}
	if r.Version.Dot != (vclock.Dot{}) {
		p.Version = &wirepb.Version{}
		versionToPB(r.Version, p.Version)
	}
	for _, h := range r.Hinted {
		p.Hinted = append(p.Hinted, &wirepb.Hint{Holder: h.Holder, For: h.For})
	}
	return p
}

func siblingsToPB(s vclock.Siblings) []*wirepb.Version {
	if len(s) == 0 {
		return nil
	}
	all := make([]wirepb.Version, len(s))
	out := make([]*wirepb.Version, len(s))
	for i, v := range s {
		versionToPB(v, &all[i])
		out[i] = &all[i]
	}
	return out
}

func versionToPB(v vclock.Version, p *wirepb.Version) {
	p.Node, p.Epoch, p.Counter = v.Dot.Node, v.Dot.Epoch, v.Dot.Counter
	p.Past = clockToPB(v.Past)
	p.Value, p.Deleted, p.Time = v.Value, v.Deleted, uint64(v.Time)
	p.Request, p.Literal, p.Meta = v.Request, v.Literal, v.Meta
}

func clockToPB(c vclock.Clock) *wirepb.Clock {
	if len(c) == 0 {
		return nil
	}
	nums := make([]uint64, 2*len(c))
	p := &wirepb.Clock{Node: make([]string, len(c)), Epoch: nums[:len(c):len(c)], Counter: nums[len(c):]}
	for i, d := range c {
		p.Node[i], p.Epoch[i], p.Counter[i] = d.Node, d.Epoch, d.Counter
		if d.From > 0 {
			if p.From == nil {
				p.From = make([]uint64, len(c))
			}
			p.From[i] = d.From
		}
		if d.Time != 0 {
			if p.Time == nil {
				p.Time = make([]uint64, len(c))
			}
			p.Time[i] = uint64(d.Time)
		}
	}
	return p
}

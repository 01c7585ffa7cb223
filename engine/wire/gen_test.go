package wire

import (
	"math"
	"slices"

	"pgregory.net/rapid"

	"ringside/engine/member"
	"ringside/engine/vclock"
)

// The generators draw messages as a decoder returns them: an empty list is nil.

var (
	genName  = rapid.StringMatching(`[a-z0-9-]{1,32}`)
	genNode  = rapid.SampledFrom([]string{"n1", "n2", "n3", "n10", "a-rather-long-name-of-32-letters"})
	genBytes = rapid.Custom(func(t *rapid.T) []byte { return nilIfEmpty(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")) })
	genCode  = rapid.Map(rapid.IntRange(0, len(codeNames)-1), func(i int) Code { return Code(i) })
)

func nilIfEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func genDot(t *rapid.T) vclock.Dot {
	return vclock.Dot{
		Actor:   vclock.Actor{Node: genNode.Draw(t, "node"), Epoch: rapid.Uint64().Draw(t, "epoch")},
		Counter: rapid.Uint64Min(1).Draw(t, "counter"),
	}
}

var genClock = rapid.Custom(func(t *rapid.T) vclock.Clock {
	var c vclock.Clock
	for range rapid.IntRange(0, 5).Draw(t, "entries") {
		d := genDot(t)
		c = c.Merge(vclock.Clock{{Actor: d.Actor, Counter: d.Counter, From: rapid.Uint64Range(0, d.Counter-1).Draw(t, "from")}})
	}
	if rapid.Bool().Draw(t, "timed") {
		for i := range c {
			c[i].Time = rapid.Int64().Draw(t, "updated")
		}
	}
	return c
})

var genVersion = rapid.Custom(func(t *rapid.T) vclock.Version {
	v := vclock.Version{Dot: genDot(t), Past: genClock.Draw(t, "past"), Time: rapid.Int64().Draw(t, "time"), Request: rapid.Uint64().Draw(t, "version request")}
	if v.Past.Covers(v.Dot) {
		v.Past = nil
	}
	v.Literal = rapid.Bool().Draw(t, "literal")
	if v.Deleted = rapid.Bool().Draw(t, "deleted"); !v.Deleted {
		v.Value, v.Meta = genBytes.Draw(t, "value"), genBytes.Draw(t, "meta")
	}
	return v
})

var genSiblings = rapid.Custom(func(t *rapid.T) vclock.Siblings {
	s := rapid.SliceOfNDistinct(genVersion, 0, 4, func(v vclock.Version) vclock.Dot { return v.Dot }).Draw(t, "versions")
	slices.SortFunc(s, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return nilIfEmpty(s)
})

var genQuorum = rapid.Custom(func(t *rapid.T) Quorum {
	n := rapid.IntRange(0, MaxNodes)
	return Quorum{R: n.Draw(t, "r"), W: n.Draw(t, "w"), Strict: rapid.Bool().Draw(t, "strict"), PR: n.Draw(t, "pr"), PW: n.Draw(t, "pw"), N: n.Draw(t, "n")}
})

var genGet = rapid.Custom(func(t *rapid.T) GetRequest {
	return GetRequest{Request: rapid.Uint64().Draw(t, "request"), Key: genBytes.Draw(t, "key"), Quorum: genQuorum.Draw(t, "quorum"), Digest: rapid.Uint64().Draw(t, "view"), NoRepair: rapid.Bool().Draw(t, "no repair")}
})

var genPut = rapid.Custom(func(t *rapid.T) PutRequest {
	r := PutRequest{
		Request: rapid.Uint64().Draw(t, "request"), Key: genBytes.Draw(t, "key"), Context: genBytes.Draw(t, "context"),
		Quorum: genQuorum.Draw(t, "quorum"), Balanced: rapid.Bool().Draw(t, "balanced"), Digest: rapid.Uint64().Draw(t, "view"), Overwrite: rapid.Bool().Draw(t, "overwrite"),
		Blind: rapid.Bool().Draw(t, "blind"),
	}
	if r.Delete = rapid.Bool().Draw(t, "delete"); !r.Delete {
		r.Value, r.Meta = genBytes.Draw(t, "value"), genBytes.Draw(t, "meta")
	}
	return r
})

var genNames = rapid.Custom(func(t *rapid.T) []string {
	return nilIfEmpty(rapid.SliceOfN(genName, 0, 4).Draw(t, "names"))
})

var genGetReply = rapid.Custom(func(t *rapid.T) GetReply {
	return GetReply{
		Request: rapid.Uint64().Draw(t, "request"), Err: genCode.Draw(t, "err"), Message: rapid.StringN(0, 20, -1).Draw(t, "message"),
		Siblings: genSiblings.Draw(t, "siblings"), Tombstones: genSiblings.Draw(t, "tombstones"), Context: genBytes.Draw(t, "context"),
		Coordinator: genName.Draw(t, "coordinator"), Replied: genNames.Draw(t, "replied"), Digest: rapid.Uint64().Draw(t, "view"), Missing: genNames.Draw(t, "missing"), Lost: genSiblings.Draw(t, "lost"),
		Primaries: rapid.IntRange(0, MaxNodes).Draw(t, "primaries"),
	}
})

var genPutReply = rapid.Custom(func(t *rapid.T) PutReply {
	r := PutReply{
		Request: rapid.Uint64().Draw(t, "request"), Err: genCode.Draw(t, "err"), Message: rapid.StringN(0, 20, -1).Draw(t, "message"),
		Unknown: rapid.Bool().Draw(t, "unknown"), Siblings: rapid.IntRange(0, MaxMerged).Draw(t, "count"),
		Context: genBytes.Draw(t, "context"), Coordinator: genName.Draw(t, "coordinator"), Acks: genNames.Draw(t, "acks"),
		Digest: rapid.Uint64().Draw(t, "view"), LostTo: genSiblings.Draw(t, "lost to"), Deletes: rapid.IntRange(0, MaxMerged).Draw(t, "deletes"), Missing: genNames.Draw(t, "missing"),
		Primaries: rapid.IntRange(0, MaxNodes).Draw(t, "primaries"),
	}
	if r.Err == OK {
		r.Version = genVersion.Draw(t, "version")
	}
	for range rapid.IntRange(0, 2).Draw(t, "hints") {
		r.Hinted = append(r.Hinted, Hint{Holder: genName.Draw(t, "holder"), For: genName.Draw(t, "for")})
	}
	return r
})

var genBody = rapid.OneOf(
	rapid.Just[Body](Ping{}),
	rapid.Just[Body](Pong{}),
	rapid.Map(genBytes, func(k []byte) Body { return Read{Key: k} }),
	rapid.Custom(func(t *rapid.T) Body {
		return ReadReply{Err: genCode.Draw(t, "err"), Siblings: genSiblings.Draw(t, "siblings"), LWW: rapid.Bool().Draw(t, "lww"), Home: rapid.Bool().Draw(t, "home"), Ask: genNames.Draw(t, "ask"), Returned: rapid.Bool().Draw(t, "returned"), Lost: genSiblings.Draw(t, "lost")}
	}),
	rapid.Custom(func(t *rapid.T) Body {
		return Write{
			Key: genBytes.Draw(t, "key"), Siblings: genSiblings.Draw(t, "siblings"), LWW: rapid.Bool().Draw(t, "lww"),
			For:     rapid.OneOf(rapid.Just(""), genName).Draw(t, "for"),
			Purpose: Purpose(rapid.IntRange(0, int(Transfer)).Draw(t, "purpose")),
			Lazy:    rapid.Bool().Draw(t, "lazy"),
		}
	}),
	rapid.Map(genCode, func(c Code) Body { return WriteReply{Err: c} }),
	rapid.Map(genPut, func(r PutRequest) Body { return Forward{Put: r} }),
	rapid.Map(genPutReply, func(r PutReply) Body { return ForwardReply{Reply: r} }),
	rapid.Custom(func(t *rapid.T) Body {
		s := Sync{Depth: rapid.IntRange(0, MaxSyncDepth).Draw(t, "depth"), Ask: SyncAsk(rapid.IntRange(0, int(AskKeys)).Draw(t, "ask")), Root: rapid.Uint64().Draw(t, "root"), Hashes: genHashes.Draw(t, "hashes")}
		s.Level = rapid.IntRange(0, s.Depth).Draw(t, "level")
		copy(s.Start[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "start"))
		copy(s.End[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "end"))
		level := s.Level
		if s.Ask != AskTree {
			level = s.Depth
		}
		s.Nodes = nilIfEmpty(rapid.SliceOfNDistinct(rapid.Uint32Range(0, 1<<level-1), 0, 1, rapid.ID[uint32]).Draw(t, "nodes"))
		return s
	}),
	rapid.Custom(func(t *rapid.T) Body {
		r := SyncReply{Err: genCode.Draw(t, "err"), Same: rapid.Bool().Draw(t, "same"), Hashes: genHashes.Draw(t, "hashes"), Size: rapid.IntRange(0, math.MaxInt32).Draw(t, "size")}
		for range rapid.IntRange(0, 2).Draw(t, "entries") {
			r.Entries = append(r.Entries, Entry{Key: genBytes.Draw(t, "key"), Siblings: genSiblings.Draw(t, "siblings"), LWW: rapid.Bool().Draw(t, "lww")})
		}
		return r
	}),
	rapid.Custom(func(t *rapid.T) Body {
		return Gossip{Changes: genHistory.Draw(t, "changes"), Ask: rapid.Bool().Draw(t, "ask")}
	}),
	rapid.Custom(func(t *rapid.T) Body {
		o := Offer{
			Depth: rapid.IntRange(0, MaxSyncDepth).Draw(t, "depth"), Phase: OfferPhase(rapid.IntRange(0, int(OfferAsk)).Draw(t, "phase")),
			Keys: rapid.IntRange(0, math.MaxInt32).Draw(t, "keys"), Size: rapid.IntRange(0, math.MaxInt32).Draw(t, "size"), From: genNames.Draw(t, "from"),
		}
		copy(o.Start[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "start"))
		copy(o.End[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "end"))
		return o
	}),
	rapid.Custom(func(t *rapid.T) Body {
		return OfferReply{Err: genCode.Draw(t, "err"), Answer: OfferAnswer(rapid.IntRange(0, int(OfferNothing)).Draw(t, "answer")), From: genNames.Draw(t, "from")}
	}),
	rapid.Custom(func(t *rapid.T) Body {
		c := Collect{Batch: rapid.Uint64().Draw(t, "batch"), Phase: CollectPhase(rapid.IntRange(0, int(CollectDrop)).Draw(t, "phase"))}
		for range rapid.IntRange(0, 3).Draw(t, "tombstones") {
			c.Tombstones = append(c.Tombstones, Tombstone{Key: genBytes.Draw(t, "key"), State: rapid.Uint64().Draw(t, "state")})
		}
		return c
	}),
	rapid.Custom(func(t *rapid.T) Body {
		r := CollectReply{Err: genCode.Draw(t, "err")}
		for range rapid.IntRange(0, 3).Draw(t, "answers") {
			r.Answers = append(r.Answers, CollectAnswer(rapid.IntRange(0, int(CollectChanged)).Draw(t, "answer")))
		}
		return r
	}),
	rapid.Custom(func(t *rapid.T) Body {
		return Keys{Prefix: genBytes.Draw(t, "prefix"), From: genBytes.Draw(t, "from")}
	}),
	rapid.Custom(func(t *rapid.T) Body {
		return KeysReply{Err: genCode.Draw(t, "err"), Keys: genListed.Draw(t, "keys"), Next: genBytes.Draw(t, "next")}
	}),
)

var genListed = rapid.Custom(func(t *rapid.T) (keys []ListedKey) {
	for range rapid.IntRange(0, 3).Draw(t, "listed") {
		keys = append(keys, ListedKey{Key: genBytes.Draw(t, "key"), Deleted: rapid.Bool().Draw(t, "deleted")})
	}
	return keys
})

var genHistory = rapid.Custom(func(t *rapid.T) member.History {
	var h member.History
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		h = h.Merge(member.History{{
			Time: rapid.Int64Range(1, math.MaxInt64).Draw(t, "time"), By: genName.Draw(t, "by"), Node: genName.Draw(t, "node"),
			Kind: member.Kind(rapid.IntRange(0, int(member.Gone)).Draw(t, "kind")), Weight: rapid.IntRange(1, member.MaxWeight).Draw(t, "weight"),
			Zone: rapid.OneOf(rapid.Just(""), genName).Draw(t, "zone"),
		}})
	}
	return h
})

var genHashes = rapid.Custom(func(t *rapid.T) []uint64 {
	return nilIfEmpty(rapid.SliceOfN(rapid.Uint64(), 0, 5).Draw(t, "hashes"))
})

var genMessage = rapid.Custom(func(t *rapid.T) Message {
	return Message{
		From: genName.Draw(t, "from"), To: genName.Draw(t, "to"),
		Request: rapid.Uint64().Draw(t, "request"), Op: rapid.Uint64().Draw(t, "op"), Digest: rapid.Uint64().Draw(t, "view"), Body: genBody.Draw(t, "body"),
	}
})

var genClientRequest = rapid.OneOf(
	rapid.Map(genGet, func(r GetRequest) ClientRequest { return r }),
	rapid.Map(genPut, func(r PutRequest) ClientRequest { return r }),
	rapid.Map(rapid.Uint64(), func(n uint64) ClientRequest { return MembershipRequest{Request: n} }),
	rapid.Custom(func(t *rapid.T) ClientRequest {
		return ListRequest{Request: rapid.Uint64().Draw(t, "request"), Prefix: genBytes.Draw(t, "prefix"), After: genBytes.Draw(t, "after")}
	}),
	rapid.Custom(func(t *rapid.T) ClientRequest {
		return ForgetRequest{Request: rapid.Uint64().Draw(t, "request"), Key: genBytes.Draw(t, "key")}
	}),
)

var genClientReply = rapid.OneOf(
	rapid.Map(genGetReply, func(r GetReply) ClientReply { return r }),
	rapid.Map(genPutReply, func(r PutReply) ClientReply { return r }),
	rapid.Custom(func(t *rapid.T) ClientReply {
		r := MembershipReply{Request: rapid.Uint64().Draw(t, "request"), Err: genCode.Draw(t, "err"), Digest: rapid.Uint64().Draw(t, "view")}
		for i := range rapid.IntRange(0, 3).Draw(t, "changes") {
			r.Changes = append(r.Changes, member.Change{Time: int64(i + 1), By: genName.Draw(t, "by"), Node: genName.Draw(t, "node"), Kind: member.Kind(rapid.IntRange(0, int(member.Gone)).Draw(t, "kind")), Weight: rapid.IntRange(1, 9).Draw(t, "weight")})
		}
		return r
	}),
	rapid.Custom(func(t *rapid.T) ClientReply {
		return ListReply{
			Request: rapid.Uint64().Draw(t, "request"), Err: genCode.Draw(t, "err"), Message: rapid.StringN(0, 20, -1).Draw(t, "message"),
			Missing: genNames.Draw(t, "missing"), Keys: genListed.Draw(t, "keys"), After: genBytes.Draw(t, "after"), More: rapid.Bool().Draw(t, "more"),
		}
	}),
	rapid.Custom(func(t *rapid.T) ClientReply {
		return ForgetReply{
			Request: rapid.Uint64().Draw(t, "request"), Err: genCode.Draw(t, "err"), Message: rapid.StringN(0, 20, -1).Draw(t, "message"),
			Forgotten: rapid.Bool().Draw(t, "forgotten"), Live: rapid.Bool().Draw(t, "live"),
		}
	}),
)

var genContext = rapid.Custom(func(t *rapid.T) Context {
	return Context{
		Clock: genClock.Draw(t, "clock"), Time: rapid.Int64().Draw(t, "time"),
		Fastest: rapid.OneOf(rapid.Just(""), genName).Draw(t, "fastest"),
	}
})

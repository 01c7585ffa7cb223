package wire

import (
	"errors"
	"fmt"
	"math"

	"ringside/engine/member"
	"ringside/engine/vclock"
)

// ValidName reports whether s can name a node or a zone: ^[a-z0-9-]{1,32}$.
func ValidName(s string) bool { return len(s) <= MaxName && vclock.ValidNode(s) }

// CheckName returns an error if s cannot name a node or a zone. kind says what s is to name.
func CheckName(kind, s string) error {
	if !ValidName(s) {
		return fmt.Errorf("invalid %s name %q: want ^[a-z0-9-]{1,%d}$", kind, cut(s), MaxName)
	}
	return nil
}

// The checks below run on both sides, so that a sender does not send what makes the receiver close
// the connection.

func checkMessage(m *Message) error {
	if err := checkEnds(m); err != nil {
		return err
	}
	switch b := m.Body.(type) {
	case Ping, Pong:
		return nil
	case Read:
		return checkRead(&b)
	case ReadReply:
		return checkReadReply(&b)
	case Write:
		return checkWrite(&b)
	case WriteReply:
		return checkCode(b.Err)
	case Forward:
		return checkPut(&b.Put)
	case ForwardReply:
		return checkPutReply(&b.Reply)
	case Sync:
		return checkSync(&b)
	case SyncReply:
		return checkSyncReply(&b)
	case Gossip:
		return checkChanges(b.Changes)
	case Offer:
		return checkOffer(&b)
	case OfferReply:
		return checkOfferReply(&b)
	case Collect:
		return checkCollect(&b)
	case CollectReply:
		return checkCollectReply(&b)
	case Keys:
		return checkPage(b.Prefix, b.From)
	case KeysReply:
		return checkKeysReply(&b)
	}
	return fmt.Errorf("no message body %T", m.Body)
}

func checkRequest(r ClientRequest) error {
	switch r := r.(type) {
	case GetRequest:
		return checkGet(&r)
	case PutRequest:
		return checkPut(&r)
	case ListRequest:
		return checkPage(r.Prefix, r.After)
	case ForgetRequest:
		return checkSize("key", len(r.Key), MaxKey)
	case MembershipRequest:
		return nil
	}
	return fmt.Errorf("no client request %T", r)
}

func checkReply(r ClientReply) error {
	switch r := r.(type) {
	case GetReply:
		return checkGetReply(&r)
	case PutReply:
		return checkPutReply(&r)
	case ListReply:
		return checkListReply(&r)
	case ForgetReply:
		return checkCode(r.Err)
	case MembershipReply:
		return checkMembershipReply(&r)
	}
	return fmt.Errorf("no client reply %T", r)
}

// checkEnds checks the names of both ends.
func checkEnds(m *Message) error { return first(checkName("from", m.From), checkName("to", m.To)) }

func checkRead(b *Read) error { return checkSize("key", len(b.Key), MaxKey) }

func checkReadReply(b *ReadReply) error {
	return first(checkCode(b.Err), checkSiblings(b.Siblings), checkSiblings(b.Lost), checkNames("ask", b.Ask))
}

func checkOfferReply(b *OfferReply) error {
	return first(
		checkCode(b.Err),
		checkSize("answer", int(b.Answer), int(OfferNothing)),
		checkNames("from", b.From))
}

func checkCollect(b *Collect) error {
	for _, t := range b.Tombstones {
		if err := checkSize("key", len(t.Key), MaxKey); err != nil {
			return err
		}
	}
	return first(
		checkSize("phase", int(b.Phase), int(CollectDrop)),
		checkSize("tombstones", len(b.Tombstones), MaxTombstones))
}

func checkCollectReply(b *CollectReply) error {
	for _, a := range b.Answers {
		if a > CollectChanged {
			return fmt.Errorf("no answer %d", a)
		}
	}
	return first(checkCode(b.Err), checkSize("answers", len(b.Answers), MaxTombstones))
}

func checkOffer(b *Offer) error {
	return first(
		checkSize("depth", b.Depth, MaxSyncDepth),
		checkSize("phase", int(b.Phase), int(OfferAsk)),
		checkNames("from", b.From),
		checkSize("keys", b.Keys, math.MaxInt32),
		checkSize("size", b.Size, math.MaxInt32))
}

// checkChanges returns an error if no node can have the history h.
func checkChanges(h member.History) error {
	if err := checkSize("changes", len(h), member.MaxChanges); err != nil {
		return err
	}
	for i, c := range h {
		switch {
		case !c.Kind.Valid():
			return fmt.Errorf("change %d: no kind %d", i, c.Kind)
		case c.Time <= 0:
			return fmt.Errorf("change %d: time %d", i, c.Time)
		case c.Weight < 0 || c.Weight > member.MaxWeight || c.Kind == member.Join && c.Weight == 0:
			return fmt.Errorf("change %d: weight %d, want 1 to %d", i, c.Weight, member.MaxWeight)
		case i > 0 && !h[i-1].Before(c):
			return fmt.Errorf("change %d is out of order", i)
		}
		err := first(checkName("by", c.By), checkName("node", c.Node), checkOptionalName("zone", c.Zone))
		if err != nil {
			return err
		}
	}
	return nil
}

func checkSync(b *Sync) error {
	switch {
	case b.Ask > AskKeys:
		return fmt.Errorf("no question %d", b.Ask)
	case b.Depth < 0 || b.Depth > MaxSyncDepth || b.Level < 0 || b.Level > b.Depth:
		return fmt.Errorf("level %d of a tree of depth %d, which is at most %d", b.Level, b.Depth, MaxSyncDepth)
	}
	level := b.Level
	if b.Ask != AskTree {
		level = b.Depth
	}
	for i, n := range b.Nodes {
		if n >= 1<<level || i > 0 && b.Nodes[i-1] >= n {
			return fmt.Errorf("node %d: outside level %d, double or out of order", n, level)
		}
	}
	return first(checkSize("nodes", len(b.Nodes), MaxSyncNodes), checkSize("hashes", len(b.Hashes), MaxSyncHashes))
}

func checkSyncReply(b *SyncReply) error {
	if err := first(
		checkCode(b.Err),
		checkSize("hashes", len(b.Hashes), MaxSyncHashes),
		checkSize("entries", len(b.Entries), MaxSyncEntries),
		checkSize("size", b.Size, math.MaxInt32)); err != nil {
		return err
	}
	for _, e := range b.Entries {
		if err := first(checkSize("key", len(e.Key), MaxKey), checkSiblings(e.Siblings)); err != nil {
			return err
		}
	}
	return nil
}

func checkWrite(b *Write) error {
	if b.Purpose > Transfer {
		return fmt.Errorf("no purpose %d", b.Purpose)
	}
	return first(
		checkSize("key", len(b.Key), MaxKey),
		checkOptionalName("for", b.For),
		checkSiblings(b.Siblings))
}

func checkGet(r *GetRequest) error {
	return first(checkSize("key", len(r.Key), MaxKey), checkQuorum(r.Quorum))
}

func checkPut(r *PutRequest) error {
	if r.Delete && len(r.Value)+len(r.Meta) > 0 {
		return errors.New("a delete carries a value or metadata")
	}
	return first(
		checkSize("key", len(r.Key), MaxKey),
		checkSize("value", len(r.Value), MaxValue),
		checkSize("metadata", len(r.Meta), MaxMeta),
		checkSize("context", len(r.Context), MaxToken),
		checkQuorum(r.Quorum))
}

func checkGetReply(r *GetReply) error {
	return first(
		checkCode(r.Err),
		checkSiblings(r.Siblings),
		checkSiblings(r.Tombstones),
		checkSize("context", len(r.Context), MaxToken),
		checkOptionalName("coordinator", r.Coordinator),
		checkNames("replied", r.Replied),
		checkNames("missing", r.Missing),
		checkSiblings(r.Lost),
		checkSize("primaries", r.Primaries, MaxNodes))
}

func checkMembershipReply(r *MembershipReply) error {
	return first(checkCode(r.Err), checkChanges(r.Changes))
}

func checkPutReply(r *PutReply) error {
	if err := first(
		checkCode(r.Err),
		checkSize("context", len(r.Context), MaxToken),
		checkOptionalName("coordinator", r.Coordinator),
		checkNames("acks", r.Acks),
		checkNames("missing", r.Missing),
		checkSiblings(r.LostTo),
		checkSize("primaries", r.Primaries, MaxNodes),
		checkSize("hinted", len(r.Hinted), MaxNodes)); err != nil {
		return err
	}
	for _, h := range r.Hinted {
		if err := first(checkName("holder", h.Holder), checkName("for", h.For)); err != nil {
			return err
		}
	}
	for _, n := range []int{r.Siblings, r.Deletes} {
		if n < 0 || n > MaxMerged {
			return fmt.Errorf("sibling count %d outside 0…%d", n, MaxMerged)
		}
	}
	if v := &r.Version; v.Dot == (vclock.Dot{}) { // nothing was written
		if len(v.Past)+len(v.Value)+len(v.Meta) > 0 || v.Deleted || v.Time != 0 || v.Request != 0 || v.Literal {
			return errors.New("a version without a dot")
		}
		return nil
	}
	return checkVersion(&r.Version)
}

// checkSiblings is checkVersions with the limit of their number.
func checkSiblings(s vclock.Siblings) error {
	return first(checkSize("siblings", len(s), MaxMerged), checkVersions(s))
}

// checkVersions returns an error if no node can have the siblings s: a version is invalid, or the
// versions are not in the order of their dots.
func checkVersions(s vclock.Siblings) error {
	for i := range s {
		if i > 0 && s[i-1].Dot.Compare(s[i].Dot) >= 0 {
			return errors.New("siblings are not in the order of their dots")
		}
		if err := checkVersion(&s[i]); err != nil {
			return fmt.Errorf("sibling %d: %w", i, err)
		}
	}
	return nil
}

func checkVersion(v *vclock.Version) error {
	if err := first(
		checkDot(v),
		checkSize("value", len(v.Value), MaxValue),
		checkSize("metadata", len(v.Meta), MaxMeta),
		checkClock(v.Past)); err != nil {
		return err
	}
	switch {
	case v.Deleted && len(v.Value)+len(v.Meta) > 0:
		return errors.New("a tombstone carries a value or metadata")
	case v.Past.Covers(v.Dot):
		return errors.New("past covers the version's own dot")
	}
	return nil
}

func checkDot(v *vclock.Version) error {
	switch {
	case !ValidName(v.Dot.Node):
		return fmt.Errorf("dot: no node name %q", cut(v.Dot.Node))
	case v.Dot.Counter == 0:
		return errors.New("dot: counter 0")
	}
	return nil
}

func checkClock(c vclock.Clock) error {
	if err := checkSize("clock", len(c), MaxClock); err != nil {
		return err
	}
	for _, d := range c {
		if err := checkName("clock", d.Node); err != nil {
			return err
		}
	}
	if !c.Valid() {
		return errors.New("clock: entries zero, double or out of order")
	}
	return nil
}

func checkQuorum(q Quorum) error {
	for _, n := range []int{q.R, q.W, q.PR, q.PW, q.N} {
		if n < 0 || n > MaxNodes {
			return fmt.Errorf("quorum: %d is outside 0…%d", n, MaxNodes)
		}
	}
	return nil
}

func checkCode(c Code) error {
	if !c.Valid() {
		return fmt.Errorf("no code %d", uint8(c))
	}
	return nil
}

func checkName(field, s string) error {
	if !ValidName(s) {
		return fmt.Errorf("%s: no node name %q", field, cut(s))
	}
	return nil
}

func checkOptionalName(field, s string) error {
	if s == "" {
		return nil
	}
	return checkName(field, s)
}

func checkNames(field string, names []string) error {
	if err := checkSize(field, len(names), MaxNodes); err != nil {
		return err
	}
	for _, s := range names {
		if err := checkName(field, s); err != nil {
			return err
		}
	}
	return nil
}

// checkSize returns an error that wraps ErrTooLarge if n bytes or entries are more than limit.
func checkSize(field string, n, limit int) error {
	if n > limit {
		return fmt.Errorf("%s of %d over the limit of %d: %w", field, n, limit, ErrTooLarge)
	}
	return nil
}

// cut returns the start of a hostile name, for an error.
func cut(s string) string { return s[:min(len(s), MaxName+1)] }

// first returns the first of errs that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

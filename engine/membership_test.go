package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// newcomer starts a node that knows only the seeds.
func (w *world) newcomer(name string, seeds ...string) {
	w.stores[name] = store.NewMem()
	w.names = append(w.names, name)
	founders, s := w.founders, w.seeds
	w.founders, w.seeds = nil, seeds
	w.start(name)
	w.founders, w.seeds = founders, s
}

// change makes via write down a change, and lets time pass until all nodes know the change and have
// handed everything over.
func (w *world) change(via, node string, kind member.Kind) {
	w.t.Helper()
	w.amend(via, node, kind)
	w.settle()
}

func (w *world) amend(via, node string, kind member.Kind) {
	w.t.Helper()
	w.next++
	w.step(via, ChangeMembership{Client: w.next, Change: member.Change{Node: node, Kind: kind, Weight: 1}})
	if e := w.replyEvents[w.next][0]; e.Err != wire.OK {
		w.t.Fatalf("%s: %s %s: %s", via, kind, node, e.Message)
	}
}

// settle lets time pass until all running nodes know the same ring and no range is moving.
func (w *world) settle() {
	w.t.Helper()
	for range 600 {
		w.pass(100 * time.Millisecond)
		if w.unsettled() == "" {
			return
		}
	}
	w.t.Fatalf("after a minute %s", w.unsettled())
}

func (w *world) unsettled() string {
	up := slices.DeleteFunc(slices.Clone(w.names), func(n string) bool { return w.down[n] })
	for _, name := range up {
		n := w.nodes[name]
		switch {
		case n.members.digest != w.nodes[up[0]].members.digest:
			return name + " knows another ring"
		case len(n.transfers.out)+n.departure.foreign() > 0:
			return fmt.Sprintf("%s has %d ranges and %d keys to hand over", name, len(n.transfers.out), n.departure.foreign())
		case n.arrivals.ranges.Len() > 0:
			return fmt.Sprintf("%s waits for %d ranges", name, n.arrivals.ranges.Len())
		case n.handoff.index.Len() > 0:
			return fmt.Sprintf("%s keeps %d hints", name, n.handoff.index.Len())
		}
	}
	return ""
}

func (w *world) ringNow() *ring.Ring { return w.nodes[w.names[0]].Ring() }

// wantHomes checks that exactly the N homes of each key hold a record of it, with the same
// versions.
func (w *world) wantHomes(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		homes := w.ringNow().Homes([]byte(k))
		var first record.Record
		for _, name := range w.names {
			rec, err := w.nodes[name].records.read(store.Data, record.DataKey([]byte(k)))
			if err != nil {
				w.t.Fatal(err)
			}
			switch is := slices.Contains(homes, name); {
			case is != (len(rec.Siblings) > 0) && !w.down[name]:
				w.t.Fatalf("%s is at %s: %v; homes are %v", k, name, len(rec.Siblings) > 0, homes)
			case name == homes[0]:
				first = rec
			}
		}
		for _, h := range homes {
			if !w.down[h] && !w.ownRecord(h, k).Siblings.Equal(first.Siblings) {
				w.t.Fatalf("%s at %s is %v, at %s %v", k, homes[0], first.Siblings, h, w.ownRecord(h, k).Siblings)
			}
		}
	}
}

func gossiping(w *world) {
	w.timings.Gossip = time.Second
	for _, n := range w.names {
		w.start(n)
	}
}

func (w *world) fillKeys(via string, count int) []string {
	w.t.Helper()
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("key%d", i)
		w.mustPut(via, keys[i], "v", nil)
	}
	w.pass(time.Second)
	return keys
}

// §4.8.1, §4.9: a node joins explicitly, through any node, and all nodes learn that by gossip. The
// new node is given its share, and each key is at its N homes and nowhere else. A leave does the
// reverse.
func TestJoinAndLeave(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 200)
	w.newcomer("n6", "n1")
	w.change("n3", "n6", member.Join)
	if !w.ringNow().Has("n6") || len(w.ringNow().Members()) != 6 {
		t.Fatalf("members are %v", w.ringNow().Members())
	}
	w.wantHomes(keys...)
	if w.nodes["n6"].records.keys == 0 {
		t.Fatal("n6 was given nothing")
	}
	for _, k := range keys {
		w.wantValues("n6", k, "v")
	}
	w.change("n1", "n6", member.Leave)
	w.wantHomes(keys...)
	if len(w.saw(event.Departed)) != 1 || w.nodes["n6"].records.keys != 0 {
		t.Fatalf("n6 departed %d times and holds %d keys", len(w.saw(event.Departed)), w.nodes["n6"].records.keys)
	}
	for _, k := range keys {
		w.wantValues("n2", k, "v")
	}
}

// §4.9: a range is offered and confirmed before its transfer. It is dropped only after each new
// home has said that it holds all of the range.
func TestTransferNeedsConfirmation(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	w.fillKeys("n1", 100)
	w.newcomer("n6", "n1")
	w.change("n1", "n6", member.Join)
	type step struct{ loser, home, span string }
	offered, confirmed, sent := map[step]bool{}, map[step]bool{}, map[step]bool{}
	drops := 0
	for _, e := range w.events {
		if e.Span == nil {
			continue
		}
		span := fmt.Sprint(*e.Span)
		switch e.Kind {
		case event.RangeOffered:
			offered[step{e.Node, e.Peer, span}] = true
		case event.RangeConfirmed:
			if !offered[step{e.Peer, e.Node, span}] {
				t.Errorf("%s confirmed what %s did not offer", e.Node, e.Peer)
			}
			confirmed[step{e.Peer, e.Node, span}] = true
		case event.RangeTransferred:
			if !confirmed[step{e.Node, e.Peer, span}] {
				t.Errorf("%s sent what %s did not confirm", e.Node, e.Peer)
			}
			sent[step{e.Node, e.Peer, span}] = true
		case event.RangeDropped:
			if e.Count > 0 {
				drops++
			}
			for _, h := range w.ringNow().Ranges()[w.ringNow().Index(e.Span.End)].Homes {
				if e.Count > 0 && !sent[step{e.Node, h, span}] {
					t.Errorf("%s dropped a range that %s does not hold", e.Node, h)
				}
			}
		}
	}
	if drops == 0 {
		t.Error("no node dropped a key")
	}
}

// P11: while a new home is down no node drops what the new home lacks, and the writes of that time
// are transferred as well.
func TestNothingIsDroppedBeforeAllHomesHoldIt(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 100)
	w.newcomer("n6", "n1")
	w.amend("n1", "n6", member.Join)
	w.deliver()
	w.kill("n6")
	w.pass(20 * time.Second)
	for _, e := range w.saw(event.RangeDropped) {
		if slices.Contains(w.ringNow().Ranges()[w.ringNow().Index(e.Span.End)].Homes, "n6") && e.Count > 0 {
			t.Fatalf("%s dropped %d keys of a range of n6", e.Node, e.Count)
		}
	}
	offered := slices.ContainsFunc(w.saw(event.RangeOffered), func(e event.Event) bool {
		return e.Peer == "n6" && e.Count > 0
	})
	if !offered {
		t.Fatal("nobody has a key for n6: there is nothing to drop")
	}
	for _, k := range keys {
		w.mustPut("n2", k, "w", w.get("n2", k).Context)
	}
	w.start("n6")
	w.settle()
	w.wantHomes(keys...)
	for _, k := range keys {
		w.wantValues("n6", k, "w")
	}
}

// A new home does not count toward R before it was given the range. So no get answers "not found"
// for a key that is being transferred.
func TestReadsWhileRangesMove(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 60)
	began := w.now
	w.refuse = func(m wire.Message) bool { // transfers take 200 ms
		o, ok := m.Body.(wire.Offer)
		return ok && o.Phase == wire.OfferRange && o.Keys > 0 && w.now < began+200*time.Millisecond
	}
	for i, name := range []string{"n6", "n7", "n8"} {
		w.newcomer(name, "n1")
		w.amend(fmt.Sprintf("n%d", i+1), name, member.Join)
	}
	moving := 0
	for range 40 {
		for _, name := range []string{"n6", "n7", "n8"} {
			moving += w.nodes[name].arrivals.ranges.Len()
		}
		for i, k := range keys {
			via := w.names[i%len(w.names)]
			if !w.nodes[via].members.ringKnown() {
				continue
			}
			if r := w.get(via, k); r.Err != wire.OK || len(r.Siblings) != 1 {
				t.Fatalf("get %s through %s: %v %s, %d siblings", k, via, r.Err, r.Message, len(r.Siblings))
			}
		}
		w.pass(10 * time.Millisecond)
	}
	if moving == 0 {
		t.Error("no range was under way while the keys were read")
	}
	w.settle()
	w.wantHomes(keys...)
}

// A removed node does not come back by gossip: a node that was away during its removal returns,
// learns of the removal, and hands over what it holds. It does not become a member again.
func TestRemovedNodeReturns(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 60)
	w.split(true, []string{"n5"}, []string{"n1", "n2", "n3", "n4"})
	lone := w.keyOf("n5", "n1", "n2")
	put := wire.PutRequest{Key: []byte(lone), Value: []byte("only n5 has this"), Quorum: wire.Quorum{W: 1}}
	r := w.do("n5", put).(wire.PutReply)
	if r.Err != wire.OK {
		t.Fatal(r.Message)
	}
	w.kill("n5")
	w.heal(true)
	w.change("n1", "n5", member.Remove)
	w.wantHomes(keys...)
	w.start("n5")
	w.settle()
	if w.ringNow().Has("n5") || w.nodes["n5"].members.has("n5") {
		t.Fatal("n5 is a member again")
	}
	w.wantHomes(append(keys, lone)...)
	w.wantValues("n1", lone, "only n5 has this")
	if len(w.saw(event.Departed)) != 1 {
		t.Error("n5 did not depart")
	}
}

// Hints for a node that was removed go to the homes of now.
func TestHintsForARemovedNode(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	key := w.keyAt("n1", "n2", "n3")
	w.kill("n1")
	w.mustPut("n2", key, "a", nil)
	w.pass(3 * time.Second)
	if w.hints() != 1 {
		t.Fatalf("%d hints", w.hints())
	}
	w.change("n2", "n1", member.Remove)
	if w.hints() != 0 || len(w.saw(event.HintRehomed)) != 1 {
		t.Fatalf("%d hints left, %d looked after", w.hints(), len(w.saw(event.HintRehomed)))
	}
	w.names = slices.DeleteFunc(w.names, func(n string) bool { return n == "n1" })
	w.wantHomes(key)
	w.wantValues("n3", key, "a")
}

// A leaving node passes on the hints that it gets.
func TestHintForALeavingNode(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	w.mustPut("n2", key, "a", nil)
	w.amend("n1", "n1", member.Leave) // no other node knows yet
	w.heal(true)
	w.settle()
	w.wantHomes(key)
	w.wantValues("n3", key, "a")
	if w.nodes["n1"].records.keys != 0 {
		t.Error("n1 holds something still")
	}
}

// No write is lost while nodes join and leave at the same time.
func TestWritesWhileNodesJoinAndLeaveAtOnce(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
	gossiping(w)
	keys := w.fillKeys("n1", 60)
	for _, name := range []string{"n7", "n8", "n9"} {
		w.newcomer(name, "n1", "n2")
	}
	w.amend("n1", "n7", member.Join)
	w.amend("n2", "n3", member.Leave)
	w.amend("n4", "n8", member.Join)
	w.kill("n6")
	for i, k := range keys { // all nodes know old rings
		via := []string{"n1", "n2", "n3", "n4", "n5"}[i%5]
		w.mustPut(via, k, "w", w.get(via, k).Context)
	}
	w.amend("n5", "n6", member.Remove)
	w.amend("n1", "n9", member.Join)
	for i, k := range keys {
		via := []string{"n1", "n2", "n4", "n5"}[i%4]
		w.mustPut(via, k, "x", w.get(via, k).Context)
	}
	w.settle()
	w.names = slices.DeleteFunc(w.names, func(n string) bool { return n == "n6" })
	w.wantHomes(keys...)
	for _, k := range keys {
		w.wantValues("n9", k, "x")
	}
}

// §4.8.2: two nodes that join through themselves and know no seed make two rings. With a seed that
// both know they make one.
func TestSeedsPreventLogicalPartitions(t *testing.T) {
	for _, seeds := range [][]string{nil, {"a"}} {
		w := newWorld(t, "a")
		w.seeds = seeds
		gossiping(w)
		for _, name := range []string{"b", "c"} {
			w.newcomer(name, seeds...)
			w.amend(name, name, member.Join)
		}
		w.pass(time.Minute)
		rings := map[uint64]bool{}
		for _, n := range w.names {
			rings[w.nodes[n].members.digest] = true
		}
		if want := 3 - 2*len(seeds); len(rings) != want {
			t.Errorf("seeds %v: %d rings, want %d", seeds, len(rings), want)
		}
	}
}

// In a small ring each exchange has a peer drawn at random. In a large one a node keeps its peer
// for a while, unless the peer fails, and draws all peers in the end.
func TestPeersOfExchanges(t *testing.T) {
	for _, size := range []int{smallRing, smallRing + 1} {
		var names []string
		for i := range size {
			names = append(names, fmt.Sprintf("n%d", i+1))
		}
		n := newWorld(t, names...).nodes["n1"]
		drawn, changes, last := map[string]bool{}, 0, ""
		const exchanges = 1000 * partnerExchanges
		for range exchanges {
			p := n.gossip.nextPeer()
			if p != last {
				changes++
			}
			last, drawn[p] = p, true
		}
		if len(drawn) != size-1 || drawn["n1"] {
			t.Errorf("%d nodes: the peers are %v", size, drawn)
		}
		if large := changes <= exchanges/partnerExchanges; large != (size > smallRing) {
			t.Errorf("%d nodes: %d exchanges with %d peers", size, exchanges, changes)
		}
		n.gossip.nextPeer()
		n.detector.disconnected(last)
		for range partnerExchanges {
			if p := n.gossip.nextPeer(); p == last {
				t.Fatalf("%d nodes: an exchange with %s, which has failed", size, p)
			}
		}
	}
}

func TestChangesThatCannotBe(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	for _, c := range []struct {
		change member.Change
		want   string
	}{
		{member.Change{Node: "N7", Kind: member.Join, Weight: 1}, "invalid node name"},
		{member.Change{Node: "n2", Kind: member.Join, Weight: 1}, "already a member"},
		{member.Change{Node: "n4", Kind: member.Join}, "weight"},
		{member.Change{Node: "n4", Kind: member.Leave}, "not a member"},
	} {
		w.next++
		w.step("n1", ChangeMembership{Client: w.next, Change: c.change})
		if e := w.replyEvents[w.next][0]; e.Err == wire.OK || !strings.Contains(e.Message, c.want) {
			t.Errorf("%+v: %v %q, want %q", c.change, e.Err, e.Message, c.want)
		}
	}
	w.amend("n1", "n3", member.Leave)
	w.next++
	w.step("n1", ChangeMembership{Client: w.next, Change: member.Change{Node: "n2", Kind: member.Leave}})
	if e := w.replyEvents[w.next][0]; !strings.Contains(e.Message, "no request could reach R=2 and W=2") {
		t.Errorf("the last but one may leave: %q", e.Message)
	}
}

// A node that left and crashed before it had handed over what it holds can still be removed. The
// same change a second time is refused.
func TestLeaverCanBeRemoved(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 60)
	refused := func(kind member.Kind, want string) {
		t.Helper()
		w.next++
		w.step("n2", ChangeMembership{Client: w.next, Change: member.Change{Node: "n4", Kind: kind}})
		if e := w.replyEvents[w.next][0]; e.Err == wire.OK || !strings.Contains(e.Message, want) {
			t.Errorf("%s: %v %q, want %q", kind, e.Err, e.Message, want)
		}
	}
	w.kill("n4")
	w.change("n1", "n4", member.Leave)
	refused(member.Leave, "n4 is already leaving")
	w.change("n2", "n4", member.Remove)
	if last, _ := w.nodes["n1"].members.history.Last("n4"); last.Kind != member.Remove {
		t.Errorf("n1 knows %v as the last change of n4", last)
	}
	refused(member.Remove, "n4 was already removed")
	refused(member.Leave, "n4 was already removed")
	w.wantHomes(keys...)
	w.start("n4")
	w.settle()
	w.wantHomes(keys...)
	if len(w.saw(event.Departed)) != 1 {
		t.Errorf("n4 departed %d times", len(w.saw(event.Departed)))
	}
	refused(member.Remove, "not a member")
}

// §4.8.1: a leaver that lost its disk knows no member, and no seed is left. The members contact it.
func TestWipedLeaverHearsOfItsDeparture(t *testing.T) {
	for _, kind := range []member.Kind{member.Leave, member.Remove} {
		w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
		gossiping(w)
		keys := w.fillKeys("n1", 60)
		w.kill("n4")
		w.change("n1", "n4", kind)
		founders := w.founders
		w.founders = nil // n4 knows only what was on its disk
		w.wipe("n4")
		w.founders = founders
		w.settle()
		if last, _ := w.nodes["n1"].members.history.Last("n4"); last.Kind != member.Gone || len(w.saw(event.Departed)) != 1 {
			t.Errorf("%s: n1 knows %v as the last change of n4, which departed %d times", kind, last, len(w.saw(event.Departed)))
		}
		w.wantHomes(keys...)
	}
}

// A node that has announced its departure loses its disk. It hears of its departure when it is
// back.
func TestWipedFormerMemberHearsOfItsDeparture(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	w.change("n1", "n4", member.Leave)
	w.kill("n4")
	w.announce(func(peer string) Input { return PeerDown{peer} }, func(_, to string) bool { return to == "n4" })
	founders := w.founders
	w.founders = nil
	w.wipe("n4")
	w.founders = founders
	w.announce(func(peer string) Input { return PeerUp{peer} }, func(_, to string) bool { return to == "n4" })
	w.settle()
	if n := len(w.saw(event.Departed)); n != 2 {
		t.Errorf("n4 departed %d times, want once in each run", n)
	}
}

// After a crash a node still knows the ring, and the ranges that it waits for.
func TestMembershipIsDurable(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4")
	gossiping(w)
	w.fillKeys("n1", 30)
	w.newcomer("n5", "n1")
	w.cut = func(from, to string) bool { return from != "n1" && to == "n5" || from == "n5" && to != "n1" }
	w.amend("n1", "n5", member.Join)
	w.pass(5 * time.Second)
	before := w.nodes["n5"].arrivals.ranges.Len()
	if before == 0 {
		t.Fatal("n5 waits for nothing")
	}
	w.start("n5")
	if got := w.nodes["n5"].arrivals.ranges.Len(); got != before || !w.nodes["n5"].members.has("n5") {
		t.Fatalf("n5 waits for %d ranges after a restart, for %d before; member: %v", got, before, w.nodes["n5"].members.has("n5"))
	}
	w.cut = func(_, _ string) bool { return false }
	w.settle()
}

// Requests that are under way while a ring of fewer than N members grows end as others do.
func TestRequestsOutliveATinyRing(t *testing.T) {
	for _, body := range []wire.ClientRequest{
		wire.GetRequest{Key: []byte("k"), Quorum: wire.Quorum{R: 2}},
		wire.PutRequest{Key: []byte("k"), Value: []byte("w"), Quorum: wire.Quorum{W: 2}},
	} {
		w := newWorld(t, "n1", "n2")
		gossiping(w)
		w.mustPut("n1", "k", "v", nil)
		w.newcomer("n3", "n1")
		w.cut = func(from, to string) bool { return from == "n2" && to == "n1" }
		w.next++
		id := w.next
		w.step("n1", &Request{Client: id, Body: body})
		w.amend("n1", "n3", member.Join)
		w.pass(5 * time.Second)
		if w.replies[id] == nil {
			t.Errorf("%T was not answered", body)
		}
	}
}

// A crashed node is removed, and joins again under its name with an empty disk. It learns of both
// at once, and does not answer as a home before it was given its ranges.
func TestNodeThatRejoinsWaitsForItsRanges(t *testing.T) {
	for _, founder := range []bool{true, false} {
		w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
		gossiping(w)
		keys := w.fillKeys("n1", 60)
		w.kill("n5")
		w.pass(2 * time.Second)
		w.change("n1", "n5", member.Remove)
		w.amend("n1", "n5", member.Join)
		w.pass(time.Second)
		if founder {
			w.wipe("n5")
		} else {
			w.names = slices.DeleteFunc(w.names, func(n string) bool { return n == "n5" })
			w.newcomer("n5", "n1")
		}
		w.refuse = func(m wire.Message) bool { // no transfer to n5 gets through
			switch m.Body.(type) {
			case wire.Gossip, wire.Read, wire.ReadReply:
				return false
			}
			return m.To == "n5"
		}
		w.pass(2 * time.Second)
		n := w.nodes["n5"]
		if !n.members.has("n5") || n.arrivals.ranges.Len() == 0 {
			t.Fatalf("founder %v: n5 is a member: %v, and waits for %d ranges", founder, n.members.has("n5"), n.arrivals.ranges.Len())
		}
		for _, k := range keys {
			if r := n.records.answer([]byte(k), n.members.digest); r.Home && len(r.Siblings) == 0 {
				t.Errorf("founder %v: as a home n5 claims that %s is not there", founder, k)
			}
		}
		w.refuse = nil
		w.settle()
		w.wantHomes(keys...)
	}
}

// A node resumes its transfers at one pace, however often new records are to be handed over.
func TestHandoversKeepOnePace(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	keys := w.fillKeys("n1", 200)
	w.newcomer("n6", "n1")
	w.refuse = func(m wire.Message) bool { // n6 is never given a whole range
		b, ok := m.Body.(wire.Write)
		return ok && b.Purpose == wire.Transfer
	}
	w.amend("n1", "n6", member.Join)
	w.pass(5 * time.Second)
	n := w.nodes["n1"]
	for i, k := range keys { // by a node that knows the old ring
		if n.members.isHome("n1", n.members.preference([]byte(k))) {
			continue
		}
		w.now += 3*time.Millisecond + time.Duration(i)*7*time.Microsecond
		rec, _ := w.nodes[w.ringNow().Homes([]byte(k))[0]].records.read(store.Data, record.DataKey([]byte(k)))
		w.receive("n2", "n1", wire.Write{Key: []byte(k), Siblings: rec.Siblings})
	}
	w.pass(5 * time.Second)
	offers := func() (count int) {
		for _, e := range w.saw(event.RangeOffered) {
			if e.Node == "n1" {
				count++
			}
		}
		return count
	}
	before := offers()
	w.pass(10 * time.Second)
	if looks, most := offers()-before, 2*21*len(n.transfers.out); looks == 0 || looks > most {
		t.Errorf("n1 made %d offers in ten seconds, want 1 to %d", looks, most)
	}
	if running := n.timers.Len(); running > 200 {
		t.Errorf("%d timers are running", running)
	}
}

// A range moves on to n7 before it was given to n6. A restart of n6 does not make the range
// complete.
func TestRangeInTransitOutlivesARestart(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	w.pass(time.Second)
	h0 := w.nodes["n1"].members.history
	h1, _ := h0.With(int64(w.now), member.Change{By: "n1", Node: "n6", Kind: member.Join, Weight: 1})
	h2, _ := h1.With(int64(w.now), member.Change{By: "n1", Node: "n7", Kind: member.Join, Weight: 1})
	first, second := h1.Ring(w.config).Ranges(), h2.Ring(w.config).Ranges()
	through := func() (k int) {
		n := w.nodes["n7"]
		for i, rg := range second {
			movedOn := slices.Contains(first[i].Homes, "n6") && !slices.Contains(rg.Homes, "n6") && slices.Contains(rg.Homes, "n7")
			if movedOn && n.arrivals.ranges.Get(keyrange.Of(n.members.ring, rg)) != nil {
				k++
			}
		}
		return k
	}
	w.newcomer("n6", "n1")
	w.newcomer("n7", "n1")
	w.refuse = func(m wire.Message) bool { // the old homes' messages about transfers are lost
		old := m.From != "n6" && m.From != "n7"
		switch b := m.Body.(type) {
		case wire.Offer:
			return old && b.Phase != wire.OfferAsk
		case wire.Write:
			return old && b.Purpose == wire.Transfer
		}
		return false
	}
	w.amend("n1", "n6", member.Join)
	w.pass(100 * time.Millisecond)
	w.amend("n1", "n7", member.Join)
	w.cut = func(from, to string) bool { return from == "n6" && to != "n1" && to != "n6" }
	w.pass(20 * time.Millisecond)
	before := through()
	if before == 0 {
		t.Fatal("no range passes through n6")
	}
	w.cut = func(_, _ string) bool { return false }
	w.start("n6")
	w.pass(5 * time.Second)
	if after := through(); after != before {
		t.Errorf("n7 waited for %d ranges by way of n6, and waits for %d though no node handed anything over", before, after)
	}
	w.refuse = nil
	w.settle()
}

// §4.9's example: with nodes A to G in ring order and N=3, X joins between A and B. It becomes
// responsible for (F,G], (G,A] and (A,X]. B, C and D offer it these ranges, X confirms each one,
// and then the three nodes no longer hold them.
func TestSection49(t *testing.T) {
	cfg := ring.Config{Strategy: ring.TokensRandom, N: 3, T: 1}
	at := func(name string) ring.Position {
		r, err := ring.New(cfg, []ring.Member{{Name: name, Weight: 1}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Tokens()[0].At
	}
	var names []string
	for i := range 7 {
		names = append(names, fmt.Sprintf("node%d", i))
	}
	slices.SortFunc(names, func(a, b string) int { return at(a).Compare(at(b)) })
	x := ""
	for i := 0; x == ""; i++ { // a name whose token lies between those of A and B
		if n := fmt.Sprintf("x%d", i); at(names[0]).Compare(at(n)) < 0 && at(n).Compare(at(names[1])) < 0 {
			x = n
		}
	}
	letter := map[string]string{x: "X"}
	for i, n := range names {
		letter[n] = string(rune('A' + i))
	}
	w := newWorldOf(t, cfg, names...)
	gossiping(w)
	w.fillKeys(names[0], 300)
	w.newcomer(x, names[0])
	w.change(names[3], x, member.Join)
	end := map[ring.Position]string{}
	for n, l := range letter {
		end[at(n)] = l
	}
	moves := func(kind event.Kind) (out []string) {
		for _, e := range w.saw(kind) {
			who, to := e.Node, e.Peer
			if kind == event.RangeConfirmed {
				who, to = to, who
			}
			if to == x || kind == event.RangeDropped {
				out = append(out, fmt.Sprintf("%s (%s,%s]", letter[who], end[e.Span.Start], end[e.Span.End]))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	want := []string{"B (F,G]", "C (G,A]", "D (A,X]"}
	for _, kind := range []event.Kind{event.RangeOffered, event.RangeConfirmed, event.RangeTransferred, event.RangeDropped} {
		if got := moves(kind); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
}

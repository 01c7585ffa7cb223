package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/admission"
	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// wantUnanswered fails the test unless a get failed because nodes did not answer, and names them.
func (w *world) wantUnanswered(r wire.GetReply, nodes ...string) {
	w.t.Helper()
	missing := slices.Sorted(slices.Values(r.Missing))
	named := strings.Contains(r.Message, "no answer from "+strings.Join(r.Missing, " "))
	if r.Err != wire.QuorumNotReached || !slices.Equal(missing, nodes) || !named {
		w.t.Fatalf("%v %q, %d siblings from %v, missing %v; want %v to be missing",
			r.Err, r.Message, len(r.Siblings), r.Replied, r.Missing, nodes)
	}
}

// wantNothing fails the test unless a get found that there is no value.
func (w *world) wantNothing(r wire.GetReply) {
	w.t.Helper()
	if r.Err != wire.OK || len(r.Siblings) != 0 || len(r.Missing) != 0 {
		w.t.Fatalf("%v %q, %d siblings from %v, missing %v; want no value",
			r.Err, r.Message, len(r.Siblings), r.Replied, r.Missing)
	}
}

// §4.5, §4.6: fallbacks that hold nothing do not prove that there is no value while no home
// answers, whether the homes are paused, cut off or down.
func TestNoHomeNoAbsence(t *testing.T) {
	homes := []string{"n1", "n2", "n3"}
	for name, away := range map[string]func(*world){
		"paused":  func(w *world) { w.split(false, homes, []string{"n4", "n5", "n6"}) },
		"cut off": func(w *world) { w.split(true, homes, []string{"n4", "n5", "n6"}) },
		"down": func(w *world) {
			for _, h := range homes {
				w.kill(h)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
			away(w)
			key := w.keyAt(homes...)
			for range 2 { // at the second get the homes are suspected
				w.wantUnanswered(w.get("n4", key), homes...)
			}
			w.mustPut("n4", key, "v", nil)
			w.wantValues("n4", key, "v") // a version that is found needs no home
		})
	}
}

// R homes are enough to say that a key was never written, while one home is away.
func TestOneHomeAwayIsNoDoubt(t *testing.T) {
	for _, told := range []bool{false, true} {
		w := five(t)
		w.split(told, []string{"n3"}, []string{"n1", "n2", "n4", "n5"})
		for _, via := range []string{"n1", "n4"} {
			w.wantNothing(w.get(via, w.keyAt("n1", "n2", "n3")))
		}
		one := w.do("n1", wire.GetRequest{Key: []byte(w.keyAt("n1", "n2", "n3")), Quorum: wire.Quorum{R: 3}}).(wire.GetReply)
		w.wantUnanswered(one, "n3")
	}
}

// One home answered that it holds nothing, and the two that do not answer may hold a version that
// both acknowledged.
func TestOneHomeCannotSpeakForTwo(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	put := wire.PutRequest{Key: []byte(key), Value: []byte("v"), Quorum: wire.Quorum{Strict: true}}
	if r := w.do("n2", put).(wire.PutReply); r.Err != wire.OK {
		t.Fatalf("%v %s", r.Err, r.Message)
	}
	w.heal(true)
	w.split(false, []string{"n2", "n3"}, []string{"n1", "n4", "n5"})
	w.wantUnanswered(w.get("n1", key), "n2", "n3")
}

// overloaded returns a world in which only two fallbacks acknowledged a key, because the homes were
// slow, and in which background work has no budget.
func overloaded(t *testing.T) (w *world, key string) {
	w = five(t)
	key = w.keyAt("n1", "n2", "n3")
	for _, n := range []string{"n4", "n5"} {
		w.nodes[n].background.ctl.Spend(1 << 40)
	}
	w.split(false, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
	if r := w.mustPut("n4", key, "v", nil); len(r.Hinted) != 2 {
		t.Fatalf("acknowledged by %v, hinted %v; want two fallbacks", r.Acks, r.Hinted)
	}
	w.heal(false)
	return w, key
}

// §4.6: an acknowledged version that only fallbacks hold is found, although R homes answer at once
// that they hold nothing.
func TestHintsAreFoundBeforeTheyAreDelivered(t *testing.T) {
	for _, via := range []string{"n1", "n2", "n4"} {
		w, key := overloaded(t)
		if r := w.get(via, key); r.Err != wire.OK || len(r.Siblings) != 1 {
			t.Fatalf("through %s: %v %q, %d siblings from %v", via, r.Err, r.Message, len(r.Siblings), r.Replied)
		}
		if w.hints() == 0 {
			t.Fatal("the hints were delivered; this test tests nothing")
		}
	}
}

// While the holders of hints are slow, the homes cannot say that there is no value. Nodes without a
// connection are not slow, and a strict quorum has no hints.
func TestSlowHoldersLeaveADoubt(t *testing.T) {
	w, key := overloaded(t)
	w.split(false, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
	w.wantUnanswered(w.get("n1", key), "n4", "n5")
	w.wantNothing(w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{Strict: true}}).(wire.GetReply))
	w.split(false, []string{"n1", "n2", "n3", "n4"}, []string{"n5"})
	if r := w.get("n1", key); r.Err != wire.OK || len(r.Siblings) != 1 {
		t.Fatalf("%v %q, %d siblings from %v, though n4 answers", r.Err, r.Message, len(r.Siblings), r.Replied)
	}

	w, key = overloaded(t)
	w.split(true, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
	w.wantNothing(w.get("n1", key))
}

// A hint that its home gets after the home has answered, and before the holder has, is found.
func TestHintsThatPassTheReader(t *testing.T) {
	w, key := overloaded(t)
	w.next++
	w.step("n1", &Request{Client: w.next, Body: wire.GetRequest{Key: []byte(key)}})
	held := func(m wire.Message) bool {
		_, read := m.Body.(wire.Read)
		return read && (m.To == "n4" || m.To == "n5")
	}
	var questions []wire.Message
	for len(w.queue) > 0 { // the homes answer; the questions to the fallbacks are in flight
		m := w.queue[0]
		if w.queue = w.queue[1:]; held(m) {
			questions = append(questions, m)
			continue
		}
		w.step(m.To, &Receive{m})
	}
	if len(questions) != 2 || w.replies[w.next] != nil {
		t.Fatalf("%d questions, reply %+v", len(questions), w.replies[w.next])
	}
	for _, n := range []string{"n4", "n5"} {
		w.nodes[n].background.ctl.Spend(-2 << 40)
		for _, h := range []string{"n1", "n2", "n3"} {
			w.nodes[n].detector.answered(h)
		}
		w.nodes[n].background.resume()
		w.wakeUp(n)
	}
	for w.deliver(); w.hints() > 0; {
		w.pass(admission.Pause)
	}
	if w.replies[w.next] != nil || w.now > testStart+20*time.Second {
		t.Fatalf("it is %v, reply %+v", w.now-testStart, w.replies[w.next])
	}
	w.queue = append(w.queue, questions...)
	for w.deliver(); w.replies[w.next] == nil; {
		w.pass(10 * time.Millisecond)
	}
	if r := w.replies[w.next].(wire.GetReply); r.Err != wire.OK || len(r.Siblings) != 1 {
		t.Fatalf("%v %q, %d siblings from %v", r.Err, r.Message, len(r.Siblings), r.Replied)
	}
}

// §5: a get with NoRepair changes nothing, and an ordinary get repairs.
func TestGetWithoutRepair(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.wipe("n3")
	read := func(noRepair bool) {
		t.Helper()
		r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 3}, NoRepair: noRepair}).(wire.GetReply)
		if r.Err != wire.OK || len(r.Siblings) != 1 {
			t.Fatalf("%v %q: %v", r.Err, r.Message, r.Siblings)
		}
		w.pass(time.Second)
	}
	for range 3 {
		read(true)
	}
	if got := w.nodes["n3"].mustKnow(t, key); len(got) != 0 || len(w.saw(event.ReadRepair)) != 0 {
		t.Fatalf("n3 holds %v after gets without repair", got)
	}
	if read(false); len(w.nodes["n3"].mustKnow(t, key)) != 1 {
		t.Fatal("an ordinary get repaired nothing")
	}
}

// A record of a node that is not a home of the key is handed over to the homes. A get that asked
// the homes before that, and this node after that, asks the homes again.
func TestHandedOverRecordsPassTheReader(t *testing.T) {
	w := five(t)
	n, key := w.nodes["n5"], []byte(w.keyAt("n1", "n2", "n3"))
	if n.records.answer(key, n.Digest()).Returned {
		t.Fatal("n5 has handed over nothing")
	}
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: 1}, Value: []byte("v")}
	n.records.merge(update{key: key, siblings: vclock.Siblings{v}, lww: false, purpose: wire.Transfer, peer: "n4"})
	n.transfers.drop(n.transfers.handover(keyrange.At(n.members.ring, ring.Of(key))))
	if r := n.records.answer(key, n.Digest()); len(r.Siblings) != 0 || !r.Returned {
		t.Fatalf("n5 holds %v, returned %v", r.Siblings, r.Returned)
	}
}

// Homes that are slow for half a second do not make a key look absent.
func TestSlownessIsNotAbsence(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	for _, h := range []string{"n1", "n2", "n3"} {
		w.nodes["n4"].detector.silent(h) // wrongly
	}
	if r := w.get("n4", key); r.Err != wire.OK || len(r.Siblings) != 1 {
		t.Fatalf("%v %s: %v from %v", r.Err, r.Message, r.Siblings, r.Replied)
	}
}

// A fallback answers for a key whose homes are all silent, although no driver reported them as
// down.
func TestSilentHomesDoNotBlockReads(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
	key := w.keyAt("n1", "n2", "n3")
	w.split(false, []string{"n1", "n2", "n3"}, []string{"n4", "n5", "n6"})
	w.mustPut("n4", key, "v", nil)
	for _, via := range []string{"n4", "n5"} {
		if r := w.get(via, key); r.Err != wire.OK || len(r.Siblings) != 1 {
			t.Fatalf("via %s: %v %s: %v from %v", via, r.Err, r.Message, r.Siblings, r.Replied)
		}
	}
}

package check

import (
	"bytes"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
)

// hints checks P9: a hint is dropped only once its home holds it durably.
type hints struct {
	e    *evidence
	sent map[hintID]sentHint // the latest transfer of each hint
}

// hintID is a hint that holder keeps for home.
type hintID struct{ holder, home, key string }

// sentHint is the content of a hint when the fallback sent it.
type sentHint struct {
	at  time.Duration
	ids []uint64
}

func hintOf(ev event.Event) hintID { return hintID{ev.Node, ev.For, string(ev.Key)} }

// send records the content of a hint when the fallback sends it.
func (h *hints) send(ev event.Event) {
	h.sent[hintOf(ev)] = sentHint{h.e.world.Now(), idsOf(ev.Versions)}
}

// checkDelivered checks that the home has what a fallback sent, when the fallback reports the
// delivery.
func (h *hints) checkDelivered(ev event.Event) {
	s := h.sent[hintOf(ev)]
	h.e.handsOver(ev.Node, string(ev.Key))
	delete(h.sent, hintOf(ev))
	if h.e.lww() {
		return // a later write may have won there
	}
	for _, id := range s.ids {
		if !h.e.holdsOrIsExcused(h.e.world.Host(ev.For), string(ev.Key), id) {
			h.e.fail(P9, "%s dropped its hint for %s with #%d of %s, which %s does not hold",
				ev.Node, ev.For, id, ev.Key, ev.For)
		}
	}
}

// checkDropped checks a batch whose write at deletes a hint. The hint may have changed while it was
// under way, so what counts is the content on disk, or in the earlier writes of the batch.
func (h *hints) checkDropped(host Host, hintKey []byte, batch []store.Write, at int) {
	rec, err := record.Decode(storedBefore(host, store.Hints, hintKey, batch[:at]))
	homeName, dataKey, ok := record.SplitHintKey(hintKey)
	if !ok {
		return
	}
	_, k := record.ParseDataKey(dataKey)
	key := string(k)
	h.e.handsOver(host.Name(), key) // a crash may lose the event of the delivery
	home := h.e.world.Host(string(homeName))
	if err != nil || home == nil || h.e.lww() {
		return // the hint is damaged, or a later write may have won
	}
	if !host.Node().Ring().Has(home.Name()) {
		h.checkRehomed(host, home, key, idsOf(rec.Siblings), batch)
		return
	}
	for _, id := range idsOf(rec.Siblings) {
		if !h.e.holdsOrIsExcused(home, key, id) {
			h.e.fail(P9, "%s drops its hint for %s with #%d of %s, which %s does not hold",
				host.Name(), home.Name(), id, key, home.Name())
		}
	}
}

// checkRehomed checks a dropped hint whose home is not a member, as the holder knows the ring. The
// holder has made the hint a replica of its own, unless the home received the hint before. The disk
// takes the batch as a whole, so its order does not matter. A holder with a buffer may have handed
// the replica to all homes since.
func (h *hints) checkRehomed(host, home Host, key string, ids []uint64, batch []store.Write) {
	own, _ := record.Decode(storedBefore(host, store.Data, record.DataKey([]byte(key)), batch))
	homes := host.Node().Ring().Homes([]byte(key))
	for _, id := range ids {
		lacks := func(name string) bool { return !h.e.holdsOrIsExcused(h.e.world.Host(name), key, id) }
		kept := h.e.graph.carries(idsOf(own.Siblings), id) || !slices.ContainsFunc(homes, lacks)
		if !kept && !h.e.holdsOrIsExcused(home, key, id) && !h.e.mayRefuse(host, key, id) {
			h.e.fail(P9, "%s drops its hint of #%d of %s for %s, a former member, and holds no replica of #%d",
				host.Name(), id, key, home.Name(), id)
		}
	}
}

// storedBefore returns the value that a host has for a stored key after it has applied some writes.
func storedBefore(h Host, s store.Space, key []byte, writes []store.Write) []byte {
	for _, w := range slices.Backward(writes) {
		if w.Space == s && bytes.Equal(w.Key, key) {
			return w.Value
		}
	}
	b, _ := h.Disk().Get(s, key)
	return b
}

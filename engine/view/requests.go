package view

import (
	"slices"
	"time"

	"ringside/engine/event"
)

// A Request is a client's request and the events that it caused, in the order of their times.
type Request struct {
	ID      uint64
	Events  []event.Event // at most MaxRequestEvents, and the first answer
	LeftOut int           // events that came after those
	replied bool          // Events has an answer
}

// add inserts an event in the order of time. Events of equal times stay in the order in which they
// came. The events of a node come when its batch is durable, so a node with a slow disk comes after
// others. Events for which there is no room are counted.
func (r *Request) add(e event.Event) {
	answer := e.Kind == event.Replied && !r.replied
	i := len(r.Events)
	if i >= MaxRequestEvents && !answer {
		r.LeftOut++
		return
	}
	r.replied = r.replied || answer
	if i == 0 || r.Events[i-1].Time <= e.Time {
		r.Events = append(r.Events, e)
		return
	}
	for i > 0 && r.Events[i-1].Time > e.Time {
		i--
	}
	r.Events = slices.Insert(r.Events, i, e)
}

// Request returns the request with the id, nil if there is none or it was forgotten.
func (v *Cluster) Request(id uint64) *Request { return v.requests[id] }

// LastRequest returns the request that began last, nil if there was none.
func (v *Cluster) LastRequest() *Request {
	if len(v.order) == 0 {
		return nil
	}
	return v.requests[v.order[len(v.order)-1]]
}

// RequestAfter returns the request that began by places after the request with the id, nil if there
// is none. A forgotten request counts as older than all others.
func (v *Cluster) RequestAfter(id uint64, by int) *Request {
	i := slices.Index(v.order, id) + by
	if i < 0 || i >= len(v.order) {
		return nil
	}
	return v.requests[v.order[i]]
}

// remember adds an event to the log and to its request.
func (v *Cluster) remember(e event.Event) {
	if len(v.Log) >= MaxLog+MaxLog/4 { // drop in batches, so that the copy costs little for each event
		v.Log = slices.Delete(v.Log, 0, len(v.Log)-MaxLog)
	}
	v.Log = append(v.Log, e)
	if e.Request == 0 {
		return
	}
	r := v.requests[e.Request]
	if r == nil {
		r = &Request{ID: e.Request}
		v.requests[e.Request] = r
		v.order = append(v.order, e.Request)
		if len(v.order) > MaxRequests {
			delete(v.requests, v.order[0])
			v.order = v.order[1:]
		}
	}
	r.add(e)
}

// replied counts a reply and its latency.
func (v *Cluster) replied(e event.Event) {
	v.Ops.add(e.Time)
	v.latencies = append(v.latencies, e.Elapsed)
	if len(v.latencies) > MaxLatency {
		v.latencies = v.latencies[len(v.latencies)-MaxLatency:]
	}
}

// Percentile returns the p-quantile of the latencies of the latest replies, 0 if there are none. p
// is 0 to 1.
func (v *Cluster) Percentile(p float64) time.Duration {
	if len(v.latencies) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v.latencies))
	return s[min(int(p*float64(len(s))), len(s)-1)]
}

// A Rate counts events by second, over the last MaxSeconds seconds.
type Rate struct {
	counts [MaxSeconds]int
	last   int64 // second of the newest count, since 1970
	Total  int
}

func (r *Rate) add(t time.Duration) { r.addN(t, 1) }

// addN counts n events at t.
func (r *Rate) addN(t time.Duration, n int) {
	sec := int64(t / time.Second)
	r.advance(sec)
	if sec > r.last-MaxSeconds {
		r.counts[sec%MaxSeconds] += n
	}
	r.Total += n
}

func (r *Rate) advance(sec int64) {
	for s := max(r.last+1, sec-MaxSeconds+1); s <= sec; s++ {
		r.counts[s%MaxSeconds] = 0
	}
	r.last = max(r.last, sec)
}

// Last returns the counts of the n whole seconds before now, oldest first.
func (r *Rate) Last(now time.Duration, n int) []int {
	n = min(n, MaxSeconds-1)
	out := make([]int, n)
	sec := int64(now / time.Second)
	for i := range out {
		s := sec - int64(n) + int64(i)
		if s <= r.last && s > r.last-MaxSeconds && s >= 0 {
			out[i] = r.counts[s%MaxSeconds]
		}
	}
	return out
}

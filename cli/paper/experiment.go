package paper

// Figure 5 and Table 2 are measured again on a cluster of this machine, with real nodes,
// connections and clients. The paper's figures depend on Amazon's network and disks. Here both are
// simulated: each hop has a delay, and each flush of a disk takes time and sometimes stalls.
// Directions and ratios are comparable with the paper's, numbers are not.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster"
)

// FlushTimes are how long flushes of a disk take. Each takes Flush, and one in StallEvery at random
// takes Stall more.
type FlushTimes struct {
	Flush, Stall time.Duration
	StallEvery   int
}

func (d FlushTimes) delay(string) time.Duration {
	if d.StallEvery > 0 && rand.IntN(d.StallEvery) == 0 {
		return d.Flush + d.Stall
	}
	return d.Flush
}

// experimentNodes is the size of the clusters. With N=3, two of the five nodes are not homes of a
// key.
const experimentNodes = 5

// startExperiment starts a throw-away cluster in which each hop between two nodes takes hop. The
// caller calls done to take the cluster down.
func startExperiment(ctx context.Context, s settings.Cluster, d FlushTimes, hop time.Duration) (
	_ *localcluster.Cluster, done func(), err error) {
	home, err := os.MkdirTemp("", "ringside-paper-")
	if err != nil {
		return nil, nil, err
	}
	clean := func() { _ = os.RemoveAll(home) }
	for i := range experimentNodes {
		s.Nodes = append(s.Nodes, fmt.Sprintf("n%d", i+1))
	}
	s.Mode, s.NoAntiEntropy = settings.ModeLWW, true // concurrent blind writes must not make siblings
	c, err := localcluster.Start(ctx, localcluster.Options{Home: home, Mem: true, Settings: s, FlushDelay: d.delay})
	if err != nil {
		clean()
		return nil, nil, err
	}
	done = func() { _ = c.Close(); clean() }
	for i, a := range s.Nodes {
		for _, b := range s.Nodes[i+1:] {
			if err := c.Fault(ctx, fault.Fault{Kind: fault.Slow, Link: a + "-" + b, Delay: hop}); err != nil {
				done()
				return nil, nil, err
			}
		}
	}
	return c, done, nil
}

// rounds is how often the compared variants take turns, so that a pause of the machine affects all
// of them.
const rounds = 5

// A sample is the latencies of a number of requests.
type sample struct {
	mu     sync.Mutex
	took   []time.Duration
	failed int
}

func (s *sample) add(took time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		s.failed++
		return
	}
	s.took = append(s.took, took)
}

// Latencies are the statistics of a sample, in milliseconds.
type Latencies struct {
	Count  int     `json:"count"`
	Failed int     `json:"failed"`
	Mean   float64 `json:"mean_ms"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	P999   float64 `json:"p999_ms"`
	Least  float64 `json:"least_ms"`
}

func (s *sample) latencies() Latencies {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Latencies{Count: len(s.took), Failed: s.failed}
	if l.Count == 0 {
		return l
	}
	slices.Sort(s.took)
	var sum time.Duration
	for _, d := range s.took {
		sum += d
	}
	at := func(p float64) float64 { return millis(s.took[min(int(p*float64(l.Count)), l.Count-1)]) }
	l.Mean, l.P50, l.P99, l.P999, l.Least = millis(sum/time.Duration(l.Count)), at(.5), at(.99), at(.999), at(0)
	return l
}

func millis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// Ratio returns a/b, rounded to two decimals; 0 if b is 0.
func Ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return float64(int(100*a/b+.5)) / 100
}

// arrive sends requests at a rate, whether or not earlier ones were answered, as many independent
// clients do. The latency of a request counts from the time when the request was due.
func (s *sample) arrive(ctx context.Context, rate int, length time.Duration, do func(i int) bool) error {
	var wg sync.WaitGroup
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range int(length.Seconds() * float64(rate)) {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			wg.Wait()
			return ctx.Err()
		}
		wg.Go(func() {
			ok := do(i)
			s.add(time.Since(due), ok)
		})
	}
	wg.Wait()
	return ctx.Err()
}

// putOK reports whether a put succeeded.
func putOK(r wire.ClientReply, err error) bool {
	p, ok := r.(wire.PutReply)
	return err == nil && ok && p.Err == wire.OK
}

// getOK reports whether a get succeeded.
func getOK(r wire.ClientReply, err error) bool {
	g, ok := r.(wire.GetReply)
	return err == nil && ok && g.Err == wire.OK
}

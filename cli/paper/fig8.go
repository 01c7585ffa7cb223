package paper

// §6.2, Figure 8: how evenly the three strategies spread the load.
//
// The paper's efficiency is the mean number of requests that a node serves, divided by the number
// that the busiest node serves. Here all N homes of a key serve each request, and keys are uniform
// on the ring, so that a node's load is the part of the replicated key space that it holds. All
// homes must count: if only the first home of a key did, strategy 3 would have 1.00 at every size
// instead of the published .86 to .99, because each of its nodes is first home to Q/S equal
// partitions.
//
// A ring of 30 nodes with few tokens is random: at 60 tokens the efficiency of strategy 1 has a
// standard deviation of .07. So each point is the mean of many rings, which differ only in the
// names of their nodes.

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"ringside/engine/ring"
)

// The parameters of Figure 8, and those of this package.
const (
	FigureNodes    = 30 // S
	FigureReplicas = 3  // N
	// FigurePartitions is strategy 2's Q, which the paper does not state. Its curve falls past
	// 3,840 tokens, where there are more tokens than partitions, and 1,024 fits that.
	FigurePartitions = 1024

	// MinMetadata has one token for each node.
	MinMetadata = FigureNodes
	// MaxMetadata is the limit of the ring.
	MaxMetadata = ring.MaxTokens
	// MaxSizes bounds the sizes of one figure. The largest ones take seconds each.
	MaxSizes = 32

	// figureError is the standard error at which a point is accurate enough. The published points
	// can be read off the plot to .02, four times that.
	figureError = .005
	// fewestRings is the least number of rings for a first estimate of the standard error. At small
	// sizes, where efficiency has few values and rings are cheap, it is someRings.
	fewestRings, someRings = 5, 100
	// someTokens is the number of tokens, over all rings, up to which rings are cheap.
	someTokens = 30_000
	// maxRings is more than figureError needs at 30 tokens, where rings differ most.
	maxRings = 1000
)

// PublishedSizes are the sizes of the metadata that can be read off the paper's plot.
var PublishedSizes = []int{60, 480, 3840, 30720}

// published maps sizes to the paper's efficiencies of strategies 1, 2 and 3.
var published = map[int][3]float64{
	60:    {.52, .53, .86},
	480:   {.76, .76, .92},
	3840:  {.91, .88, .97},
	30720: {.96, .84, .99},
}

// PublishedEfficiency returns the paper's efficiencies of strategies 1, 2 and 3 at one of
// PublishedSizes.
func PublishedEfficiency(size int) [3]float64 { return published[size] }

// Efficiency returns the mean load of the nodes of a ring, divided by the greatest load. metadata
// is S·T for strategies 1 and 2, Q for 3. Rings of different numbers have nodes of different names,
// and so other random tokens.
func Efficiency(number uint64, metadata int, strategy ring.Strategy) (float64, error) {
	r, err := FigureRing(number, metadata, strategy)
	if err != nil {
		return 0, err
	}
	return efficiency(r), nil
}

// A Figure is Figure 8, computed.
type Figure struct {
	S    int     `json:"s"`
	N    int     `json:"n"`
	Q    int     `json:"q"` // strategy 2's
	Rows []Point `json:"rows"`
}

// A Point is the efficiency of one strategy at one size of the metadata.
type Point struct {
	Metadata   int      `json:"metadata"` // S·T for strategies 1 and 2, Q for 3
	Strategy   int      `json:"strategy"`
	Efficiency float64  `json:"efficiency"`
	Published  *float64 `json:"published"`      // nil where the paper has no point
	Error      float64  `json:"standard_error"` // of Efficiency
	Rings      int      `json:"rings"`          // whose mean Efficiency is
}

// CheckSizes returns an error for sizes that Figure8 does not take.
func CheckSizes(sizes []int) error {
	if len(sizes) > MaxSizes {
		return fmt.Errorf("%d sizes are too many, the limit is %d", len(sizes), MaxSizes)
	}
	for _, m := range sizes {
		if m < MinMetadata || m > MaxMetadata {
			return fmt.Errorf("%d is out of range: from %d, one token for each of the %d nodes, to %d", m, MinMetadata,
				FigureNodes, MaxMetadata)
		}
	}
	return nil
}

// Figure8 computes the efficiency of every strategy at each size. The result is the same on all
// machines.
func Figure8(ctx context.Context, sizes []int) (*Figure, error) {
	if err := CheckSizes(sizes); err != nil {
		return nil, fmt.Errorf("figure 8: %w", err)
	}
	strategies := []ring.Strategy{ring.TokensRandom, ring.TokensOverPartitions, ring.EqualPartitions}
	f := &Figure{S: FigureNodes, N: FigureReplicas, Q: FigurePartitions,
		Rows: make([]Point, len(sizes)*len(strategies))}
	errs := make([]error, len(f.Rows))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := len(f.Rows) - 1; i >= 0; i-- { // sizes mostly ascend, and the largest takes longest
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f.Rows[i], errs[i] = point(ctx, sizes[i/len(strategies)], strategies[i%len(strategies)])
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("figure 8: %w", err)
		}
	}
	return f, nil
}

// point averages rings until the standard error of their mean is at most figureError.
func point(ctx context.Context, metadata int, strategy ring.Strategy) (Point, error) {
	var mean, squares float64 // of the efficiency so far, and the sum of squares around it
	p := Point{Metadata: metadata, Strategy: int(strategy)}
	fewest := min(max(someTokens/metadata, fewestRings), someRings)
	for p.Rings < fewest || p.Error > figureError && p.Rings < maxRings {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		e, err := Efficiency(uint64(p.Rings), metadata, strategy)
		if err != nil {
			return p, err
		}
		p.Rings++
		before := e - mean
		mean += before / float64(p.Rings)
		squares += float64(before * (e - mean)) // the conversion prevents a fused multiply-add
		p.Error = math.Sqrt(squares / float64(max(p.Rings-1, 1)) / float64(p.Rings))
	}
	p.Efficiency, p.Error = rounded(mean), rounded(p.Error)
	if known, ok := published[metadata]; ok {
		p.Published = &known[strategy-1]
	}
	return p, nil
}

// rounded rounds to four decimals, more than figureError justifies.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// FigureRing returns the i-th ring of Figure 8. Rings of the same i have the same nodes, and so the
// same tokens in strategies 1 and 2. If S does not divide the metadata of strategies 1 and 2, some
// nodes have a greater weight and so one token more; strategy 3 distributes any Q.
func FigureRing(i uint64, metadata int, strategy ring.Strategy) (*ring.Ring, error) {
	cfg := ring.Config{Strategy: strategy, N: FigureReplicas, Q: FigurePartitions, T: 1}
	if strategy == ring.EqualPartitions {
		cfg.Q = metadata
	}
	members := make([]ring.Member, FigureNodes)
	for n := range members {
		members[n] = ring.Member{Name: fmt.Sprintf("r%d/n%d", i, n+1), Weight: 1}
		if strategy != ring.EqualPartitions {
			members[n].Weight = (metadata + n) / FigureNodes
		}
	}
	return ring.New(cfg, members)
}

// efficiency returns the mean load of the ring's nodes divided by the greatest load.
func efficiency(r *ring.Ring) float64 {
	load := map[string]float64{}
	for _, rg := range r.Ranges() {
		for _, home := range rg.Homes {
			load[home] += rg.Size()
		}
	}
	sum, most := 0.0, 0.0
	for _, m := range r.Members() {
		sum += load[m.Name]
		most = max(most, load[m.Name])
	}
	return sum / float64(len(r.Members())) / most
}

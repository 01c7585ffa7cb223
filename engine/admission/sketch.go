package admission

import (
	"math/bits"
	"time"
)

// A sketch counts the latencies of the last minute by class, in a few kilobytes however many there
// are. The upper bound of a class is at most a quarter above its lower bound.
type sketch struct {
	slots [slots]slot
}

// A slot counts the latencies of one interval.
type slot struct {
	number int64 // of the interval, since time 0
	counts [classes]uint32
	total  int
}

const (
	slots = 12
	// interval is the time that one slot covers.
	interval = time.Minute / slots
	// classes reach to a thousand seconds, with four classes for each power of two of microseconds.
	classes = 4 * 30
)

func (s *sketch) add(now, latency time.Duration) {
	number := int64(now / interval)
	x := &s.slots[number%slots]
	if x.number != number {
		*x = slot{number: number}
	}
	x.counts[classOf(latency)]++
	x.total++
}

// classOf returns the class of a latency: its power of two, and the two bits below that.
func classOf(latency time.Duration) int {
	us := uint64(max(latency, 0) / time.Microsecond)
	if us < 4 {
		return int(us)
	}
	below := bits.Len64(us) - 3
	return min(4*(below+1)+int(us>>below&3), classes-1)
}

// upperBound returns the latency that all latencies of a class are below.
func upperBound(class int) time.Duration {
	if class < 4 {
		return time.Duration(class+1) * time.Microsecond
	}
	return time.Duration(uint64(4+class%4+1)<<(class/4-1)) * time.Microsecond
}

// percentile returns an upper bound of the p-th percentile of the latencies of the last minute, and
// the number of these latencies.
func (s *sketch) percentile(now time.Duration, p int) (bound time.Duration, total int) {
	var counts [classes]int
	for i := range s.slots {
		x := &s.slots[i]
		if int64(now/interval)-x.number >= slots {
			continue
		}
		total += x.total
		for class, k := range x.counts {
			counts[class] += int(k)
		}
	}
	left := (total*p + 99) / 100
	for class, k := range counts {
		if left -= k; left <= 0 && total > 0 {
			return upperBound(class), total
		}
	}
	return 0, total
}

package pbdoor

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"ringside/riak/rpb"
)

// recorded returns frames that clients sent to a real Riak.
func recorded(t testing.TB) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../testscripts/riak/pb.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	placeholder := regexp.MustCompile(`\$\{\w+\}`)
	for line := range strings.Lines(string(text)) {
		var s struct {
			Steps []struct{ Send json.RawMessage }
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		for _, step := range s.Steps {
			var send string
			if json.Unmarshal(step.Send, &send) != nil || len(send) > 4096 {
				continue // a list of frames, or a step of HTTP
			}
			send = placeholder.ReplaceAllString(strings.ReplaceAll(send, "${uniq}", "6161616161616161"), "0161")
			if b, err := hex.DecodeString(send); err == nil && len(b) > 4 {
				binary.BigEndian.PutUint32(b, uint32(len(b)-4))
				frames = append(frames, b)
			}
		}
	}
	if len(frames) < 100 {
		t.Fatalf("%d frames", len(frames))
	}
	return frames
}

// Bytes of any kind on a connection cause no panic, and all replies are valid frames.
func FuzzConnection(f *testing.F) {
	for _, frame := range recorded(f) {
		f.Add(frame)
	}
	s := serveFake(f, newFake(f))
	f.Fuzz(func(t *testing.T, in []byte) { play(t, s, in) })
}

// malformed is how many malformed frames a test run plays. FuzzConnection plays more.
const malformed = 100_000

// Many malformed frames take no memory that stays.
func TestMalformedFramesTakeNoMemory(t *testing.T) {
	n := malformed
	if raceEnabled {
		n /= 20
	}
	frames, s := recorded(t), serveFake(t, newFake(t))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	r := rand.New(rand.NewPCG(1, 2))
	batch := func(n int) {
		for range n {
			play(t, s, malform(r, frames[r.IntN(len(frames))]))
		}
	}
	batch(n / 10)
	before := heap()
	batch(n)
	const most = 8 << 20 // the cache of properties grows to its bound, and tombstones wait for their reaping
	if after := heap(); after > before+most {
		t.Errorf("%d bytes before, %d after", before, after)
	}
}

// malform returns a frame with a few bytes changed, cut or added, and perhaps a length that is too
// large.
func malform(r *rand.Rand, frame []byte) []byte {
	b := append([]byte(nil), frame...)
	for range 1 + r.IntN(4) {
		switch at := r.IntN(len(b)); r.IntN(4) {
		case 0:
			b[at] = byte(r.Uint32())
		case 1:
			b = append(b[:at:at], append([]byte{byte(r.Uint32())}, b[at:]...)...)
		case 2:
			if len(b) > 6 {
				b = append(b[:at:at], b[at+1:]...)
			}
		case 3:
			if len(b) > 4 {
				binary.BigEndian.PutUint32(b, uint32(len(b)-4)) // the length fits again
			}
		}
	}
	return b
}

// A length without a body takes no memory for the body.
func TestLengthAloneTakesNoMemory(t *testing.T) {
	s := serveFake(t, newFake(t))
	in := binary.BigEndian.AppendUint32(nil, rpb.MaxRequest)
	got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			play(b, s, append(in[:4:4], byte(rpb.CodePutReq)))
		}
	})
	if n := got.AllocedBytesPerOp(); n > 2*smallFrame {
		t.Errorf("a length of %d bytes takes %d bytes", rpb.MaxRequest, n)
	}
}

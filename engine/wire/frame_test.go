package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(
			rapid.IntRange(1, 100),
			rapid.IntRange(frameBuffer-10, frameBuffer+10),
			rapid.IntRange(frameBuffer, 3<<20)), 0, 5).Draw(t, "sizes")
		var stream []byte
		var want [][]byte
		for i, n := range sizes {
			want = append(want, bytes.Repeat([]byte{byte(i + 1)}, n))
			stream = AppendFrame(stream, want[i])
		}
		var r io.Reader = bytes.NewReader(stream)
		if rapid.Bool().Draw(t, "halved reads") {
			r = iotest.HalfReader(r)
		}
		f := NewFrameReader(r, MaxFrame)
		for i := range want {
			got, err := f.Next()
			if err != nil || !bytes.Equal(got, want[i]) {
				t.Fatalf("frame %d of %v: %d bytes, %v", i, sizes, len(got), err)
			}
		}
		if _, err := f.Next(); err != io.EOF {
			t.Fatalf("at the end: %v", err)
		}
	})
}

func TestFrameRefused(t *testing.T) {
	good := AppendFrame(nil, []byte("payload"))
	flipped := slices.Clone(good)
	flipped[len(flipped)-1] ^= 1
	big := AppendFrame(nil, make([]byte, 2*frameBuffer))
	for name, c := range map[string]struct {
		stream []byte
		says   string
		is     error
	}{
		"http":        {[]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "frame of 1195725856 bytes, limit", ErrTooLarge},
		"zeros":       {make([]byte, 100), "no bytes", nil},
		"over limit":  {AppendFrame(nil, make([]byte, 1<<20+1)), "limit 1048576", ErrTooLarge},
		"flipped":     {flipped, "checksum", nil},
		"torn header": {good[:5], "header of 5 bytes", io.ErrUnexpectedEOF},
		"torn":        {good[:len(good)-1], "frame of 7 bytes", io.ErrUnexpectedEOF},
		"header only": {good[:FrameHeader], "frame of 7 bytes", io.ErrUnexpectedEOF},
		"torn big":    {big[:len(big)-1], "frame of 131072 bytes", io.ErrUnexpectedEOF},
		"torn big 2":  {big[:FrameHeader], "frame of 131072 bytes", io.ErrUnexpectedEOF},
	} {
		_, err := NewFrameReader(bytes.NewReader(c.stream), 1<<20).Next()
		if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}

// A header that announces 64 MiB takes no more memory than the bytes that follow it.
func TestFramePromiseAllocatesNothing(t *testing.T) {
	promise := []byte{0x04, 0, 0, 0, 1, 2, 3, 4, 'x'}
	got := allocated(func() {
		if _, err := NewFrameReader(bytes.NewReader(promise), MaxFrame).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
	if got > 4*frameBuffer {
		t.Errorf("%d bytes allocated", got)
	}
}

func TestFrameReaderReusesItsBuffer(t *testing.T) {
	var stream []byte
	for range 1000 {
		stream = AppendFrame(stream, make([]byte, 100))
	}
	src := bytes.NewReader(stream)
	f := NewFrameReader(src, MaxFrame)
	if n := testing.AllocsPerRun(900, func() {
		if _, err := f.Next(); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

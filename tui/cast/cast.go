package cast

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// A Recorder writes an asciicast. An error of the output ends the recording, and Err returns it.
type Recorder struct {
	mu    sync.Mutex
	out   io.Writer
	now   func() time.Time
	began time.Time
	size  string // of the terminal
	rest  []byte // of a character whose other bytes are to come
	err   error

	outputs int // calls of Output
}

// header is the first line of an asciicast.
type header struct {
	Version   int               `json:"version"`
	Width     int               `json:"width"`
	Height    int               `json:"height"`
	Timestamp int64             `json:"timestamp"`
	Title     string            `json:"title"`
	Env       map[string]string `json:"env"`
}

// New begins a recording of a terminal of w columns and h rows.
func New(out io.Writer, w, h int) *Recorder { return begin(out, w, h, time.Now) }

func begin(out io.Writer, w, h int, now func() time.Time) *Recorder {
	r := &Recorder{out: out, now: now, began: now(), size: sizeOf(w, h)}
	r.line(header{Version: 2, Width: w, Height: h, Timestamp: r.began.Unix(), Title: "ringside",
		Env: map[string]string{"TERM": "xterm-256color"}})
	return r
}

// Output records what was written to the terminal.
func (r *Recorder) Output(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outputs++
	b = append(r.rest, b...)
	n := whole(b)
	r.rest = append([]byte(nil), b[n:]...)
	if n > 0 {
		r.event("o", string(b[:n]))
	}
}

// Outputs returns how often something was written to the terminal.
func (r *Recorder) Outputs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outputs
}

// whole returns the length of b without a character at its end whose other bytes are to come.
func whole(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

// Resize records that the terminal has w columns and h rows now, unless it had them before.
func (r *Recorder) Resize(w, h int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size := sizeOf(w, h); size != r.size {
		r.size = size
		r.event("r", size)
	}
}

// sizeOf returns a size as an asciicast has it.
func sizeOf(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }

// Err returns the error that ended the recording, nil if there was none.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Recorder) event(kind, data string) {
	r.line([]any{float64(r.now().Sub(r.began).Microseconds()) / 1e6, kind, data})
}

func (r *Recorder) line(v any) {
	if r.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		_, err = r.out.Write(append(b, '\n'))
	}
	r.err = err
}

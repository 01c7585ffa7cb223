package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ringside/engine/event"
	"ringside/engine/usage"
)

// Limits of a recording that is read from a file.
const (
	maxLine   = 16 << 20 // bytes of one event
	maxEvents = 5_000_000
)

// Read decodes a recording: one event a line, as the command events writes them with --json. A file
// whose last line is cut, because the command was interrupted, is read without that line. The error
// is a *usage.Error that names the line if r holds anything else.
func Read(r io.Reader) ([]event.Event, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	var out []event.Event
	var bad error // of the line before
	for n := 1; in.Scan(); n++ {
		if bad != nil {
			return nil, bad
		}
		line := bytes.TrimSpace(in.Bytes())
		if len(line) == 0 {
			continue
		}
		if len(out) == maxEvents {
			return nil, usage.Errorf("line %d: a recording has at most %d events", n, maxEvents)
		}
		if n == 1 && bytes.HasPrefix(line, []byte(`{"capsule":`)) {
			return nil, usage.Errorf("the file is a capsule and not a recording; show it with: ringside open FILE")
		}
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			bad = usage.Errorf("line %d is not an event: %v; record with: ringside events --json > FILE", n, err)
			continue
		}
		out = append(out, e)
	}
	switch err := in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, usage.Errorf("a line has more than %d bytes; record with: ringside events --json > FILE", maxLine)
	case err != nil:
		return nil, fmt.Errorf("read recording: %w", err)
	case bad != nil && len(out) == 0:
		return nil, bad
	}
	return out, nil
}

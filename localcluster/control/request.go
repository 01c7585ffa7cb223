package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster/transport"
)

const (
	// maxKeysAsked bounds the keys of one snapshot: each node answers with its versions of every
	// key, and a view keeps no more keys.
	maxKeysAsked = view.MaxKeys
	// maxRangesAsked bounds the ranges of one comparison. The largest ring of a cluster in one
	// process has fewer.
	maxRangesAsked = 1 << 15
)

// A method of the control socket lists the fields that its request may have and must have. A field
// of a nested object is written with a dot: member.kind.
type method struct {
	takes []string
	needs []string
	check func(request) error // checks the values; nil: every value is valid
}

// methods lists every method of the control socket. Any other method or field is refused, so that
// a request of another program or another version of this program changes nothing.
var methods = map[string]method{
	"do": {takes: []string{"via", "request"}, needs: []string{"request"}, check: checkDo},
	"fault": {takes: []string{"fault", "fault.kind", "fault.groups", "fault.one_way", "fault.for", "fault.nodes",
		"fault.link", "fault.delay", "fault.percent", "fault.ahead"},
		needs: []string{"fault", "fault.kind"}, check: func(r request) error { return r.Fault.Check() }},
	"member": {takes: []string{"member", "member.kind", "member.node", "member.via", "member.weight", "member.zone"},
		needs: []string{"member", "member.kind"},
		check: func(r request) error { return CheckMember(*r.Member) }},
	"check-member": {
		takes: []string{"member", "member.kind", "member.node", "member.via", "member.weight", "member.zone"},
		needs: []string{"member", "member.kind"},
		check: func(r request) error { return CheckMember(*r.Member) }},
	"snapshot": {takes: []string{"keys"}, check: checkKeys},
	"compare":  {takes: []string{"look", "ranges"}, check: checkRanges},
	"events": {takes: []string{"after", "follow", "screen", "rate", "kinds", "node", "key", "about", "lines"},
		check: checkEvents},
	"down": {},
	"ping": {},
}

// errMalformed means that a line is not a request. The connection is then closed.
var errMalformed = errors.New("malformed request")

// parse reads and checks one line of the control socket. An error that wraps errMalformed means
// that the line is not a JSON object with a request's types. Any other error is a *usage.Error.
func parse(line []byte) (request, error) {
	var req request
	in := json.NewDecoder(bytes.NewReader(line))
	if err := in.Decode(&req); err != nil {
		return req, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return req, fmt.Errorf("%w: more than one value on a line", errMalformed)
	}
	m, known := methods[req.Method]
	if !known {
		return req, usage.Errorf("there is no method \"%s\"; want one of %s", shorten(req.Method),
			strings.Join(slices.Sorted(maps.Keys(methods)), " "))
	}
	if err := m.checkFields(req.Method, line); err != nil {
		return req, err
	}
	if m.check != nil {
		if err := m.check(req); err != nil {
			return req, usage.Errorf("%s: %v", req.Method, err)
		}
	}
	return req, nil
}

// checkFields compares the names of the fields on a line with those of its method. The decoder
// ignores unknown fields, and takes a missing field for zero.
func (m method) checkFields(name string, line []byte) error {
	have, err := fieldsOf("", line)
	if err != nil {
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	for _, f := range slices.Sorted(maps.Keys(have)) {
		if f != "method" && !slices.Contains(m.takes, f) {
			return usage.Errorf("%s: there is no field \"%s\"", name, shorten(f))
		}
	}
	for _, f := range m.needs {
		if !have[f] {
			return usage.Errorf("%s: the field %s is missing", name, f)
		}
	}
	return nil
}

// fieldsOf returns the names of the fields of a JSON object and of the objects in it. A field that
// is null counts as missing.
func fieldsOf(prefix string, object []byte) (map[string]bool, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(object, &raw); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for name, value := range raw {
		value = bytes.TrimSpace(value)
		out[prefix+name] = !bytes.Equal(value, []byte("null"))
		if prefix == "" && bytes.HasPrefix(value, []byte("{")) {
			inner, err := fieldsOf(name+".", value)
			if err != nil {
				return nil, err
			}
			maps.Copy(out, inner)
		}
	}
	return out, nil
}

func checkDo(r request) error {
	if err := checkName("node", r.Via); err != nil {
		return err
	}
	if len(r.Request) > transport.MaxRequest {
		return fmt.Errorf("a request of %d bytes: want at most %d", len(r.Request), transport.MaxRequest)
	}
	_, _, err := wire.ParseClientRequest(r.Request)
	return err
}

func checkKeys(r request) error {
	if len(r.Keys) > maxKeysAsked {
		return fmt.Errorf("%d keys: want at most %d", len(r.Keys), maxKeysAsked)
	}
	for _, k := range r.Keys {
		if len(k) > wire.MaxKey {
			return fmt.Errorf("a key of %d bytes: want at most %d", len(k), wire.MaxKey)
		}
	}
	return nil
}

func checkEvents(r request) error {
	for _, k := range r.Kinds {
		if _, known := event.Sections[k]; !known {
			return fmt.Errorf("there is no kind of event \"%s\"", shorten(string(k)))
		}
	}
	switch {
	case len(r.Kinds) > len(event.Sections):
		return fmt.Errorf("%d kinds: want at most %d", len(r.Kinds), len(event.Sections))
	case r.Rate < 0:
		return fmt.Errorf("%d events a second: want at least 1", r.Rate)
	case len(r.Key) > wire.MaxKey:
		return fmt.Errorf("a key of %d bytes: want at most %d", len(r.Key), wire.MaxKey)
	}
	return checkName("node", r.Node)
}

func checkRanges(r request) error {
	if len(r.Ranges) > maxRangesAsked {
		return fmt.Errorf("%d ranges: want at most %d", len(r.Ranges), maxRangesAsked)
	}
	return nil
}

// CheckMember returns the fault of a request for a membership change that every cluster refuses,
// nil if there is none.
func CheckMember(r member.Request) error {
	switch {
	case r.Kind != member.Join && r.Kind != member.Leave && r.Kind != member.Remove:
		return fmt.Errorf("the change %s cannot be requested; want join, leave or remove", kindName(r.Kind))
	case r.Node == "" && r.Kind != member.Join:
		return fmt.Errorf("%s: no node is named; name one", r.Kind)
	case r.Kind != member.Join && (r.Weight != 0 || r.Zone != ""):
		return fmt.Errorf("%s: only a node that joins has a weight and a zone", r.Kind)
	case r.Weight < 0 || r.Weight > member.MaxWeight:
		return fmt.Errorf("%s: weight %d: want 1 to %d", r.Kind, r.Weight, member.MaxWeight)
	}
	for _, n := range []struct{ kind, name string }{{"node", r.Node}, {"node", r.Via}, {"zone", r.Zone}} {
		if err := checkName(n.kind, n.name); err != nil {
			return fmt.Errorf("%s: %w", r.Kind, err)
		}
	}
	return nil
}

// checkName accepts an empty name also: the request does not have that field.
func checkName(kind, name string) error {
	if name == "" {
		return nil
	}
	return wire.CheckName(kind, name)
}

func kindName(k member.Kind) string {
	if !k.Valid() {
		return fmt.Sprintf("number %d", k)
	}
	return k.String()
}

// maxShown bounds the bytes that an error shows of a name.
const maxShown = 60

func shorten(name string) string { return escape.TerminalShort([]byte(name), maxShown) }

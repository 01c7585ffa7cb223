package event

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// AppendJSON appends the JSON of e to b, the same bytes as json.Marshal of the fields in eventJSON.
// It does not use reflection for the fields that the events of requests have, because a follower
// receives them by the thousand.
func AppendJSON(b []byte, e *Event) ([]byte, error) {
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, `,"time":`...)
	b = appendTime(b, e.Time)
	b = append(b, `,"node":`...)
	b = appendString(b, e.Node)
	b = append(b, `,"kind":`...)
	b = appendString(b, string(e.Kind))
	b = append(b, `,"section":`...)
	b = appendString(b, e.Section())
	if e.Request != 0 {
		b = append(b, `,"request":`...)
		b = strconv.AppendUint(b, e.Request, 10)
	}
	if e.Key != nil {
		b = appendBytes(append(b, ','), "key", e.Key)
	}
	b = stringField(b, "peer", e.Peer)
	b = stringField(b, "for", e.For)
	b = stringField(b, "op", e.Op)
	if len(e.Versions) > 0 {
		b = append(b, `,"versions":`...)
		b = appendVersions(b, e.Versions)
	}
	b = listField(b, "homes", e.Homes)
	for i, h := range e.Hinted {
		b = append(b, or(i == 0, `,"hinted":[`, `,`)...)
		b = append(b, `{"holder":`...)
		b = appendString(b, h.Holder)
		b = append(b, `,"for":`...)
		b = appendString(b, h.For)
		b = append(b, or(i == len(e.Hinted)-1, `}]`, `}`)...)
	}
	b = listField(b, "nodes", e.Nodes)
	b = intField(b, "count", e.Count)
	b = intField(b, "want", e.Want)
	if e.Err != wire.OK {
		b = stringField(b, "error", e.Err.String())
	}
	b = stringField(b, "message", e.Message)
	b = microsField(b, "elapsed_us", e.Elapsed)
	b, err := appendRare(b, e)
	return append(b, '}'), err
}

// appendRare appends the fields that events of requests do not have.
func appendRare(b []byte, e *Event) ([]byte, error) {
	var err error
	value := func(name string, set bool, v any) {
		if !set || err != nil {
			return
		}
		var j []byte
		j, err = json.Marshal(v)
		b = append(append(appendName(b, name), ':'), j...)
	}
	value("settings", e.Settings != nil, e.Settings)
	value("state", e.State != nil, e.State)
	for i, r := range e.Replicas {
		b = append(b, or(i == 0, `,"replicas":[{`, `,{`)...)
		if r.For != "" {
			b = append(appendString(append(b, `"for":`...), r.For), ',')
		}
		b = append(b, `"versions":`...)
		b = appendVersions(b, r.Versions)
		b = append(b, or(i == len(e.Replicas)-1, `}]`, `}`)...)
	}
	value("rounds", len(e.Rounds) > 0, e.Rounds)
	value("range", e.Span != nil, e.Span)
	value("changes", len(e.Changes) > 0, e.Changes)
	b = stringField(b, "addr", e.Addr)
	value("groups", len(e.Groups) > 0, e.Groups)
	if e.OneWay {
		b = append(b, `,"one_way":true`...)
	}
	b = stringField(b, "link", e.Link)
	b = microsField(b, "delay_us", e.Delay)
	value("percent", e.Percent != 0, e.Percent)
	value("left_out", len(e.LeftOut) > 0, e.LeftOut)
	b = stringField(b, "quorum", e.Quorum.String())
	b = stringField(b, "context", e.Context.String())
	return b, err
}

func or(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// appendName appends a comma and the name of a field, without the colon.
func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"')
}

func stringField(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(append(appendName(b, name), ':'), s)
}

func intField(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(appendName(b, name), ':'), int64(n), 10)
}

func listField(b []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(appendName(b, name), ':')
	for i, s := range list {
		b = appendString(append(b, or(i == 0, `[`, `,`)...), s)
	}
	return append(b, ']')
}

// microsField appends a duration in microseconds. Like encoding/json it writes no exponent, because
// a duration is at least 1e-3 and at most 1e16 microseconds.
func microsField(b []byte, name string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	return strconv.AppendFloat(append(appendName(b, name), ':'), micros(d), 'f', -1, 64)
}

// appendString appends s as encoding/json does. The strings of events hardly ever need an escape.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			j, _ := json.Marshal(s) // never fails for a string
			return append(b, j...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendBytes appends the field name, or name_base64 if v is not UTF-8.
func appendBytes(b []byte, name string, v []byte) []byte {
	b = append(append(b, '"'), name...)
	if utf8.Valid(v) {
		b = append(b, `":`...)
		return appendString(b, string(v))
	}
	b = append(b, `_base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, v)
	return append(b, '"')
}

func appendTime(b []byte, t time.Duration) []byte {
	b = append(b, '"')
	b = time.Unix(0, int64(t)).UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}

func appendVersions(b []byte, s vclock.Siblings) []byte {
	b = append(b, '[')
	for i, v := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendVersion(b, v)
	}
	return append(b, ']')
}

// appendVersion appends the JSON of JSONOf(v).
func appendVersion(b []byte, v vclock.Version) []byte {
	b = append(b, '{')
	if v.Deleted {
		b = append(b, `"deleted":true,`...)
	} else {
		b = append(appendBytes(b, "value", v.Value), ',')
	}
	if len(v.Meta) > 0 {
		b = append(appendBytes(b, "meta", v.Meta), ',')
	}
	c := v.Clock()
	b = append(b, `"clock":`...)
	b = appendCounters(b, c)
	b = append(b, `,"notation":`...)
	b = appendString(b, c.String())
	b = append(b, `,"coordinator":`...)
	b = appendString(b, v.Dot.Node)
	b = append(b, `,"time":`...)
	b = appendTime(b, time.Duration(v.Time))
	if v.Request != 0 {
		b = append(b, `,"request":`...)
		b = strconv.AppendUint(b, v.Request, 10)
	}
	b = append(b, `,"dot":{`...)
	b = append(appendDot(b, v.Dot), '}')
	if v.Literal {
		b = append(b, `,"literal":true`...)
	}
	b = append(b, `,"past":[`...)
	for i, e := range v.Past {
		b = append(b, or(i == 0, `{`, `,{`)...)
		b = appendDot(b, vclock.Dot{Actor: e.Actor, Counter: e.Counter})
		if e.From != 0 {
			b = append(b, `,"from":`...)
			b = strconv.AppendUint(b, e.From, 10)
		}
		if e.Time != 0 {
			b = append(b, `,"time":`...)
			b = appendTime(b, time.Duration(e.Time))
		}
		b = append(b, '}')
	}
	return append(b, ']', '}')
}

// appendDot appends the fields of a dot.
func appendDot(b []byte, d vclock.Dot) []byte {
	b = append(b, `"node":`...)
	b = appendString(b, d.Node)
	b = append(b, `,"epoch":"`...)
	b = strconv.AppendUint(b, d.Epoch, 10)
	b = append(b, `","counter":`...)
	return strconv.AppendUint(b, d.Counter, 10)
}

// appendCounters appends the counters of c by name, sorted. The last counter of a name counts, as
// in Clock.Counters.
func appendCounters(b []byte, c vclock.Clock) []byte {
	type pair struct {
		name    string
		counter uint64
	}
	pairs := make([]pair, 0, 8)
	for i, e := range c {
		pairs = append(pairs, pair{c.Name(i), e.Counter})
	}
	slices.SortStableFunc(pairs, func(x, y pair) int { return cmp.Compare(x.name, y.name) })
	b = append(b, '{')
	for i, p := range pairs {
		if i+1 < len(pairs) && pairs[i+1].name == p.name {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(appendString(b, p.name), ':')
		b = strconv.AppendUint(b, p.counter, 10)
	}
	return append(b, '}')
}

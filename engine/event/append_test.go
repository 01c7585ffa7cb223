package event

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// reference returns the JSON that encoding/json makes of the fields in eventJSON.
func reference(e Event) ([]byte, error) {
	j := eventJSON{
		Seq: e.Seq, Time: Timestamp(e.Time), Node: e.Node, Kind: e.Kind, Section: e.Section(), Request: e.Request,
		Peer: e.Peer, For: e.For, Op: e.Op, Homes: e.Homes, Nodes: e.Nodes, Count: e.Count, Want: e.Want,
		Message: e.Message, ElapsedUS: micros(e.Elapsed), Settings: e.Settings, State: e.State, Addr: e.Addr,
		Groups: e.Groups, OneWay: e.OneWay, Link: e.Link, DelayUS: micros(e.Delay), Percent: e.Percent,
		Rounds: e.Rounds, Span: e.Span, Changes: e.Changes, LeftOut: e.LeftOut,
		Quorum: e.Quorum.String(), Context: e.Context.String(),
	}
	if e.Err != wire.OK {
		j.Err = e.Err.String()
	}
	if e.Key != nil {
		j.Key, j.KeyBase64 = Text(e.Key)
	}
	if len(e.Versions) > 0 {
		j.Versions = VersionsJSON(e.Versions)
	}
	for _, h := range e.Hinted {
		j.Hinted = append(j.Hinted, HintJSON(h))
	}
	for _, r := range e.Replicas {
		j.Replicas = append(j.Replicas, replicaJSON{For: r.For, Versions: VersionsJSON(r.Versions)})
	}
	return json.Marshal(j)
}

// AppendJSON writes what encoding/json would write, for an event with all fields and for events
// with any of the fields of requests.
func TestAppendJSONIsEncodingJSON(t *testing.T) {
	same := func(t rapid.TB, e Event) {
		want, err := reference(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := AppendJSON(nil, &e)
		if err != nil || string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s (%v)", got, want, err)
		}
	}
	same(t, full())
	same(t, Event{})
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "n1", "<&>", "a\"b\\", "\xff", "\u2028\x7f\u009b"}))
	actor := rapid.Custom(func(t *rapid.T) vclock.Actor {
		return vclock.Actor{Node: rapid.SampledFrom([]string{"n1", "n2", "é"}).Draw(t, "node"), Epoch: rapid.Uint64().Draw(t, "epoch")}
	})
	entry := rapid.Custom(func(t *rapid.T) vclock.Clock {
		counter := rapid.Uint64Range(1, 9).Draw(t, "counter")
		return vclock.Clock{{Actor: actor.Draw(t, "actor"), Counter: counter, From: counter - 1, Time: rapid.Int64Range(0, 3).Draw(t, "time")}}
	})
	version := rapid.Custom(func(t *rapid.T) vclock.Version {
		v := vclock.Version{
			Dot:   vclock.Dot{Actor: actor.Draw(t, "actor"), Counter: rapid.Uint64Range(1, 9).Draw(t, "counter")},
			Value: rapid.SliceOf(rapid.Byte()).Draw(t, "value"), Deleted: rapid.Bool().Draw(t, "deleted"),
			Time: rapid.Int64().Draw(t, "time"), Request: rapid.Uint64().Draw(t, "request"), Literal: rapid.Bool().Draw(t, "literal"),
		}
		for _, c := range rapid.SliceOfN(entry, 0, 4).Draw(t, "past") {
			v.Past = v.Past.Merge(c)
		}
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		versions := rapid.Custom(func(t *rapid.T) vclock.Siblings { return rapid.SliceOfN(version, 0, 3).Draw(t, "versions") })
		same(t, Event{
			Seq: rapid.Uint64().Draw(t, "seq"), Time: time.Duration(rapid.Int64().Draw(t, "time")), Node: text.Draw(t, "node"),
			Kind: Kind(text.Draw(t, "kind")), Request: rapid.Uint64().Draw(t, "request"), Key: []byte(text.Draw(t, "key")),
			Peer: text.Draw(t, "peer"), For: text.Draw(t, "for"), Op: text.Draw(t, "op"), Versions: versions.Draw(t, "versions"),
			Homes: rapid.SliceOfN(text, 0, 3).Draw(t, "homes"), Nodes: rapid.SliceOfN(text, 0, 3).Draw(t, "nodes"),
			Hinted: []wire.Hint{{Holder: "n1", For: "n2"}, {Holder: "n2"}}[:rapid.IntRange(0, 2).Draw(t, "hints")],
			Count:  rapid.Int().Draw(t, "count"), Want: rapid.Int().Draw(t, "want"),
			Err: wire.Code(rapid.IntRange(0, 3).Draw(t, "code")), Message: text.Draw(t, "message"),
			Elapsed: time.Duration(rapid.Int64().Draw(t, "elapsed")), Delay: time.Duration(rapid.Int64().Draw(t, "delay")),
			Replicas: []Replica{{For: text.Draw(t, "home"), Versions: versions.Draw(t, "held")}, {}}[:rapid.IntRange(0, 2).Draw(t, "replicas")],
			Percent:  rapid.Float64().Draw(t, "percent"), Link: text.Draw(t, "link"), Addr: text.Draw(t, "addr"),
			OneWay: rapid.Bool().Draw(t, "one way"),
			Quorum: Quorum(rapid.IntRange(0, 2).Draw(t, "quorum")), Context: Context(rapid.IntRange(0, 2).Draw(t, "context")),
		})
	})
}

// ack and stored are events of a put, the kinds that a follower receives most.
func ack() Event {
	return Event{Seq: 123456, Time: 1_700_000_000_123_456_789, Node: "n1", Kind: Ack, Request: 41, Key: []byte("key-17"),
		Peer: "n2", Count: 2, Want: 2}
}

func stored() Event {
	e := ack()
	e.Kind, e.Op = Stored, "put"
	e.Versions = vclock.Siblings{version("n1", 2, "a value of some bytes")}
	return e
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, e := range []Event{ack(), stored()} {
		b.Run(string(e.Kind), func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf, _ = AppendJSON(buf[:0], &e)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkMarshalJSON(b *testing.B) {
	for _, e := range []Event{ack(), stored()} {
		b.Run(string(e.Kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reference(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUnmarshalJSON(b *testing.B) {
	for _, e := range []Event{ack(), stored()} {
		b.Run(string(e.Kind), func(b *testing.B) {
			b.ReportAllocs()
			j, _ := reference(e)
			for b.Loop() {
				var e Event
				if err := json.Unmarshal(j, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

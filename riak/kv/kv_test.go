package kv

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

var anyName = rapid.StringOfN(rapid.SampledFrom([]rune("a/%2F5\x00é日")), 0, 12, -1)

// Each name has a key of its own, from which the name can be told.
func TestNamesAndKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Name{anyName.Draw(t, "type"), anyName.Draw(t, "bucket"), anyName.Draw(t, "key")}
		got, ok := ParseKey(n.EngineKey())
		if !ok || got != n {
			t.Fatalf("%q: key %q, which is %q, %v", n, n.EngineKey(), got, ok)
		}
		m := Name{anyName.Draw(t, "type"), anyName.Draw(t, "bucket"), anyName.Draw(t, "key")}
		if n != m && bytes.Equal(n.EngineKey(), m.EngineKey()) {
			t.Fatalf("%q and %q have the same key", n, m)
		}
	})
	if key := string(Name{"plain", "carts", "kate"}.EngineKey()); key != "riak:plain/carts/kate" {
		t.Error(key)
	}
	for _, key := range []string{"cart", "riak:plain", "riak:plain/carts", "riak-props:plain/carts/kate"} {
		if n, ok := ParseKey([]byte(key)); ok {
			t.Errorf("%s is %q", key, n)
		}
	}
}

// A vclock is refused if a byte of it was changed, and covers nothing of another key.
func TestVClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := []byte(anyName.Draw(t, "key") + "k")
		token := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "token")
		v := sealVClock(key, token)
		if got, err := openVClock(key, v); err != nil || !bytes.Equal(got, token) {
			t.Fatalf("opened: %x, %v", got, err)
		}
		if got, err := openVClock([]byte("another"), v); err != nil || got != nil {
			t.Fatalf("for another key: %x, %v", got, err)
		}
		at := rapid.IntRange(0, len(v)-1).Draw(t, "at")
		v[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "with"))
		if _, err := openVClock(key, v); !errors.Is(err, ErrDamagedVClock) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	})
	if token, err := openVClock([]byte("k"), nil); token != nil || err != nil {
		t.Error("an empty vclock is not a blind one")
	}
	for _, v := range [][]byte{[]byte("garbage"), {1}, make([]byte, vclockToken), make([]byte, maxVClock+1)} {
		if _, err := openVClock([]byte("k"), v); !errors.Is(err, ErrDamagedVClock) {
			t.Errorf("%d bytes: %v", len(v), err)
		}
	}
}

// Two vclocks of a key are the same if their clocks are, whichever replica was the fastest.
func TestSameVClock(t *testing.T) {
	key := []byte("k")
	sealer := wire.NewSealer(make([]byte, 32))
	actor := vclock.Actor{Node: "n1", Epoch: 1}
	of := func(counter uint64, fastest string) []byte {
		c := vclock.Clock{{Actor: actor, Counter: counter}}
		return sealVClock(key, sealer.Seal(key, wire.Context{Clock: c, Fastest: fastest}))
	}
	for _, tt := range []struct {
		a, b []byte
		want bool
	}{
		{of(1, "n1"), of(1, "n1"), true},
		{of(1, "n1"), of(1, "n2"), true},
		{of(1, "n1"), of(2, "n1"), false},
		{of(2, "n1"), of(1, "n1"), false},
		{of(1, ""), nil, false},
		{of(1, ""), []byte("garbage"), false},
	} {
		if got := sameVClock(key, tt.a, tt.b); got != tt.want {
			t.Errorf("%x and %x: %v", tt.a, tt.b, got)
		}
	}
}

// What is stored with a version is what the client sent.
func TestMetadata(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "text")) })
	pair := rapid.Custom(func(t *rapid.T) Pair { return Pair{text.Draw(t, "key"), text.Draw(t, "value")} })
	link := rapid.Custom(func(t *rapid.T) Link { return Link{text.Draw(t, "b"), text.Draw(t, "k"), text.Draw(t, "tag")} })
	rapid.Check(t, func(t *rapid.T) {
		in := Content{ContentType: text.Draw(t, "type"), Charset: text.Draw(t, "charset"), Encoding: text.Draw(t, "enc"),
			Links: rapid.SliceOfN(link, 0, 3).Draw(t, "links"), UserMeta: rapid.SliceOfN(pair, 0, 3).Draw(t, "meta"),
			Indexes: rapid.SliceOfN(pair, 0, 3).Draw(t, "indexes"), Value: []byte("v")}
		v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 3}, Value: in.Value, Meta: in.meta()}
		out := contentOf([]byte("k"), v)
		if !regexp.MustCompile(`^[0-9A-Za-z]{1,22}$`).MatchString(out.VTag) {
			t.Fatalf("vtag %q", out.VTag)
		}
		out.VTag, out.LastMod = "", in.LastMod
		for _, c := range []*Content{&in, &out} { // an empty list is no list
			if len(c.Links) == 0 {
				c.Links = nil
			}
			if len(c.UserMeta) == 0 {
				c.UserMeta = nil
			}
			if len(c.Indexes) == 0 {
				c.Indexes = nil
			}
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%+v became %+v", in, out)
		}
	})
	for _, meta := range [][]byte{nil, []byte("text"), {metaFormat, 0xff}} {
		if c := contentOf([]byte("k"), vclock.Version{Meta: meta}); c.ContentType != defaultContentType {
			t.Errorf("metadata %q: %+v", meta, c)
		}
	}
}

func TestKeysOfTheServer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		key := NewKey()
		if !regexp.MustCompile(`^[0-9A-Za-z]{27}$`).MatchString(key) || seen[key] {
			t.Fatalf("key %q", key)
		}
		seen[key] = true
	}
}

// Properties that were set are stored as JSON and read from it.
func TestPropsAsJSON(t *testing.T) {
	all := defaults(3)
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`"r":"quorum"`)) || !bytes.Contains(text, []byte(`"pr":0`)) {
		t.Errorf("%s", text)
	}
	got, err := ParseProps(text)
	if err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("%v became %v, %v", all, got, err)
	}
	var unknown *UnknownProp
	if _, err := ParseProps([]byte(`{"colour":1}`)); !errors.As(err, &unknown) || unknown.Name != "colour" {
		t.Error(err)
	}
	for _, text := range []string{"", "null", "[]", "1", `"x"`, "{"} {
		if _, err := ParseProps([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// What a client may not set has Riak's reasons.
func TestInvalidProps(t *testing.T) {
	types, created := builtInTypes(settings.Cluster{N: 3})
	for _, tt := range []struct{ json, typed, untyped string }{
		{`{"n_val":2,"allow_mult":true,"r":"all","w":1,"dw":0}`, "", ""},
		{`{"n_val":0}`, "[{n_val,not_integer}]", "[{n_val,not_integer}]"},
		{`{"n_val":-1}`, "[{n_val,not_integer}]", "[{n_val,not_integer}]"},
		{`{"n_val":1.5}`, "[{n_val,not_integer}]", "[{n_val,not_integer}]"},
		{`{"n_val":null}`, "[{n_val,not_integer}]", "[{n_val,not_integer}]"},
		{`{"r":0,"pw":0}`, "[{r,not_valid_quorum}]", "[{r,not_valid_quorum}]"},
		{`{"r":"most","n_val":"x"}`, "[{r,not_valid_quorum},{n_val,not_integer}]", "[{r,not_valid_quorum},{n_val,not_integer}]"},
		{`{"n_val":0,"datatype":"set"}`, "[{n_val,not_integer},{datatype,\"`datatype` must not be defined.\"}]",
			"[{n_val,not_integer}]"},
		{`{"r":"default"}`, "[{r,not_valid_quorum}]", "[{r,not_valid_quorum}]"},
		{`{"allow_mult":"True","notfound_ok":0}`, "", ""},
		{`{"search":"true"}`, "[{search,not_boolean},{search,\"ringside has neither commit hooks nor search\"}]",
			"[{search,not_boolean},{search,\"ringside has neither commit hooks nor search\"}]"},
		{`{"allow_mult":"yes"}`, "[{allow_mult,not_boolean}]", "[{allow_mult,not_boolean}]"},
		{`{"last_write_wins":true}`, `[{dvv_enabled,"If last_write_wins is true, dvv_enabled must be false"}]`, ""},
		{`{"precommit":[{"mod":"m","fun":"f"}]}`, `[{precommit,"ringside has neither commit hooks nor search"}]`,
			`[{precommit,"ringside has neither commit hooks nor search"}]`},
		{`{"precommit":[],"search":false}`, "", ""},
		{`{"consistent":true}`, `[{consistent,"Write once buckets must not be consistent=true"}]`,
			`[{consistent,"cannot update consistent property"}]`},
		{`{"write_once":true}`, "[{write_once,\"Cannot set existing bucket type to `write_once`\"}]",
			`[{write_once,"cannot update write_once property"}]`},
		{`{"write_once":"x"}`, `[{write_once,"cannot update write_once property"}]`,
			`[{write_once,"cannot update write_once property"}]`},
		{`{"consistent":true,"write_once":true,"n_val":0}`, "[{n_val,not_integer}," +
			"{write_once,\"Cannot set existing bucket type to `write_once`\"}," +
			`{consistent,"Write once buckets must not be consistent=true"}]`, `[{write_once,"cannot update write_once property"},` +
			`{consistent,"cannot update consistent property"},{n_val,not_integer}]`},
		{`{"consistent":false,"write_once":false}`, "", ""},
		{`{"young_vclock":0}`, "", ""},
		{`{"young_vclock":-1}`, "[{young_vclock,not_integer}]", "[{young_vclock,not_integer}]"},
		{`{"old_vclock":0}`, "[{old_vclock,not_integer}]", "[{old_vclock,not_integer}]"},
	} {
		p, err := ParseProps([]byte(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			before Props
			typed  bool
			want   string
		}{{created, true, tt.typed}, {types[DefaultType], false, tt.untyped}} {
			got := ""
			if err := p.check(c.before, c.typed); err != nil {
				got = err.Error()
			}
			if want := "Invalid bucket properties: " + c.want; got != want && (c.want != "" || got != "") {
				t.Errorf("%s, typed %v: %q, want %q", tt.json, c.typed, got, want)
			}
		}
	}
}

// Quorums are numbers or words, and bounded by n_val.
func TestQuorums(t *testing.T) {
	p := defaults(3)
	s := &Store{n: 3}
	u := func(n uint32) *uint32 { return &n }
	for _, tt := range []struct {
		nval   uint32 // of the bucket
		asked  Common
		r, pr  *uint32
		want   wire.Quorum
		reason string
	}{
		{nval: 3, want: wire.Quorum{R: 2}},
		{nval: 3, r: u(0), want: wire.Quorum{R: 1}},
		{nval: 3, r: u(One), pr: u(All), want: wire.Quorum{R: 3, PR: 3}},
		{nval: 3, r: u(Default), want: wire.Quorum{R: 2}},
		{nval: 3, r: u(4), reason: "{n_val_violation,3}"},
		{nval: 3, r: u(4294967295), reason: "{n_val_violation,3}"},
		{nval: 3, asked: Common{NVal: u(1)}, want: wire.Quorum{R: 1, N: 1}},
		{nval: 3, asked: Common{NVal: u(1)}, r: u(2), reason: "{n_val_violation,1}"},
		{nval: 3, asked: Common{NVal: u(4)}, reason: "{n_val_violation,4}"},
		{nval: 3, asked: Common{NVal: u(0)}, reason: "{n_val_violation,0}"},
		{nval: 3, asked: Common{NodeConfirms: u(3)}, want: wire.Quorum{R: 3}},
		{nval: 3, asked: Common{NodeConfirms: u(4)}, reason: "{insufficient_nodes,3,need,4}"},
		{nval: 1, want: wire.Quorum{R: 1, N: 1}},
		{nval: 5, want: wire.Quorum{R: 3}},
		{nval: 5, r: u(All), reason: "{insufficient_vnodes,3,need,5}"}, // the cluster has 3 replicas
		{nval: 7, reason: "{insufficient_vnodes,3,need,4}"},
		{nval: 3, asked: Common{SloppyQuorum: new(bool)}, want: wire.Quorum{R: 2, Strict: true}},
	} {
		b := newBucket(p.with(Props{"n_val": tt.nval}))
		got, err := s.read(b, tt.asked, tt.r, tt.pr)
		reason := ""
		if err != nil {
			reason = err.Error()
		}
		if reason != tt.reason || err == nil && got != tt.want {
			t.Errorf("n_val %d, %+v: %+v %q, want %+v %q", tt.nval, tt.asked, got, reason, tt.want, tt.reason)
		}
	}
	b := newBucket(p)
	for _, tt := range []struct{ w, dw, pw, want uint32 }{{0, 0, 0, 1}, {1, 2, 0, 2}, {1, 0, 3, 3}, {3, 1, 1, 3}} {
		q, err := s.write(b, Common{}, &tt.w, &tt.dw, &tt.pw)
		if err != nil || q.W != int(tt.want) || q.PW != int(tt.pw) {
			t.Errorf("%+v: %+v, %v", tt, q, err)
		}
	}
}

func FuzzVClock(f *testing.F) {
	f.Add([]byte("key"), sealVClock([]byte("key"), []byte("token")))
	f.Fuzz(func(t *testing.T, key, v []byte) {
		if token, err := openVClock(key, v); err == nil && len(v) > 0 && token != nil && !bytes.Equal(sealVClock(key, token), v) {
			t.Errorf("%x has the token %x", v, token)
		}
		_ = sameVClock(key, v, v)
	})
}

func FuzzProps(f *testing.F) {
	f.Add([]byte(`{"n_val":3,"r":"quorum","linkfun":{"mod":"m","fun":"f"},"precommit":[]}`))
	_, created := builtInTypes(settings.Cluster{N: 3})
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProps(text)
		if err != nil || p.check(created, true) != nil {
			return
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := ParseProps(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%s is %v, and then %v, %v", text, p, q, err)
		}
	})
}

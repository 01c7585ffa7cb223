package pbdoor

import (
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// typeOf returns the type of a request. A request without one has the type default; one with an
// empty type has an unknown type.
func typeOf(typ []byte) string {
	if typ == nil {
		return kv.DefaultType
	}
	return string(typ)
}

func nameOf(typ, bucket, key []byte) kv.Name {
	return kv.Name{Type: typeOf(typ), Bucket: string(bucket), Key: string(key)}
}

// common returns the options that all requests for one object have. timeout is in milliseconds.
func common(nval, confirms *uint32, sloppy *bool, timeout *uint32) kv.Common {
	c := kv.Common{NVal: nval, NodeConfirms: confirms, SloppyQuorum: sloppy}
	if timeout != nil {
		d := millis(*timeout)
		c.Timeout = &d
	}
	return c
}

func millis(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

// contentOf returns the content of a put.
func contentOf(in *rpb.Content) kv.Content {
	c := kv.Content{Value: in.Value, ContentType: string(in.ContentType), Charset: string(in.Charset),
		Encoding: string(in.ContentEncoding), UserMeta: pairsOf(in.Usermeta), Indexes: pairsOf(in.Indexes)}
	for _, l := range in.Links {
		c.Links = append(c.Links, kv.Link{Bucket: string(l.Bucket), Key: string(l.Key), Tag: string(l.Tag)})
	}
	return c
}

func pairsOf(list []*rpb.Pair) []kv.Pair {
	var out []kv.Pair
	for _, p := range list {
		out = append(out, kv.Pair{Key: string(p.Key), Value: string(p.Value)})
	}
	return out
}

// contents returns the siblings of an object.
func contents(o kv.Object) []*rpb.Content {
	var out []*rpb.Content
	for i := range o.Contents {
		out = append(out, encodeContent(&o.Contents[i]))
	}
	return out
}

func encodeContent(c *kv.Content) *rpb.Content {
	out := &rpb.Content{Value: c.Value, ContentType: given(c.ContentType), Charset: given(c.Charset),
		ContentEncoding: given(c.Encoding), Vtag: []byte(c.VTag), Usermeta: encodePairs(c.UserMeta),
		Indexes: encodePairs(c.Indexes)}
	if out.Value == nil {
		out.Value = []byte{} // the field must be there
	}
	out.LastMod = proto.Uint32(uint32(c.LastMod.Unix()))
	out.LastModUsecs = proto.Uint32(uint32(c.LastMod.Nanosecond() / 1000))
	for _, l := range c.Links {
		out.Links = append(out.Links, &rpb.Link{Bucket: []byte(l.Bucket), Key: []byte(l.Key), Tag: []byte(l.Tag)})
	}
	if c.Deleted {
		out.Deleted = proto.Bool(true)
	}
	return out
}

func encodePairs(list []kv.Pair) []*rpb.Pair {
	var out []*rpb.Pair
	for _, p := range list {
		out = append(out, &rpb.Pair{Key: []byte(p.Key), Value: []byte(p.Value)})
	}
	return out
}

// given returns a text, nil if the client gave none.
func given(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

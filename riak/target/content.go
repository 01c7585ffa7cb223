package target

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"ringside/engine/vclock"
	"ringside/riak/rpb"
)

// plainType is the content type of a value that has no other metadata, as for the doors.
const plainType = "application/octet-stream"

// A Meta is the metadata of a sibling, for people.
type Meta struct {
	ContentType string            `json:"content_type,omitempty"`
	Charset     string            `json:"charset,omitempty"`
	Encoding    string            `json:"content_encoding,omitempty"`
	UserMeta    map[string]string `json:"usermeta,omitempty"`
	Links       int               `json:"links,omitempty"`
	Indexes     int               `json:"indexes,omitempty"`
}

// MetaOf returns the metadata in Version.Meta of a version that a Cluster returned.
func MetaOf(meta []byte) Meta {
	var m rpb.Metadata
	if rpb.DecodeBody(meta, &m) != nil {
		return Meta{}
	}
	out := Meta{ContentType: string(m.ContentType), Charset: string(m.Charset), Encoding: string(m.ContentEncoding),
		Links: len(m.Links), Indexes: len(m.Indexes)}
	for _, p := range m.Usermeta {
		if out.UserMeta == nil {
			out.UserMeta = map[string]string{}
		}
		out.UserMeta[string(p.Key)] = string(p.Value)
	}
	return out
}

// VTag returns the vtag of a version that a Cluster returned.
func VTag(v vclock.Version) string { return v.Dot.Node }

// versions returns the siblings of an object, live ones and tombstones apart.
func versions(contents []*rpb.Content) (live, deleted vclock.Siblings, err error) {
	for _, c := range contents {
		v := vclock.Version{Value: c.Value, Deleted: c.GetDeleted()}
		v.Time = int64(c.GetLastMod())*1e9 + int64(c.GetLastModUsecs())*1e3
		v.Dot.Node = string(c.Vtag)
		if v.Deleted {
			v.Value = nil
			deleted = append(deleted, v)
			continue
		}
		if v.Meta, err = metadata(c); err != nil {
			return nil, nil, err
		}
		live = append(live, v)
	}
	byTime := func(a, b vclock.Version) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Dot.Node, b.Dot.Node))
	}
	slices.SortFunc(live, byTime)
	slices.SortFunc(deleted, byTime)
	return live, deleted, nil
}

// metadata returns the Version.Meta of a content.
func metadata(c *rpb.Content) ([]byte, error) {
	m := &rpb.Metadata{ContentType: c.ContentType, Charset: c.Charset, ContentEncoding: c.ContentEncoding,
		Links: c.Links, Usermeta: c.Usermeta, Indexes: c.Indexes}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("keep the metadata of a sibling: %w", err)
	}
	return b, nil
}

// content returns the content of a put with a value and the Meta of a version, which may be empty.
func content(value, meta []byte) (*rpb.Content, error) {
	if value == nil {
		value = []byte{} // the field is required
	}
	if len(meta) == 0 {
		return &rpb.Content{Value: value, ContentType: []byte(plainType)}, nil
	}
	var m rpb.Metadata
	if err := rpb.DecodeBody(meta, &m); err != nil {
		return nil, fmt.Errorf("decode the metadata of a put: %w", err)
	}
	return &rpb.Content{Value: value, ContentType: m.ContentType, Charset: m.Charset, ContentEncoding: m.ContentEncoding,
		Links: m.Links, Usermeta: m.Usermeta, Indexes: m.Indexes}, nil
}

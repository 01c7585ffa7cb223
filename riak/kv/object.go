package kv

import (
	"strings"
	"time"
)

// An Object is what a key has: its siblings and their vclock. See the package comment for absent
// and deleted objects.
type Object struct {
	Contents  []Content // at most wire.MaxMerged; in no particular order
	VClock    []byte    // nil if the object is absent
	Deleted   bool      // tombstones are all that the key has
	Unchanged bool      // the vclock is the one of GetOptions.IfModified; all other fields are zero
}

// Absent reports whether the key has neither a value nor a tombstone.
func (o Object) Absent() bool { return o.VClock == nil && !o.Unchanged }

// A Content is one sibling.
type Content struct {
	Value       []byte // must not be changed; empty if Deleted
	ContentType string // "" if the client gave none
	Charset     string
	Encoding    string // the content encoding
	Links       []Link
	UserMeta    []Pair // as the client gave them: names may repeat
	Indexes     []Pair

	// The Store sets the fields below. Put ignores them.

	VTag    string    // 22 base62 characters at most; differs for each sibling
	LastMod time.Time // by the clock of the coordinator
	Deleted bool      // the sibling is a tombstone
}

// A Link names another object.
type Link struct{ Bucket, Key, Tag string }

// A Pair is a name and a value of metadata or of an index. Both are any bytes.
type Pair struct{ Key, Value string }

// A Name names an object. The parts are any bytes.
type Name struct{ Type, Bucket, Key string }

// DefaultType is the bucket type of a request that names none. A door sets it; an empty type is an
// unknown type.
const DefaultType = "default"

const (
	objectPrefix = "riak:"
	propsPrefix  = "riak-props:"
)

// part escapes what would end a type or a bucket in a key.
var part = strings.NewReplacer("%", "%25", "/", "%2F")

// unescape undoes part.
var unescape = strings.NewReplacer("%25", "%", "%2F", "/")

// EngineKey returns the key of the object in the cluster.
func (n Name) EngineKey() []byte { return []byte(bucketPrefix(n.Type, n.Bucket) + n.Key) }

// ParseKey returns the name of the object that has a key of the cluster. ok is false if no object
// of Riak has that key.
func ParseKey(key []byte) (_ Name, ok bool) {
	rest, ok := strings.CutPrefix(string(key), objectPrefix)
	if !ok {
		return Name{}, false
	}
	typ, rest, ok := strings.Cut(rest, "/")
	bucket, k, more := strings.Cut(rest, "/")
	if !ok || !more {
		return Name{}, false
	}
	return Name{Type: unescape.Replace(typ), Bucket: unescape.Replace(bucket), Key: k}, true
}

// typePrefix returns the beginning of the keys of all objects of a type.
func typePrefix(typ string) string { return objectPrefix + part.Replace(typ) + "/" }

// bucketPrefix returns the beginning of the keys of all objects of a bucket.
func bucketPrefix(typ, bucket string) string { return typePrefix(typ) + part.Replace(bucket) + "/" }

// typePropsKey returns the key of the properties of a type.
func typePropsKey(typ string) []byte { return []byte(propsPrefix + part.Replace(typ)) }

// bucketPropsKey returns the key of the properties of a bucket.
func bucketPropsKey(typ, bucket string) []byte {
	return []byte(propsPrefix + part.Replace(typ) + "/" + part.Replace(bucket))
}

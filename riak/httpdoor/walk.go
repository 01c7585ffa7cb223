package httpdoor

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringside/riak/kv"
)

// A walk is the resource of the objects to which links lead. Links name no type, so they lead to
// objects of the type default.
type walk struct {
	base
	parts []string // of the path, one for each step
	steps []step
	start kv.Object

	reads, size int // objects that were read, and the bytes of their values
}

// A step is one step of a walk: it follows the links that have its bucket and its tag, "" for any.
type step struct {
	bucket, tag string
	kept        bool // the objects are a part of the answer
}

// A found is an object to which a link led.
type found struct {
	at  place
	doc kv.Object
}

// errWalkTooLarge is the error for a walk that reads too much.
var errWalkTooLarge = errors.New("walk too large")

func (w *walk) methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost}
}

func (w *walk) malformed(x *exchange) int {
	for i, part := range w.parts {
		words := strings.FieldsFunc(part, func(c rune) bool { return c == ',' })
		if len(words) != 3 {
			return x.text(http.StatusBadRequest, "Invalid link walk query submitted. Valid link walk query format is: "+
				"/riak/some_bucket/some_key/<bucket>,<riaktag>,0|1/...")
		}
		last := i == len(w.parts)-1
		s := step{kept: words[2] == "1" || words[2] != "0" && last || len(w.parts) == 1}
		if words[0] != "_" {
			s.bucket = unquote(words[0])
		}
		if words[1] != "_" {
			s.tag = unquote(words[1])
		}
		w.steps = append(w.steps, s)
	}
	return 0
}

func (w *walk) types(*exchange) []string { return []string{"multipart/mixed"} }

func (w *walk) exists(x *exchange) (bool, int) {
	var err error
	w.start, err = x.s.o.Store.Get(x.ctx, x.at.object(), kv.GetOptions{})
	switch {
	case errors.Is(err, kv.ErrNoType):
		return false, 0
	case err != nil:
		return false, x.failed(err)
	}
	return len(w.start.Contents) > 0, 0
}

// accept does nothing: a POST is for clients that want to empty a cache.
func (w *walk) accept(*exchange) int { return http.StatusNoContent }

func (w *walk) show(x *exchange) int {
	boundary := kv.NewKey()
	var out bytes.Buffer
	from := []found{{x.at, w.start}}
	for _, s := range w.steps {
		var err error
		from, err = w.follow(x, from, s)
		switch {
		case errors.Is(err, errWalkTooLarge):
			return x.text(http.StatusBadRequest, "the walk leads to more than %d objects or %d bytes\n",
				maxWalked, maxWalkedBytes)
		case err != nil:
			return x.failed(err)
		}
		if s.kept {
			fmt.Fprintf(&out, "\r\n--%s\r\n", boundary)
			writeStep(&out, from)
		}
	}
	fmt.Fprintf(&out, "\r\n--%s--\r\n", boundary)
	x.set("Content-Type", "multipart/mixed; boundary="+boundary)
	x.set("Expires", time.Now().Add(walkExpiry).UTC().Format(http.TimeFormat))
	x.body = out.Bytes()
	return http.StatusOK
}

// follow reads the objects to which one step leads, each once. Absent ones are left out.
func (w *walk) follow(x *exchange, from []found, s step) ([]found, error) {
	var links []kv.Link
	for _, f := range from {
		for _, c := range f.doc.Contents {
			for _, l := range c.Links {
				if (s.bucket == "" || s.bucket == l.Bucket) && (s.tag == "" || s.tag == l.Tag) {
					links = append(links, kv.Link{Bucket: l.Bucket, Key: l.Key})
				}
			}
		}
	}
	slices.SortFunc(links, compareLinks)
	var out []found
	for _, l := range slices.Compact(links) {
		if w.reads++; w.reads > maxWalked {
			return nil, errWalkTooLarge
		}
		at := place{style: x.at.style, typ: kv.DefaultType, bucket: l.Bucket, key: l.Key, hasKey: true}
		doc, err := x.s.o.Store.Get(x.ctx, at.object(), kv.GetOptions{})
		var empty *kv.ZeroLength
		if errors.As(err, &empty) { // a client of protocol buffers can make such a link
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, c := range doc.Contents {
			w.size += len(c.Value)
		}
		if w.size > maxWalkedBytes {
			return nil, errWalkTooLarge
		}
		if len(doc.Contents) > 0 {
			out = append(out, found{at, doc})
		}
	}
	return out, nil
}

// writeStep writes the objects of one step as a part that is a multipart body itself. Of an object
// with siblings it writes one, and the vtags of the others.
func writeStep(out *bytes.Buffer, objects []found) {
	boundary := kv.NewKey()
	fmt.Fprintf(out, "Content-Type: multipart/mixed; boundary=%s\r\n", boundary)
	for _, f := range objects {
		fmt.Fprintf(out, "\r\n--%s\r\n", boundary)
		first, others := &f.doc.Contents[0], f.doc.Contents[1:]
		path := f.at.style.path(f.at.bucket, f.at.key)
		fmt.Fprintf(out, "X-Riak-Vclock: %s\r\n", encodeVClock(f.doc.VClock))
		if len(others) == 0 {
			fmt.Fprintf(out, "Location: %s\r\n", path)
		} else {
			tags := make([]string, len(others))
			for i, c := range others {
				tags[i] = c.VTag
			}
			fmt.Fprintf(out, "Location: %s?vtag=%s\r\nX-Riak-Sibling-VTags: %s\r\n", path, first.VTag, strings.Join(tags, ","))
		}
		writePart(out, f.at, first)
	}
	fmt.Fprintf(out, "\r\n--%s--\r\n", boundary)
}

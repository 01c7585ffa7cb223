package httpdoor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"ringside/riak/kv"
)

// A list is what the resources of keys and of buckets have in common.
type list struct{ base }

// malformed checks the time of the request and makes it count.
func (list) malformed(x *exchange) int {
	_, status := x.timeout()
	return status
}

func (list) exists(x *exchange) (bool, int) { return x.typeExists() }

// typeExists reports whether the type of the request exists.
func (x *exchange) typeExists() (bool, int) {
	exists, err := x.s.o.Store.TypeExists(x.ctx, x.at.typ)
	if err != nil {
		return false, x.failed(err)
	}
	return exists, 0
}

// within returns the context of a list, which ends after the time of the request.
func (x *exchange) within() (context.Context, context.CancelFunc) {
	if t, _ := x.timeout(); t != nil {
		return context.WithTimeout(x.ctx, *t)
	}
	return context.WithCancel(x.ctx)
}

// A pager calls page with names, until page returns an error.
type pager func(ctx context.Context, page func(names []string) error) error

// streamed makes an answer of one JSON object for each page, and an empty one at the end. first is
// an object before them, nil for none.
func (x *exchange) streamed(name string, first []byte, list pager) int {
	x.stream = func(emit func([]byte) error) error {
		if first != nil {
			if err := emit(first); err != nil {
				return err
			}
		}
		ctx, cancel := x.within()
		defer cancel()
		err := list(ctx, func(names []string) error {
			return emit(encodeJSON(map[string]any{name: names}))
		})
		switch {
		case err == nil:
			return emit(encodeJSON(map[string]any{name: []string{}}))
		case errors.Is(err, kv.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
			return emit(encodeJSON(map[string]any{"error": "timeout"}))
		case abandoned(x.ctx, err):
			return err
		}
		return emit(encodeJSON(map[string]any{"error": err.Error()}))
	}
	return http.StatusOK
}

// whole makes an answer of one JSON object that has all names, after the members in front of them.
// The names of a long list are sent as they come, so the answer takes little memory. If such a list
// fails later, the connection ends before the object does.
func (x *exchange) whole(name string, front map[string]any, list pager) int {
	if x.r.Method == http.MethodHead {
		return http.StatusOK
	}
	text := []byte("{")
	if len(front) > 0 {
		text = encodeJSON(front)
		text[len(text)-1] = ',' // instead of the brace
	}
	text = fmt.Appendf(text, "%q:[", name)
	x.stream = func(emit func([]byte) error) error {
		ctx, cancel := x.within()
		defer cancel()
		long, empty := false, true
		err := list(ctx, func(names []string) error {
			if !empty {
				text = append(text, ',')
			}
			empty = false
			page := encodeJSON(names)
			text = append(text, page[1:len(page)-1]...)
			if len(text) < longList {
				return nil
			}
			part := text
			long, text = true, nil
			return emit(part)
		})
		if err != nil {
			return err
		}
		text = append(text, "]}"...)
		if long {
			return emit(text)
		}
		x.body = text
		return nil
	}
	return http.StatusOK
}

// failedList makes the answer for a list that failed.
func (x *exchange) failedList(err error) int {
	if errors.Is(err, context.DeadlineExceeded) {
		err = kv.ErrTimeout
	}
	return x.failed(err)
}

// encodeJSON returns v as JSON. Names that are not UTF-8 have replacement characters.
func encodeJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("httpdoor: encode JSON: " + err.Error()) // all values are texts, numbers, lists and maps
	}
	return b
}

// keys is the resource of a bucket's keys.
type keys struct {
	list
	withProps bool // the answer has the properties of the bucket also
}

func (k *keys) show(x *exchange) int {
	front := map[string]any{}
	if k.withProps {
		p, err := x.bucketProps()
		if err != nil {
			return x.failed(err)
		}
		front["props"] = p
	}
	pages := func(ctx context.Context, page func([]string) error) error {
		return x.s.o.Store.ListKeys(ctx, x.at.typ, x.at.bucket, page)
	}
	switch {
	case x.q.is("keys", "true"):
		return x.whole("keys", front, pages)
	case !x.q.is("keys", "stream"):
		x.body = encodeJSON(front)
		return http.StatusOK
	case x.at.style == oldStyle:
		return x.streamed("keys", encodeJSON(front), pages)
	}
	return x.streamed("keys", nil, pages)
}

// buckets is the resource of a type's buckets that have keys.
type buckets struct{ list }

func (b *buckets) show(x *exchange) int {
	pages := func(ctx context.Context, page func([]string) error) error {
		return x.s.o.Store.ListBuckets(ctx, x.at.typ, page)
	}
	switch {
	case x.q.is("buckets", "true"):
		return x.whole("buckets", nil, pages)
	case x.q.is("buckets", "stream"):
		return x.streamed("buckets", nil, pages)
	}
	return x.text(http.StatusBadRequest, "a list of buckets takes long; ask with ?buckets=true or ?buckets=stream\n")
}

package ringsidetest

import (
	"context"
	"encoding/json"
	"fmt"
)

// A Codec says how values of an application are stored, and how siblings become one value.
type Codec[T any] struct {
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)
	// Merge returns what two siblings become (§4.4). It must not depend on the order and the
	// grouping of siblings, and must not lose what one of them has; CheckMerge checks that. It may
	// be nil for values that have no siblings.
	Merge func(a, b T) (T, error)
}

// JSON returns the codec of values that are stored as JSON.
func JSON[T any](merge func(a, b T) T) Codec[T] {
	c := Codec[T]{
		Encode: func(v T) ([]byte, error) { return json.Marshal(v) },
		Decode: func(b []byte) (v T, err error) { return v, json.Unmarshal(b, &v) },
	}
	if merge != nil {
		c.Merge = func(a, b T) (T, error) { return merge(a, b), nil }
	}
	return c
}

// A Typed is a client for values of one type.
type Typed[T any] struct {
	client *Client
	codec  Codec[T]
}

// Of returns a client for the values of a codec, whose requests go as those of k.
func Of[T any](k *Client, codec Codec[T]) Typed[T] { return Typed[T]{k, codec} }

// Get reads a key and merges its siblings. found is false if the key is absent; then the value is
// the zero value. The siblings stay until the next Put with the context.
func (t Typed[T]) Get(ctx context.Context, key string) (value T, token []byte, found bool, err error) {
	siblings, token, err := t.Siblings(ctx, key)
	if err != nil || len(siblings) == 0 {
		return value, token, false, err
	}
	value, err = t.codec.merged(siblings)
	if err != nil {
		return value, token, true, fmt.Errorf("merge the %d siblings of %s: %w", len(siblings), shown(key), err)
	}
	return value, token, true, nil
}

// Siblings reads a key and returns all of its values.
func (t Typed[T]) Siblings(ctx context.Context, key string) ([]T, []byte, error) {
	values, token, err := t.client.Get(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	out := make([]T, len(values))
	for i, v := range values {
		if out[i], err = t.codec.Decode(v); err != nil {
			return nil, nil, fmt.Errorf("decode %s, sibling %d: %w", shown(key), i+1, err)
		}
	}
	return out, token, nil
}

// Put writes a value with a context, as Client.Put does.
func (t Typed[T]) Put(ctx context.Context, key string, value T, token []byte) ([]byte, error) {
	b, err := t.codec.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", shown(key), err)
	}
	return t.client.Put(ctx, key, b, token)
}

// Del deletes what a context covers, as Client.Del does.
func (t Typed[T]) Del(ctx context.Context, key string, token []byte) ([]byte, error) {
	return t.client.Del(ctx, key, token)
}

// Update reads a key, merges its siblings, changes the value, and writes it with the context of the
// read, so that the result supersedes all siblings. It returns what was written. The zero value
// stands for an absent key.
func (t Typed[T]) Update(ctx context.Context, key string, change func(T) T) (T, error) {
	value, token, _, err := t.Get(ctx, key)
	if err != nil {
		return value, err
	}
	value = change(value)
	_, err = t.Put(ctx, key, value, token)
	return value, err
}

// merged returns the merge of all siblings, of which there is at least one.
func (c Codec[T]) merged(siblings []T) (T, error) {
	out := siblings[0]
	for _, s := range siblings[1:] {
		if c.Merge == nil {
			return out, fmt.Errorf("the codec has no Merge; set Codec.Merge")
		}
		var err error
		if out, err = c.Merge(out, s); err != nil {
			return out, err
		}
	}
	return out, nil
}

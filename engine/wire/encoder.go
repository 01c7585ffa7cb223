package wire

import (
	"fmt"

	"ringside/engine/wire/field"
)

// maxRepeat bounds the bytes of a body that an Encoder remembers. To encode a longer body takes
// little longer than to copy it.
const maxRepeat = 4 << 10

// An Encoder encodes messages. If a message has the same Write as the message before, which a
// coordinator sends to each replica, the Encoder copies the encoded body. The copy takes about a
// fifth of the time. An Encoder belongs to one goroutine. The zero Encoder is ready.
//
// An Encoder knows a Write by the memory that it uses. So the caller must call Reset before the
// memory of an encoded message is used for something else.
type Encoder struct {
	last Write
	body []byte // the encoded body with last, at most maxRepeat bytes; empty: there is none
}

// Reset forgets the last message.
func (e *Encoder) Reset() { e.last, e.body = Write{}, e.body[:0] }

// Append is AppendMessage with the memory of the Encoder.
func (e *Encoder) Append(dst []byte, m Message) ([]byte, error) {
	b, isWrite := m.Body.(Write)
	if !isWrite {
		return AppendMessage(dst, m)
	}
	if len(e.body) == 0 || !same(&e.last, &b) {
		return e.first(dst, &m, &b)
	}
	if err := checkEnds(&m); err != nil {
		return dst, fmt.Errorf("wire: encode message: %w", err)
	}
	w := field.Append(dst)
	putHead(&w, &m)
	return append(w.Bytes(), e.body...), nil
}

// first encodes a message with a new Write, and remembers the Write.
func (e *Encoder) first(dst []byte, m *Message, b *Write) ([]byte, error) {
	e.Reset()
	if err := first(checkEnds(m), checkWrite(b)); err != nil {
		return dst, fmt.Errorf("wire: encode message: %w", err)
	}
	w := field.Append(dst)
	putHead(&w, m)
	start := len(w.Bytes())
	putWriteBody(&w, b)
	if body := w.Bytes()[start:]; len(body) <= maxRepeat {
		e.last, e.body = *b, append(e.body, body...)
	}
	return appended(dst, w.Bytes(), "message")
}

// same reports whether a and b use the same memory and are equal otherwise.
func same(a, b *Write) bool {
	return sameSlice(a.Key, b.Key) && sameSlice(a.Siblings, b.Siblings) &&
		a.LWW == b.LWW && a.Lazy == b.Lazy && a.Purpose == b.Purpose && a.For == b.For
}

func sameSlice[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

package wire

import "ringside/engine/wire/field"

// The codec of pages of keys, and of what asks for them.

// checkPage checks the question for a page of keys.
func checkPage(prefix, after []byte) error {
	return first(checkSize("prefix", len(prefix), MaxKey), checkSize("cursor", len(after), MaxCursor))
}

func checkKeysReply(b *KeysReply) error {
	return first(checkCode(b.Err), checkListed(b.Keys), checkSize("cursor", len(b.Next), MaxCursor))
}

func checkListReply(r *ListReply) error {
	return first(
		checkCode(r.Err),
		checkNames("missing", r.Missing),
		checkListed(r.Keys),
		checkSize("cursor", len(r.After), MaxCursor))
}

func checkListed(keys []ListedKey) error {
	for i := range keys {
		if err := checkSize("key", len(keys[i].Key), MaxKey); err != nil {
			return err
		}
	}
	return checkSize("keys", len(keys), MaxListed)
}

func putListed(w *field.Writer, num int, keys []ListedKey) {
	for i := range keys {
		m := w.Open(num, len(keys[i].Key))
		w.Blob(1, keys[i].Key)
		w.Bool(2, keys[i].Deleted)
		w.Close(m)
	}
}

func aboutListed(keys []ListedKey) int {
	n := 0
	for i := range keys {
		n += len(keys[i].Key)
	}
	return n
}

func putListReply(w *field.Writer, r *ListReply) {
	w.Uint(1, r.Request)
	w.Uint(2, uint64(r.Err))
	w.String(3, text(r.Message))
	w.Strings(4, r.Missing)
	putListed(w, 5, r.Keys)
	w.Blob(6, r.After)
	w.Bool(7, r.More)
}

func (d *Decoder) keys(b []byte) (Keys, error) {
	var m Keys
	r := field.Read("keys", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Prefix = r.Blob()
		case 2:
			m.From = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkPage(m.Prefix, m.From)); err != nil {
		return m, err
	}
	m.Prefix, m.From = d.copy(m.Prefix), d.copy(m.From)
	return m, nil
}

func readKeysReply(b []byte) (KeysReply, error) {
	var m KeysReply
	r := field.Read("keys_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		case 2:
			m.Keys = readListed(m.Keys, &r)
		case 3:
			m.Next = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkKeysReply(&m)); err != nil {
		return m, err
	}
	keepListed(m.Keys)
	m.Next = copyOf(m.Next)
	return m, nil
}

// readListed reads a listed key in place and appends it to keys.
func readListed(keys []ListedKey, outer *field.Reader) []ListedKey {
	var k ListedKey
	r := field.Read("listed_key", outer.Element())
	for r.Next() {
		switch r.Number() {
		case 1:
			k.Key = r.Blob()
		case 2:
			k.Deleted = r.Bool()
		default:
			r.Unknown()
		}
	}
	keys = append(keys, k)
	outer.Fail(first(r.Err(), checkSize("keys", len(keys), MaxListed)))
	return keys
}

// keepListed gives the keys memory of their own, which no other message shares.
func keepListed(keys []ListedKey) {
	size := 0
	for i := range keys {
		size += len(keys[i].Key)
	}
	all := make([]byte, 0, size)
	for i := range keys {
		if len(keys[i].Key) == 0 {
			keys[i].Key = nil
			continue
		}
		n := len(all)
		all = append(all, keys[i].Key...)
		keys[i].Key = all[n:len(all):len(all)]
	}
}

func (d *Decoder) listRequest(b []byte) (ListRequest, error) {
	var m ListRequest
	r := field.Read("list_request", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Prefix = r.Blob()
		case 3:
			m.After = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkPage(m.Prefix, m.After)); err != nil {
		return m, err
	}
	m.Prefix, m.After = d.copy(m.Prefix), d.copy(m.After)
	return m, nil
}

func readForgetRequest(b []byte) (ForgetRequest, error) {
	var m ForgetRequest
	r := field.Read("forget_request", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Key = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkSize("key", len(m.Key), MaxKey)); err != nil {
		return m, err
	}
	m.Key = copyOf(m.Key)
	return m, nil
}

func (d *Decoder) listReply(b []byte) (ListReply, error) {
	var m ListReply
	r := field.Read("list_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Err = readCode(&r)
		case 3:
			m.Message = readText(&r)
		case 4:
			d.node(0, "missing", &r)
		case 5:
			m.Keys = readListed(m.Keys, &r)
		case 6:
			m.After = r.Blob()
		case 7:
			m.More = r.Bool()
		default:
			r.Unknown()
		}
	}
	m.Missing = d.lists[0]
	if err := first(r.Err(), checkListReply(&m)); err != nil {
		return m, err
	}
	keepListed(m.Keys)
	m.Missing, m.After = copyOf(m.Missing), d.copy(m.After)
	return m, nil
}

func readForgetReply(b []byte) (ForgetReply, error) {
	var m ForgetReply
	r := field.Read("forget_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Err = readCode(&r)
		case 3:
			m.Message = readText(&r)
		case 4:
			m.Forgotten = r.Bool()
		case 5:
			m.Live = r.Bool()
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkCode(m.Err))
}

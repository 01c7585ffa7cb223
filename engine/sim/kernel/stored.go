package kernel

import (
	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
)

// Stored returns what a store holds of a key: the replica of a home, and hints. Damaged records
// count as missing.
func Stored(from store.Reader, key string) []event.Replica {
	var out []event.Replica
	dataKey := record.DataKey([]byte(key))
	if b, _ := from.Get(store.Data, dataKey); b != nil {
		if rec, err := record.Decode(b); err == nil {
			out = append(out, event.Replica{Versions: rec.Siblings})
		}
	}
	_ = from.Scan(store.Hints, nil, nil, func(k, v []byte) bool {
		home, of, ok := record.SplitHintKey(k)
		if ok && string(of) == string(dataKey) {
			if rec, err := record.Decode(v); err == nil {
				out = append(out, event.Replica{For: string(home), Versions: rec.Siblings})
			}
		}
		return true
	})
	return out
}

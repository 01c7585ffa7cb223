//go:build !linux

package level

import "github.com/syndtr/goleveldb/leveldb/storage"

// flush makes the file's bytes and its length durable.
func flush(f storage.Writer) error { return f.Sync() }

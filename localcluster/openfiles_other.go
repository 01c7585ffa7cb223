//go:build !unix

package localcluster

// fileLimit returns 0: this system has no limit that a cluster reaches.
func fileLimit() uint64 { return 0 }

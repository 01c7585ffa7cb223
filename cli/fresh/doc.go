// Package fresh keeps a cluster whose place a new one can take, so that the screens can begin again
// with an empty cluster and stay open.
//
// A Cluster may be used by any goroutine. Begin reading at Cluster.Replace.
package fresh

// Package fresh keeps a cluster whose place another one can take while the screens stay open: an
// empty cluster, the cluster of a lesson, or the recording of a cluster's past.
//
// A Cluster may be used by any goroutine. Begin reading at Cluster.Replace.
package fresh

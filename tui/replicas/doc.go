// Package replicas sums up what the view of a cluster knows of one key: which nodes hold which
// versions, whether the homes agree, and how the versions descend from each other.
//
// A Summary is made anew for each frame and not changed. It may be older than the cluster: what a
// node holds is what the latest event or snapshot said. Start reading with Of.
package replicas

/*
Package settings holds the choices that are fixed when a cluster is created: its nodes, N, R and W
(§4.5), the partitioning strategy (§6.2), how versions are compared and reconciled (§4.4), and the
object buffer (§6.1). The package has their defaults and their validation.

A driver keeps the settings with the cluster's data. The first event of each stream carries them.
Cluster is a plain value. Copies share slices, so a program must not change a slice in place. Begin
reading at Cluster and New.
*/
package settings

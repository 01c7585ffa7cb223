// Package datadir owns all files of clusters on this machine, and the locks on their folders.
//
// A home (Home) has one folder for each cluster (Folder):
//
//	lock       the lock file; it holds the number of the process that has the lock
//	sock       the control socket
//	info.json  Info of the run that is on, or of the last one
//	contexts/  the contexts that commands have saved under a name
//	data/      the data root, unless the cluster was started with --dir
//
// A data root (root) has the data of one cluster:
//
//	lock          the lock file
//	owner.json    the cluster that uses the data root, or used it last
//	cluster.json  the settings, and the version that wrote them
//	secret        the key that seals contexts
//	runs.json     the latest run of each node (runs.go)
//	NODE/         the database of a node, and STAMP, which tells the folder from its copies
//
// A Claim is a cluster's hold on its folders, from the start to the end of the process's cluster.
// Take makes a Claim, and Check makes the checks of Take without a change. A Disk is the disk of
// one node. Disk.Open repairs a damaged database and reports whether the data may be older than the
// node's last run. List, FindRemains and Remains.Remove work on clusters that are not running.
//
// Invariants:
//
//   - A process writes into a folder only while it holds the folder's lock.
//   - Each small file is replaced as a whole, so that a crash leaves the old or the new one.
//   - Nothing outside a data root is deleted, and no file that is not a cluster's.
//
// A Claim and its Disks have no lock of their own. The caller makes one call at a time to each of
// them, except for Gone and HasRoom, which may be called at any time. Runs has a mutex.
//
// Begin reading at Take in claim.go. lock.go locks folders, root.go opens a data root, disk.go a
// node's disk.
package datadir

// Package simulate is the command sim: it plays runs of package engine/sim, one or many, and shows
// what they came to.
//
// Run handles one command line, in one of seven ways:
//   - campaign.go plays many seeds, one on each processor, and adds up their results;
//   - shards.go plays a part of a campaign, and joins the parts (package shard);
//   - single.go plays one run from a seed or a script;
//   - watch.go plays one run and shows its recording on the screens;
//   - fork.go plays a run as it is and with one thing changed, as text or on the screens;
//   - capsule.go keeps a run with its result in a file;
//   - linear.go asks porcupine whether a run is linearizable.
//
// A run that fails is made smaller and written as a script (single.go). flags.go reads the flags,
// report.go writes the results as text and as JSON. opening.go has two more commands: open shows
// the run of a capsule again, and diff (diff.go) tells where two runs part. session.go does both
// for runs of real clusters, whose requests and faults course.go lists.
package simulate

// Package shard divides a job into parts that run on several machines, and joins their results. A
// job is a list of units, such as the seeds of a campaign or the units of an experiment. Shard I of
// K has every K-th unit, beginning with unit I-1.
//
// The result of each shard is one JSON file. The file begins with a Header, and the job itself adds
// what it needs. Read reads the files of all shards. Read refuses a set of files that is not
// exactly one job: a shard that is missing or doubled, another commit, other options. commands.go
// has the flags of the commands that take shards.
package shard

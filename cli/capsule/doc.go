// Package capsule is the file that keeps one run, so that others can look at it later: a simulated
// run, which its script plays again, or the past of a real cluster, which its events show.
//
// Read and Write are the file. The command open shows a Capsule, and diff compares two.
package capsule

// Package bench is the command bench: it reads flags, measures with package localcluster/bench, and
// prints the report as text, JSON or a page.
package bench

// Package interval computes confidence intervals.
package interval

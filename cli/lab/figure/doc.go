// Package figure draws the figures of experiments as SVG: lines with error bars, which can be told
// apart without colours too.
package figure

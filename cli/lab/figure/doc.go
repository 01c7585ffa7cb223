// Package figure draws the figures of experiments as SVG: lines with error bars, which can also be
// told apart without colours.
package figure

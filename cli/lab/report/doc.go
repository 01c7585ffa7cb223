// Package report writes the reports of experiments: as text, as CSV, and as a page of HTML that
// needs no other file.
package report

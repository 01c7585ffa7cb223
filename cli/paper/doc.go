// Package paper maps the Dynamo paper (DeCandia et al., SOSP 2007) to this program: what each
// section claims, where it is implemented, which script shows it, and what is missing.
//
// sections.go and table1.go are written by hand: the claims of the paper in our words, and our
// deviations. The files, scripts and events of a section are found: files and scripts name their
// sections in their first lines, and a test collects the names in index.json. A section that no
// file names is missing.
//
// fig8.go computes Figure 8 from the code of the ring. fig5.go and table2.go measure Figure 5 and
// Table 2 on throw-away clusters (experiment.go), whose disks and network are slow on purpose.
package paper

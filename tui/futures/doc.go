// Package futures draws what two futures of a simulated run have to do with each other: what was
// changed, where the futures part, and what is different in the end.
//
// The panes of the other packages draw the futures themselves, once for each future. A Model
// belongs to the goroutine of Bubble Tea's Update and View. Begin reading at Facts.
package futures

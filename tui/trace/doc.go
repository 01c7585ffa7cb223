// Package trace draws screen 3: the space-time diagram of one request, why the request ended as it
// did, and where its time went.
//
// The screen shows the request that the user chose, and otherwise the latest one. The latest one
// changes once a second at most. Package diagram lays the request out, so that the command trace
// and this screen say the same. On a narrow terminal the sentence of the selected row is below the
// lanes.
//
// A Model remembers the selected row. It belongs to the goroutine of Bubble Tea's Update and View.
// Begin reading at Model, then Model.Draw.
package trace

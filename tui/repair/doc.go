// Package repair is the screen about the mechanisms that bring homes the versions that they lack.
// One pane shows the hints on their way (§4.6). One pane shows the rounds of anti-entropy (§4.7).
// One pane shows where two Merkle trees differ (§4.7). One pane shows how much of the key space
// diverged in the last minute.
//
// A history notes with each snapshot how many key ranges diverge, whether the screen is in sight or
// not. All else is read from the view of the cluster for each frame.
//
// Invariants: a frame never counts what the view does not know. A range of which a home does not
// answer is unknown, and a part of a tree that was not compared is drawn as such. Sums say since
// when they count. Start reading with Model.Draw.
package repair

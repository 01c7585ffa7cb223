// Package inspect is the screen about one key. The pane of replicas shows what each replica holds,
// and how a replica gets a version that it lacks. The pane of siblings also shows how a client
// reconciles them. The pane of ancestry shows which version descends from which. The pane of clocks
// shows how the clocks of two versions differ.
//
// A sight is what the view of the cluster knows of the shown key, made anew for each frame. Its
// relations come from dots and pasts (vclock.Version.Compare), never from printed clocks. A graph
// lays the ancestry out in lanes and knows nothing of screens. The Model keeps what the user
// selected, and the numbers v1, v2 and so on, by which a frame names versions.
//
// Invariants: a frame never shows more than what the view knows, and says what the view cannot
// know, such as versions that were superseded before the screen began. Values and names are escaped
// and cut. Start reading with Model.Draw, then look.
package inspect

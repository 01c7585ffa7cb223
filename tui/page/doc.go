/*
Package page says what the screens beside the ring have in common. Each of them is one page between
the title line and the prompt: a package with its own state, its own drawing and its own keys. The
model in package tui shows one page at a time and gives it the keys that no table of all screens
has.

A page reads state.State: the cluster, and what the user chose to look at (a key, a node, a
request). These choices are the same on all screens. A page that needs more than the state holds
asks Desk.Source in a tea.Cmd, and gets its own message back through Update.

Everything but commands of Bubble Tea runs in the goroutine of the model. Begin reading at Page.
*/
package page

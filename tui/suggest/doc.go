// Package suggest proposes commands. The key card lists the proposals, and an empty prompt offers
// the first of them, so that both agree.
//
// The first proposal is the next of the steps that the screens were started with, if one is left
// and the steps still fit the members. A node that the step names and that does not run is started
// first.
// The others follow from the state of the shown key: they lead to a conflict, and out of it again.
// A proposal never writes blindly. It therefore uses only contexts that a command of the user
// saved.
//
// Start reading with Model.Next.
package suggest

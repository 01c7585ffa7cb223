// Package tour teaches the paper: lessons whose steps the learner does on a live cluster.
//
// # Lessons are data
//
// A Lesson has Steps, and a Step has what a learner reads and does: Say, a Question to answer
// before the reveal, a goal (Do), the Check that decides whether the goal is reached, WrongTurns,
// and a Reveal. Checks and wrong turns are conditions in the language of the command expect, so
// any commands that reach the goal pass. The right answer to a Question is an expression in the
// same language, whose value comes from the cluster of the learner. Texts may have ${EXPRESSION},
// which is replaced by its value, and **word**, which marks a word that the glossary explains.
//
// Each lesson has a file of its own: where.go is lesson 1. Lessons lists all of them, in order.
// The glossary is in glossary.go.
//
// # A session runs a lesson
//
// A Session runs one lesson at a time on a throw-away cluster, and does not know how it is shown:
//
//	s, err := tour.Open(ctx, tour.Options{Home: home, Exec: exec}, "carts")
//	messages := s.Line(ctx, "put cart milk")  // what a learner types; "" goes on after a reveal
//	v := s.View()                             // what a screen shows of the lesson now
//	s.Cluster()                               // the live cluster, for the screens
//	s.Close()
//
// Line takes the verbs of package verbs and the words of the tour: answer, hint, show me, undo,
// back, next, skip, restart, lessons, lesson, glossary, help, leave and quit. Line returns
// Messages, each with a Kind, in the order in which a learner reads them. The texts of messages are
// not wrapped; Text.Plain and Text.Spans remove or find the marks of words. The first messages of a
// lesson are those of Start.
//
// View, Env and Cluster may be called at any time and from any goroutine. The other methods are
// called from one goroutine at a time. View.Generation grows when the session replaces its cluster
// (undo, back, another lesson), and a screen then has to follow the new one. An interrupted line
// leaves the session at the step where it was, on its cluster, and returns a Failure. Look returns
// the messages about what the cluster has done by itself since the last line, so that a screen may
// call Look now and then.
//
// The phases of a step are Asking, until its question is answered, Doing, until its check holds,
// and Revealed. After the last step the session is Over. An undo never goes back to an old copy of
// a disk: a fresh cluster starts, and the commands of the steps before are played again.
//
// # Showing a session
//
// Plain returns messages as lines of text. Run is the command tour at a prompt without a screen and
// in a pipe. The progress of the learner is kept in Options.Home, the folder of all clusters.
package tour

package tour

// A MessageKind says what a message is, so that a front end can show it in its way.
type MessageKind string

// Kinds of messages.
const (
	Heading  MessageKind = "heading"  // the title of a lesson or of a step
	Say      MessageKind = "say"      // prose
	Ask      MessageKind = "ask"      // a question
	Goal     MessageKind = "goal"     // what to do
	Command  MessageKind = "command"  // a command that the session runs
	Output   MessageKind = "output"   // what a command printed; keep its lines as they are
	Right    MessageKind = "right"    // an answer was right, or a goal is reached
	Wrong    MessageKind = "wrong"    // an answer was wrong, or a wrong turn
	Hint     MessageKind = "hint"     // help that was asked for
	Remember MessageKind = "remember" // the sentence to remember
	Note     MessageKind = "note"     // what the session did, and what to type next
	Failure  MessageKind = "failure"  // a line that could not be run
)

// A Message is one thing that a session says.
type Message struct {
	Kind MessageKind
	Text Text
}

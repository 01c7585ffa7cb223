package tour

import "ringside/engine/settings"

// A Lesson teaches one idea in a few steps.
type Lesson struct {
	Name    string // a word, as in: ringside tour carts
	Title   string
	Section string // of the paper
	About   Text   // what the lesson is about, before the first step
	Cluster Cluster
	Steps   []Step
	// Remember is the sentence to keep. TryAlso lists commands to play with after the lesson, and
	// Paper the sections to read.
	Remember Text
	Paper    []string
	TryAlso  []string
	// Exam makes the lesson a test: no hints, and a result at the end.
	Exam bool
}

// A Cluster says which cluster a lesson or a step needs.
type Cluster struct {
	Settings settings.Cluster // a zero field is the default of up
	Keys     int              // how many keys are loaded: key-0, key-1, ...
	Run      []string         // commands that the session runs before the learner begins
}

// A Step has one idea. It has a Question, a goal (Do), or both; then the question comes first.
type Step struct {
	Title string // a few words, for the list of steps
	Say   Text
	// Cluster replaces the cluster at the beginning of the step, unless it is nil.
	Cluster *Cluster
	// Run lists commands that the session runs at the beginning of the step, and shows.
	Run []string
	// Needs is a condition that must hold at the beginning of the step. If it does not, because the
	// learner has played with the cluster, the steps before are played again. "" needs nothing.
	Needs    string
	Question *Question
	Do       Text   // the goal in words
	Hints    []Text // each comes with one more "hint"; the commands come last
	// Commands are what "show me" runs; afterwards Check holds, or Once. In a step without a goal they
	// run when the question is answered, so that the cluster answers it.
	Commands []string
	Check    string // the condition that ends the step
	// Once is a condition after which Check comes to hold by itself, so that the session waits for
	// it. "" waits never.
	Once string
	// Saves is the name of a context that the learner must keep before the step ends. "" needs none.
	Saves string
	Wrong []WrongTurn
	// Typed explains, by a word of a line such as a flag, why that line does not reach the goal.
	Typed  map[string]Text
	Reveal Reveal
	// From names the lesson that an exam's question repeats.
	From string
}

// A WrongTurn recognises a slip while the goal is not reached.
type WrongTurn struct {
	When string // a condition
	Say  Text   // what happened and why
}

// A Reveal shows the picture of a step that is done.
type Reveal struct {
	Say    Text     // what the picture shows, before the picture
	Show   []string // commands whose output is the picture as text
	Screen string   // the screen that shows the same: ring, key, trace or repair; "" for none
	Key    string   // the key to select on that screen
	Keep   Text     // the sentence to remember, after the picture
}

// An AnswerKind says what the answers to a question look like.
type AnswerKind string

// Kinds of answers.
const (
	Nodes  AnswerKind = "names of nodes" // names of nodes, in any order; the expression gives []string
	Number AnswerKind = "a number"       // a whole number
	YesNo  AnswerKind = "yes or no"
	Choice AnswerKind = "a letter" // one of Options; the expression gives the text of an option
	Clock  AnswerKind = "a clock"  // such as {n1:1 n3:2}
)

// A Question is answered before the reveal.
type Question struct {
	Ask     Text
	Kind    AnswerKind
	Options []string
	Answer  string // an expression whose value is the right answer, when the step is done
	// Why explains the right answer. Slips explains wrong ones that are common, by answer.
	Why   Text
	Hint  Text // a thought to start with, for a question whose answer is computed
	Slips map[string]Text
}

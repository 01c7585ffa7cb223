package tour

import (
	"context"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// Verb is the command tour.
var Verb = &verbs.Verb{
	Name: "tour", Group: verbs.GroupCluster, Section: "§4",
	Args:  []verbs.Arg{{Name: "LESSON", Optional: true, Words: names()}},
	Usage: "learn the paper on a live cluster: lessons to do, questions to answer, and an exam",
	Help: `Each lesson has a few steps on a throw-away cluster. You answer a question before you see what happens, you
reach a goal with any commands that lead there, and the cluster's state decides whether you did. LESSON is a number
or a name; without it the tour goes on with the first lesson that you have not done. The progress is kept in the
folder of all clusters. Within the tour, help lists what you can type: hint, show me, undo, back, next and more.

The tour also works in a pipe: each line of standard input is a line of the prompt. Then the exit code is 0 if the
lesson was completed, and 8 if the input ended before that. For example, this walks lesson 4:

  yes 'show me
  next' | head -12 | ringside tour 4

--list prints the lessons. With --json it prints {"lessons":[{"n","name","title","section","steps","done":bool}]};
n is 0 for the exam. A lesson with --json prints one object a message: {"kind","text"}, and at its end
{"lesson","completed":bool,"right":int,"wrong":int}, the answers that were right and wrong.`,
	Flags: []verbs.Flag{
		{Name: "plain", Kind: verbs.Bool, Help: "lines of text instead of a screen, as for a screen reader"},
		{Name: "list", Kind: verbs.Bool, Help: "list the lessons and which are done"},
	},
}

func names() []string {
	var out []string
	for _, l := range Lessons() {
		out = append(out, l.Name)
	}
	return out
}

// Run runs a call of Verb at a plain prompt or in a pipe. o has what the caller adds to a session;
// o.Home is the folder of all clusters.
func Run(ctx context.Context, con *console.Console, call *verbs.Call, o Options) error {
	if call.Bool("list") {
		return list(con, call, o.Home)
	}
	p := &plain{con: con, terminal: con.Interactive() && !con.JSON, width: max(con.Width(), plainWidth)}
	p.paint.Color = p.terminal && con.Colors()
	o.Color, o.Width = p.paint.Color, p.width
	s, err := Open(ctx, o, call.Arg(0))
	if err != nil {
		return err
	}
	defer s.Close()
	lesson := s.lesson
	if err := p.run(ctx, s); err != nil {
		if p.terminal && ctx.Err() != nil {
			con.Notef("\nThe tour was interrupted. ringside tour %s begins the lesson again.\n", s.lesson.Name)
		}
		return err
	}
	completed := s.completed[lesson.Name]
	if con.JSON {
		err := con.PrintJSON(map[string]any{"lesson": lesson.Name, "completed": completed != nil,
			"right": completed.count(right), "wrong": completed.count(wrong)})
		if err != nil {
			return err
		}
	}
	if completed == nil && !p.terminal {
		advice := "show me and next go on"
		if lesson.Exam {
			advice = "answer or skip each question"
		}
		return &exit.Error{Exit: exit.Expectation, Code: "lesson_not_completed", Reported: con.JSON,
			Message: "tour: the lesson " + lesson.Name + " was not completed; " + advice}
	}
	return nil
}

// list prints the lessons.
func list(con *console.Console, call *verbs.Call, home string) error {
	if call.Arg(0) != "" {
		return usage.Errorf("tour: --list lists all lessons; leave out %s", render.Quoted(call.Arg(0)))
	}
	all, problem := Listing(home)
	if problem != nil {
		con.Notef("tour: %v\n", problem)
	}
	return con.Show(map[string]any{"lessons": all}, listText(all))
}

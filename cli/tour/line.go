package tour

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// Words lists the words of the tour that a learner may type beside the verbs.
var Words = []string{"answer", "hint", "show", "undo", "back", "next", "skip", "restart", "lessons", "lesson",
	"glossary", "help", "leave", "quit"}

// Help explains the words of the tour.
const Help = `Any command of ringside runs on the lesson's cluster: put, get, inspect and so on.
Words of the tour:
  answer X     answer the question; the answer alone will do
  hint         a hint, and with one more hint the command
  show me      run the commands of this step
  next         go on when a step is done; an empty line does the same
  undo         begin this step again, in a fresh cluster
  back         begin the step before again
  skip         leave this step out
  restart      begin the lesson again
  lessons      list the lessons;  lesson 4  opens one
  glossary     the words of the paper;  glossary hint  explains one
  help         this list;  help put  explains a command
  leave        leave the lesson; your own cluster is then shown again
  quit         leave the tour, and end the screens; the progress is kept
`

// looks are the verbs that change nothing.
var looks = []string{"status", "ring", "inspect", "clock", "hints", "merkle", "trace", "events", "wait", "settle",
	"expect", "help", "why", "fate", "keys"}

// lineTimeout bounds a line, so that a wait for what never comes does not end the tour.
const lineTimeout = time.Minute

// Line takes a line that a learner typed, and returns what to show.
func (s *Session) Line(ctx context.Context, line string) []Message {
	defer s.publish()
	s.Exit = exit.OK
	words, err := split(line)
	if err != nil {
		return failure(usage.Errorf("%w", err))
	}
	if len(words) == 0 {
		return s.next(ctx, true)
	}
	if leaving(words) {
		s.quit = true
		return nil
	}
	rest := strings.Join(words[1:], " ")
	switch words[0] {
	case "answer":
		return s.answer(ctx, rest)
	case "hint":
		return s.hint()
	case "show":
		return s.showMe(ctx)
	case "undo":
		return s.undo(ctx)
	case "back":
		return s.back(ctx)
	case "next":
		return s.next(ctx, false)
	case "skip":
		return s.skip(ctx)
	case "lessons":
		return []Message{{Output, Text(listText(s.progress.listing()))}}
	case "lesson":
		return s.open(ctx, rest)
	case "glossary":
		return glossary(rest)
	case "restart":
		if len(words) == 1 {
			return s.change(ctx, s.lesson)
		}
	case "help":
		if len(words) == 1 {
			return []Message{{Output, Help}}
		}
	}
	return s.command(ctx, words, line)
}

// split returns the words of a line, without what a learner may have copied before a command.
func split(line string) ([]string, error) {
	words, err := verbs.Split(line)
	for len(words) > 0 && (words[0] == "ringside" || words[0] == ":") {
		words = words[1:]
	}
	if len(words) > 0 {
		words[0] = strings.TrimPrefix(words[0], ":")
	}
	return words, err
}

// Leaves reports whether a line leaves the lesson. Session.Quit is true after such a line.
func Leaves(line string) bool {
	words, err := split(line)
	return err == nil && leaving(words)
}

func leaving(words []string) bool {
	switch {
	case len(words) == 0:
		return false
	case words[0] == "leave": // with a name, a node leaves
		return len(words) == 1
	}
	return slices.Contains([]string{"quit", "exit", "q"}, words[0])
}

// Look returns what to show about what the cluster has done by itself.
func (s *Session) Look(ctx context.Context) []Message {
	if s.phase != Doing || !s.live.reached(ctx, s.step()) {
		return nil
	}
	defer s.publish()
	return s.pass(ctx)
}

// command runs a line that is not for the tour. If a question is open and the line is no command,
// the line is its answer.
func (s *Session) command(ctx context.Context, words []string, line string) []Message {
	verb := verbs.Lookup(words[0])
	if verb == nil && !slices.Contains(s.opt.Others, words[0]) {
		return s.word(ctx, words[0], line)
	}
	look := slices.Contains(looks, words[0]) || verb == nil
	if words[0] == "expect" && slices.Contains(words, "--") { // which runs a command
		look = false
	}
	if s.lesson.Exam && !look {
		return []Message{{Failure, "In the exam you may look and not touch: status, ring, inspect, hints, trace, why."}}
	}
	if words[0] == "down" {
		return []Message{{Failure, "The tour takes its cluster down itself: quit leaves the tour."}}
	}
	if s.live.env.Follows(words) {
		return []Message{{Failure, "events -f would not end here; events without -f lists the past ones."}}
	}
	inner, cancel := context.WithTimeout(ctx, lineTimeout)
	defer cancel()
	text, code := s.live.run(inner, verbs.Join(words))
	s.Exit = code
	out := []Message{{Output, Text(text)}}
	if inner.Err() != nil && ctx.Err() == nil {
		out = append(out, Message{Failure, Text(fmt.Sprintf("The command was ended after %v.", lineTimeout))})
	}
	s.typed, s.touched = line, s.touched || !look
	s.strayed = s.strayed || !look && s.phase != Doing
	if s.phase == Asking && !look {
		return append(out, Message{Note, "The question is still open: " + s.shown.Ask})
	}
	return append(out, s.examine(ctx, look)...)
}

// word takes a line that is no command: the answer to an open question, or a mistake.
func (s *Session) word(ctx context.Context, word, line string) []Message {
	switch s.phase {
	case Asking:
		if _, err := s.step().read(ctx, s.live.source(), line); err != nil {
			return []Message{{Failure, Text("This is neither a command nor an answer; " + err.Error() + ".")}}
		}
		return s.answer(ctx, line)
	case Revealed:
		return append(unknown(word, s.opt.Others), Message{Note, "This step is done. Press Enter to go on."})
	}
	return unknown(word, s.opt.Others)
}

// unknown returns the message about a word that is no command.
func unknown(word string, others []string) []Message {
	known := slices.Concat(Words, verbs.Names(), others)
	return []Message{{Failure, Text(fmt.Sprintf("There is no command %s%s. help lists the words of the tour.",
		quoted(word), near(word, known)))}}
}

// next goes on. silent is set for an empty line, which does nothing where the learner has to act.
func (s *Session) next(ctx context.Context, silent bool) []Message {
	switch s.phase {
	case Revealed:
		return s.advance(ctx)
	case Over:
		if silent {
			return []Message{{Note, "The lesson is over. next goes on with the next one, quit leaves."}}
		}
		if after := following(s.lesson); after != nil {
			return s.change(ctx, after)
		}
		return []Message{{Note, "That was the last lesson. lessons lists them, quit leaves."}}
	case Asking:
		return []Message{{Note, "First guess: " + s.shown.Ask + " (skip leaves the step out.)"}}
	}
	if out := s.examine(ctx, false); len(out) > 0 {
		return out
	}
	return []Message{{Note, "Not done yet: " + s.shown.Goal + " (hint helps, show me does it.)"}}
}

// open opens a lesson by its name or number.
func (s *Session) open(ctx context.Context, name string) []Message {
	l, err := Find(name)
	if err != nil {
		return failure(err)
	}
	return s.change(ctx, l)
}

// change begins a lesson on a fresh cluster.
func (s *Session) change(ctx context.Context, l *Lesson) []Message {
	if err := s.begin(ctx, l); err != nil {
		return failure(err)
	}
	return s.Start(ctx)
}

// hint gives the next hint of the step. The last hint is the commands.
func (s *Session) hint() []Message {
	st := s.step()
	switch {
	case s.lesson.Exam:
		return []Message{{Failure, "An exam has no hints. You may look at the cluster with any command."}}
	case s.phase == Asking && st.Question.Hint != "":
		return []Message{{Hint, st.Question.Hint}}
	case s.phase == Asking:
		return []Message{{Hint, "Guess; a wrong answer costs nothing, and the reveal explains. You may look at the " +
			"cluster first, with any command."}}
	case s.phase != Doing:
		return []Message{{Note, "This step is done. Press Enter to go on."}}
	}
	if s.hints < len(st.Hints) {
		s.hints++
		s.shown.Hints = append(s.shown.Hints, st.Hints[s.hints-1])
		return []Message{{Hint, st.Hints[s.hints-1]}}
	}
	return []Message{{Hint, Text("These commands do it; show me runs them.")},
		{Output, Text(strings.Join(st.Commands, "\n") + "\n")}}
}

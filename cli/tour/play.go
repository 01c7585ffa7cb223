package tour

// Steps back: a fresh cluster, in which the steps before are played again.

import (
	"context"
	"fmt"
)

// base returns the index of the step of l whose cluster step i uses.
func base(l *Lesson, i int) int {
	for i > 0 && l.Steps[i].Cluster == nil {
		i--
	}
	return i
}

// prepare starts a fresh cluster for step i of a lesson, and plays the steps before on it. The
// session changes only after prepare has succeeded, so that an interrupt leaves the session as it
// was. The caller gives the cluster to use, or closes it.
func prepare(ctx context.Context, l *Lesson, i int, o Options) (*live, error) {
	first := base(l, i)
	need := l.Cluster
	if own := l.Steps[first].Cluster; own != nil {
		need = *own
	}
	fresh, err := start(ctx, need, o)
	if err != nil {
		return nil, err
	}
	for k := first; k < i; k++ {
		if err := play(ctx, fresh, &l.Steps[k]); err != nil {
			fresh.close()
			return nil, fmt.Errorf("play step %d again: %w", k+1, err)
		}
	}
	return fresh, nil
}

// use replaces the live cluster by fresh.
func (s *Session) use(fresh *live) {
	if s.live != nil {
		s.live.close()
	}
	s.live, s.strayed = fresh, false
	s.generation++
}

// ready returns a fresh cluster for step i, and what to say of it, if the step does not go on with
// the live cluster. Otherwise ready returns nil.
func (s *Session) ready(ctx context.Context, i int) (fresh *live, note Text, err error) {
	st := &s.lesson.Steps[i]
	switch {
	case st.Cluster != nil:
		note = "This step has a fresh cluster."
	case st.Needs != "" && !s.live.holds(ctx, st.Needs):
		note = "The cluster was not as this step needs it. " + again(s.lesson, i)
	default:
		return nil, "", ctx.Err()
	}
	fresh, err = prepare(ctx, s.lesson, i, s.opt)
	return fresh, note, err
}

// advance enters the next step.
func (s *Session) advance(ctx context.Context) []Message {
	fresh, note, err := s.ready(ctx, s.at+1)
	if err != nil {
		return failure(err)
	}
	return s.to(ctx, s.at+1, fresh, note)
}

// to enters step i, on the cluster that ready returned.
func (s *Session) to(ctx context.Context, i int, fresh *live, note Text) []Message {
	if fresh != nil {
		s.use(fresh)
	}
	s.at = i
	s.clear()
	var out []Message
	if note != "" {
		out = append(out, Message{Note, note})
	}
	return append(out, s.enter(ctx)...)
}

// play runs the commands of a step and waits until its check holds.
func play(ctx context.Context, l *live, st *Step) error {
	for _, line := range st.Run {
		l.run(ctx, line)
	}
	for _, line := range st.Commands {
		l.run(ctx, line) // a command that fails may be the lesson
	}
	if st.Check == "" {
		return ctx.Err()
	}
	return l.await(ctx, st.Check, comesTimeout)
}

// undo begins the current step again.
func (s *Session) undo(ctx context.Context) []Message {
	switch {
	case s.lesson.Exam:
		return []Message{{Failure, "An exam has no undo."}}
	case !s.touched && (s.phase == Asking || s.phase == Doing):
		return []Message{{Note, "There is nothing to undo in this step. back goes to the step before."}}
	}
	return s.retry(ctx, s.at)
}

// back begins the step before again.
func (s *Session) back(ctx context.Context) []Message {
	switch {
	case s.lesson.Exam:
		return []Message{{Failure, "An exam has no way back."}}
	case s.at == 0:
		return []Message{{Note, "This is the first step. undo begins it again, restart the lesson."}}
	}
	return s.retry(ctx, s.at-1)
}

// retry begins step i in a fresh cluster. An answer that was given to its question stays.
func (s *Session) retry(ctx context.Context, i int) []Message {
	said, answered, same := s.said, s.answered, i == s.at
	fresh, err := prepare(ctx, s.lesson, i, s.opt)
	if err != nil {
		return failure(err)
	}
	s.use(fresh)
	if i < s.at {
		s.states[s.at] = Todo
	}
	s.at, s.frame.end = i, ""
	for k := i; k < len(s.marks); k++ {
		s.marks[k] = unmarked
	}
	s.clear()
	out := []Message{{Note, again(s.lesson, i)}}
	if same && answered && s.step().Do != "" {
		s.said, s.answered, s.phase = said, true, Doing
	}
	return append(out, s.enter(ctx)...)
}

// skip leaves the step out: its commands are run, and the next step begins.
func (s *Session) skip(ctx context.Context) []Message {
	if s.phase == Revealed {
		return s.advance(ctx)
	}
	if s.phase == Over {
		return []Message{{Note, "The lesson is over."}}
	}
	if s.lesson.Exam { // counts as a wrong answer
		return s.pass(ctx)
	}
	var fresh *live
	var note Text
	var err error
	last := s.at+1 == len(s.lesson.Steps)
	switch {
	case last:
	case s.touched || s.step().Do != "":
		fresh, err = prepare(ctx, s.lesson, s.at+1, s.opt)
		note = again(s.lesson, s.at+1)
	default:
		fresh, note, err = s.ready(ctx, s.at+1)
	}
	if err != nil {
		return failure(err)
	}
	s.states[s.at] = Skipped
	if s.step().Question != nil {
		s.marks[s.at] = wrong
	}
	out := []Message{{Note, "Skipped."}}
	if last {
		return append(out, s.finish()...)
	}
	return append(out, s.to(ctx, s.at+1, fresh, note)...)
}

// showMe runs the commands of the step. If the learner has changed the cluster in this step, the
// step begins again first.
func (s *Session) showMe(ctx context.Context) []Message {
	if s.lesson.Exam {
		return []Message{{Failure, "An exam shows nothing. skip leaves the question out."}}
	}
	var out []Message
	switch s.phase {
	case Revealed, Over:
		return []Message{{Note, "This step is done."}}
	case Asking:
		again, err := s.unplayed(ctx)
		if err != nil {
			return failure(err)
		}
		if s.step().Do == "" {
			return append(again, s.pass(ctx)...)
		}
		s.phase = Doing
		return append(append([]Message{{Note, "Then see what the cluster does."}}, again...), s.toDo(ctx)...)
	}
	if s.touched || s.strayed {
		again, err := s.afresh(ctx)
		if err != nil {
			return failure(err)
		}
		out = again
	}
	s.touched = true
	for _, line := range s.step().Commands {
		out = append(out, s.live.show(ctx, line)...)
	}
	if err := s.live.await(ctx, s.step().Check, comesTimeout); err != nil {
		return append(out, failure(err)...)
	}
	return append(out, s.pass(ctx)...)
}

// afresh begins the current step again in a fresh cluster, without its texts.
func (s *Session) afresh(ctx context.Context) ([]Message, error) {
	fresh, err := prepare(ctx, s.lesson, s.at, s.opt)
	if err != nil {
		return nil, err
	}
	s.use(fresh)
	out := []Message{{Note, "The step begins again. " + again(s.lesson, s.at)}}
	return append(out, s.live.prelude(ctx, s.step())...), nil
}

package tour

// Steps back: a fresh cluster, in which the steps before are played again.

import (
	"context"
	"fmt"
)

// base returns the index of the step whose cluster step i uses.
func (s *Session) base(i int) int {
	for i > 0 && s.lesson.Steps[i].Cluster == nil {
		i--
	}
	return i
}

// rebuild replaces the cluster by a fresh one, and plays the steps before step i again.
func (s *Session) rebuild(ctx context.Context, i int) error {
	base := s.base(i)
	need := s.lesson.Cluster
	if own := s.lesson.Steps[base].Cluster; own != nil {
		need = *own
	}
	fresh, err := start(ctx, need, s.opt)
	if err != nil {
		return err
	}
	for k := base; k < i; k++ {
		if err := play(ctx, fresh, &s.lesson.Steps[k]); err != nil {
			fresh.close()
			return fmt.Errorf("play step %d again: %w", k+1, err)
		}
	}
	if s.live != nil {
		s.live.close()
	}
	s.live, s.strayed = fresh, false
	s.generation++
	return nil
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
	s.states[s.at] = Todo
	return s.retry(ctx, s.at-1)
}

// retry begins step i in a fresh cluster. An answer that was given to its question stays.
func (s *Session) retry(ctx context.Context, i int) []Message {
	said, answered, same := s.said, s.answered, i == s.at
	if err := s.rebuild(ctx, i); err != nil {
		return failure(err)
	}
	s.at, s.frame.end = i, ""
	for k := i; k < len(s.marks); k++ {
		s.marks[k] = unmarked
	}
	s.clear()
	out := []Message{{Note, s.again()}}
	if same && answered && s.step().Do != "" {
		s.said, s.answered, s.phase = said, true, Doing
	}
	return append(out, s.enter(ctx, true)...)
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
	s.states[s.at] = Skipped
	if s.step().Question != nil {
		s.marks[s.at] = wrong
	}
	if s.at+1 == len(s.lesson.Steps) {
		return append([]Message{{Note, "Skipped."}}, s.finish()...)
	}
	out := []Message{{Note, "Skipped."}}
	if s.touched || s.step().Do != "" {
		if err := s.rebuild(ctx, s.at+1); err != nil {
			return failure(err)
		}
		s.at++
		s.clear()
		return append(append(out, Message{Note, s.again()}), s.enter(ctx, true)...)
	}
	return append(out, s.advance(ctx)...)
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
		if s.step().Do == "" {
			return s.pass(ctx)
		}
		s.phase = Doing
		return append([]Message{{Note, "Then see what the cluster does."}}, s.toDo(ctx)...)
	}
	if s.touched || s.strayed {
		again, err := s.afresh(ctx)
		if err != nil {
			return failure(err)
		}
		out = again
	}
	for _, line := range s.step().Commands {
		out = append(out, s.show(ctx, line)...)
	}
	s.touched = true
	if err := s.live.await(ctx, s.step().Check, comesTimeout); err != nil {
		return append(out, failure(err)...)
	}
	return append(out, s.pass(ctx)...)
}

// afresh begins the current step again in a fresh cluster, without its texts.
func (s *Session) afresh(ctx context.Context) ([]Message, error) {
	if err := s.rebuild(ctx, s.at); err != nil {
		return nil, err
	}
	out := []Message{{Note, "The step begins again. " + s.again()}}
	for _, line := range s.step().Run {
		out = append(out, s.show(ctx, line)...)
	}
	return out, nil
}

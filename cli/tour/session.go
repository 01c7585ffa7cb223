package tour

import (
	"context"
	"errors"
	"slices"
	"sync"

	"ringside/cli/exit"
	"ringside/cli/verbs"
)

// Options are the surroundings of a Session.
type Options struct {
	// Home is the folder of all clusters, where the progress is kept; "" keeps no progress.
	Home string
	// Exec runs a line that is not for the tour. It returns what the line printed, and its exit
	// code. A nil Exec runs the verbs only.
	Exec func(ctx context.Context, env *verbs.Env, line string) (string, int)
	// Others are the commands that Exec knows beside the verbs.
	Others []string
	Flags  []verbs.Flag // that every command takes
	Dir    string       // the folder to which names of files are relative
	Color  bool
	Width  int // columns for pictures; 0: unknown
	// MaxKeys bounds the keys that are loaded; 0: as the lessons say. Tests load fewer.
	MaxKeys int
}

// keys returns how many keys are loaded for a lesson that wants a number of them.
func (o Options) keys(want int) int {
	if o.MaxKeys > 0 {
		return min(want, o.MaxKeys)
	}
	return want
}

// A Phase is what a session waits for.
type Phase string

// Phases of a session.
const (
	Asking   Phase = "asking"   // the answer to the question of the step
	Doing    Phase = "doing"    // the goal of the step
	Revealed Phase = "revealed" // the learner to go on
	Over     Phase = "over"     // the lesson has ended
)

// A StepState says how far a step is.
type StepState string

// States of steps.
const (
	Todo    StepState = "todo"
	Current StepState = "current"
	Done    StepState = "done"
	Skipped StepState = "skipped"
)

// A mark is the verdict on an answer.
type mark int

const (
	unmarked mark = iota
	right
	wrong // also a question that was left out
)

// marks are the verdicts on the answers of a lesson, by step.
type marks []mark

// count returns how many answers have the mark m.
func (all marks) count(m mark) int {
	n := 0
	for _, k := range all {
		if k == m {
			n++
		}
	}
	return n
}

// A Session runs one lesson at a time on a throw-away cluster.
type Session struct {
	opt      Options
	progress *progress
	live     *live
	strayed  bool // a line outside of a goal may have changed the live cluster
	lesson   *Lesson
	frame    frame
	at       int // the index of the step
	phase    Phase
	states   []StepState
	marks    marks
	attempt
	// completed has the lessons that were done in this session, by name.
	completed map[string]marks
	quit      bool // the learner wants to leave
	// Exit is the exit code of the command that the latest line ran; exit.OK if it ran none.
	Exit int

	generation int // of the live cluster

	mu   sync.Mutex // guards what other goroutines read
	view View
	env  *verbs.Env // of the cluster with the generation of view
}

// An attempt is what has happened in the current step.
type attempt struct {
	said     string // the answer to the question of the step, "" before
	answered bool
	hints    int      // how many hints were given
	turn     Text     // the wrong turn that was explained last
	typed    string   // the last command of the learner
	touched  bool     // a line may have changed the cluster
	waited   bool     // what should come by itself did not come
	shown    StepText // what was said
}

// Open starts the cluster of the lesson with that name or number. "" is the first lesson that the
// learner has not done. A *usage.Error says that there is no such lesson.
func Open(ctx context.Context, o Options, name string) (*Session, error) {
	if o.Exec == nil {
		o.Exec = func(ctx context.Context, env *verbs.Env, line string) (string, int) {
			return verbs.RunLine(ctx, env, line, nil)
		}
	}
	s := &Session{opt: o, progress: loadProgress(o.Home), completed: map[string]marks{}}
	lesson := s.progress.next()
	if name != "" {
		var err error
		if lesson, err = Find(name); err != nil {
			return nil, err
		}
	}
	if err := s.begin(ctx, lesson); err != nil {
		return nil, err
	}
	s.publish()
	return s, nil
}

// begin opens a lesson at its first step, on a fresh cluster. If begin returns an error, the
// session is as it was before.
func (s *Session) begin(ctx context.Context, l *Lesson) error {
	fresh, err := prepare(ctx, l, 0, s.opt)
	if err != nil {
		return err
	}
	s.use(fresh)
	s.lesson, s.at, s.frame = l, 0, frame{}
	s.states, s.marks = make([]StepState, len(l.Steps)), make(marks, len(l.Steps))
	for i := range s.states {
		s.states[i] = Todo
	}
	s.clear()
	return nil
}

// clear forgets what belongs to a step.
func (s *Session) clear() {
	s.attempt = attempt{}
	s.states[s.at] = Current
	s.phase = Doing
	if s.step().Question != nil {
		s.phase = Asking
	}
}

func (s *Session) step() *Step { return &s.lesson.Steps[s.at] }

// Close takes the cluster down. Afterwards only View, Cluster and Env may be called.
func (s *Session) Close() {
	if s.live != nil {
		s.live.close()
		s.live = nil
	}
}

// Cluster returns the cluster with the generation of View. After Close it is the last one, which
// answers with errors. Any goroutine may call Cluster.
func (s *Session) Cluster() verbs.Cluster { return s.Env().Cluster }

// Env returns the surroundings of verbs on Cluster, such as for completion. The caller must not
// change them. Any goroutine may call Env.
func (s *Session) Env() *verbs.Env {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env
}

// Quit reports whether the learner wants to leave.
func (s *Session) Quit() bool { return s.quit }

// Completed reports whether the learner has reached the end of the lesson and skipped no step.
func (s *Session) Completed() bool {
	return s.phase == Over && !slices.Contains(s.states, Skipped)
}

// Problem returns what is wrong with the file of the progress, nil if nothing is.
func (s *Session) Problem() error { return s.progress.problem }

// Start returns the messages that open the lesson and its first step.
func (s *Session) Start(ctx context.Context) []Message {
	defer s.publish()
	l := s.lesson
	title := l.Title + "  (" + l.Section + ")"
	if n := numberOf(l); n > 0 {
		title = "Lesson " + itoa(n) + ": " + title
	}
	out := []Message{{Heading, Text(title)}}
	if s.frame.about = l.About.fill(ctx, s.live.source()); s.frame.about != "" {
		out = append(out, Message{Say, s.frame.about})
	}
	return append(out, s.enter(ctx)...)
}

// Welcome returns what a learner is told once, after the first step was opened.
func (s *Session) Welcome() []Message {
	text := "Type commands, and hint or show me if you are stuck. help lists all words, quit leaves."
	done := 0
	for _, l := range Lessons() {
		if s.progress.isDone(l.Name) {
			done++
		}
	}
	if done > 0 {
		text += " You have done " + itoa(done) + " of " + itoa(len(Lessons())) + "; lessons lists them."
	}
	return []Message{{Note, Text(text)}}
}

// failure returns the message for an error of the session itself.
func failure(err error) []Message {
	if errors.Is(err, context.Canceled) {
		return []Message{{Failure, "The line was interrupted, so the lesson stays where it was. Type the line again to " +
			"go on; undo begins the step again."}}
	}
	return []Message{{Failure, Text(exit.As(err).Message)}}
}

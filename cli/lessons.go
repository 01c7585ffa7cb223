package cli

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/tour"
	"ringside/cli/verbs"
)

// A classroom runs lessons on the screens, or in the line mode. The cluster of an open lesson takes
// the place of the cluster that was shown before.
type classroom struct {
	options tour.Options
	shown   *recording.Live // nil: there are no lessons, because the screens show a recording
	own     *verbs.Env      // of the cluster that the screens show while no lesson is open
	only    bool            // the screens show nothing but lessons
	plain   bool            // there are no screens: the prompt prints the texts of lessons

	session    atomic.Pointer[tour.Session] // nil while no lesson is open
	mu         sync.Mutex                   // lets one line run at a time
	generation int                          // of the cluster that is shown; guarded by mu
}

// List implements lessons.Desk.
func (r *classroom) List() []tour.Listed {
	list, _ := tour.Listing(r.options.Home) // a damaged file is told when a lesson opens
	return list
}

// View implements lessons.Desk.
func (r *classroom) View() (tour.View, bool) {
	s := r.session.Load()
	if s == nil {
		return tour.View{}, false
	}
	return s.View(), true
}

// LeaveWord implements lessons.Desk.
func (r *classroom) LeaveWord() string {
	if r.only {
		return "quit"
	}
	return "leave"
}

// Look implements lessons.Desk. While the past is shown, Look judges nothing: the lesson waits for
// the present.
func (r *classroom) Look(ctx context.Context) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.session.Load()
	if s == nil || r.shown.Past() != nil { // the screens show another moment than the one that Look would judge
		return ""
	}
	defer r.follow(s)
	return r.remarks(s.Look(ctx))
}

// Line runs a line of the prompt if a lesson is open, or if the line opens one. handled is false if
// the line is for the cluster that the screens show.
func (r *classroom) Line(ctx context.Context, line string) (out string, code int, handled bool) {
	if r.shown == nil {
		return "", exit.OK, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.session.Load()
	words := strings.Fields(line)
	switch {
	case r.shown.Past() != nil:
		return r.lineInPast(s != nil, words)
	case s == nil && (len(words) == 0 || words[0] != "lesson"):
		return "", exit.OK, false
	case s == nil:
		out, code = r.openNamed(ctx, strings.Join(words[1:], " "))
		return out, code, true
	case tour.Leaves(line) && r.only:
		return "quit leaves the tour; lessons lists the lessons\n", exit.OK, true
	case tour.Leaves(line):
		r.end()
		return r.left(), exit.OK, true
	}
	messages := s.Line(ctx, line)
	r.follow(s)
	code = s.Exit
	for _, m := range messages {
		if m.Kind == tour.Failure && code == exit.OK {
			code = exit.Usage
		}
	}
	return r.remarks(messages), code, true
}

// left returns what the prompt says when a lesson was left.
func (r *classroom) left() string {
	if r.plain {
		return "you left the lesson; commands act on your own cluster again\n"
	}
	return "you left the lesson; the screens show your own cluster again\n"
}

// lineInPast refuses a line that belongs to lessons while the past is shown. Every other line runs
// on the recording, which refuses what would change the cluster.
func (r *classroom) lineInPast(open bool, words []string) (out string, code int, handled bool) {
	if len(words) == 0 {
		return "", exit.OK, false
	}
	word := words[0]
	known := verbs.Lookup(word) != nil && !(word == "leave" && len(words) == 1) || slices.Contains(promptCommands, word)
	if word == "lesson" || open && !known {
		return "L leads back to the present first\n", exit.Usage, true
	}
	return "", exit.OK, false
}

// openNamed begins a lesson.
func (r *classroom) openNamed(ctx context.Context, name string) (string, int) {
	s, err := tour.Open(ctx, r.options, name)
	if err != nil {
		e := exit.As(err)
		return e.Message + "\n", e.Exit
	}
	return r.open(ctx, s), exit.OK
}

// open shows a session. It returns what the prompt says: what is wrong with the progress, and in
// the line mode the texts that open the lesson. The caller holds mu, or shows no screen yet.
func (r *classroom) open(ctx context.Context, s *tour.Session) string {
	messages := s.Start(ctx)
	r.generation = -1
	r.session.Store(s)
	r.follow(s)
	out := ""
	if err := s.Problem(); err != nil {
		out = "tour: " + err.Error() + "\n"
	}
	if r.plain {
		out += r.remarks(messages)
	}
	return out
}

// follow shows the cluster of the lesson, which the session may have replaced.
func (r *classroom) follow(s *tour.Session) {
	if v := s.View(); v.Generation != r.generation {
		r.generation = v.Generation
		r.shown.Use(s.Cluster())
	}
}

// end ends the lesson.
func (r *classroom) end() {
	s := r.session.Swap(nil)
	r.shown.Use(nil)
	s.Close()
}

// Close ends the lesson if one is open.
func (r *classroom) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session.Load() != nil {
		r.end()
	}
}

// env returns the surroundings of verbs on the cluster that the screens show. Any goroutine may
// call env. The cluster may end at any time, and then answers with errors.
func (r *classroom) env() *verbs.Env {
	if s := r.session.Load(); s != nil {
		return s.Env()
	}
	return r.own
}

// remarks returns what the prompt shows of messages. On the screens the page shows the texts of the
// lesson.
func (r *classroom) remarks(messages []tour.Message) string {
	if r.plain {
		return tour.Plain(messages)
	}
	var out strings.Builder
	for _, m := range messages {
		text := m.Text.Plain()
		switch m.Kind {
		case tour.Output:
			out.WriteString(strings.TrimRight(text, "\n") + "\n")
		case tour.Command:
			out.WriteString("$ " + text + "\n")
		case tour.Right, tour.Wrong, tour.Note, tour.Failure:
			out.WriteString(text + "\n")
		}
	}
	return out.String()
}

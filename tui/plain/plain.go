package plain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/tui/command"
	"ringside/tui/feed"
	"ringside/tui/state"
	"ringside/tui/suggest"
)

// Options are what the line mode is started with.
type Options struct {
	Cluster feed.Source
	// Exec runs a line of the prompt. It returns what the line printed, and the exit code.
	Exec    func(ctx context.Context, line string) (out string, code int)
	Flags   []verbs.Flag // that every verb has beyond its own
	Suggest []string     // first steps
	Key     string       // the key of the suggestions; "" for the latest
	Welcome string       // the first line; "" for none
	Echo    bool         // write each line that is read, because no terminal shows it
	// Lesson reports whether a lesson is open. An empty line and next are then for the lesson.
	// nil: there are no lessons.
	Lesson func() bool
	// Save writes a picture of the screens about a key, and returns the name of the file. It
	// chooses one for an empty name. nil: there are no pictures.
	Save func(ctx context.Context, name, key string) (saved string, err error)
}

// maxLine bounds the bytes of a line.
const maxLine = 64 << 10

const help = `Commands are those of the prompt; help lists them. An empty line tells what is new.
where sums up the cluster, next tells a command that leads on, q leaves. In a lesson, an empty line
and next lead on.
`

// A session is one run of the mode. One goroutine owns it.
type session struct {
	Options
	out     *bufio.Writer
	state   *state.State
	suggest *suggest.Model
	seq     uint64 // of the latest event that was read
	shown   int    // the generation of the cluster that was read
	client  string // whose commands the lines are, "" for no client
}

// Run reads lines from in and answers on out until the user leaves, in ends or ctx ends. It returns
// the error of ctx, or the one of in or out.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	st := state.New(nil, []byte(o.Key))
	s := &session{Options: o, out: bufio.NewWriter(out), state: st, suggest: suggest.New(st, o.Suggest, o.Flags)}
	if s.Welcome != "" {
		s.say(s.Welcome)
	}
	s.say(strings.TrimSpace(help))
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.say(s.where())
	lines, failed := read(ctx, in)
	for {
		_, _ = s.out.WriteString(s.prompt()) // Flush returns the error
		if err := s.out.Flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, ok := <-lines:
			if !ok {
				s.say("")
				return firstOf(s.out.Flush(), <-failed)
			}
			if s.Echo {
				s.say(render.Typed(line))
			}
			if left := s.line(ctx, strings.TrimSpace(line)); left {
				return s.out.Flush()
			}
		}
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads lines beside the session. failed gets the error of in, nil at its end.
func read(ctx context.Context, in io.Reader) (lines <-chan string, failed <-chan error) {
	out, end := make(chan string), make(chan error, 1)
	go func() {
		defer close(out)
		scan := bufio.NewScanner(in)
		scan.Buffer(nil, maxLine)
		for scan.Scan() {
			select {
			case out <- scan.Text():
			case <-ctx.Done():
				end <- nil
				return
			}
		}
		end <- scan.Err()
	}()
	return out, end
}

func (s *session) say(text string) { _, _ = fmt.Fprintln(s.out, text) } // Flush returns the error

func (s *session) prompt() string {
	if s.client != "" {
		return "ringside as " + s.client + "> "
	}
	return "ringside> "
}

// line runs one line, and reports whether the user leaves.
func (s *session) line(ctx context.Context, line string) (left bool) {
	line = command.Bare(line)
	if word, args, ok := command.Screen(line); ok {
		s.word(ctx, word, args)
		return word == command.Quit
	}
	if s.teaching() && (line == "" || line == "next") {
		s.run(ctx, line)
		return false
	}
	switch line {
	case "":
		if n := s.news(ctx); n == 0 {
			s.say("nothing new")
		}
		return false
	case "where":
		s.news(ctx)
		s.say(s.where())
		return false
	case "next":
		s.news(ctx)
		s.sayNext()
		return false
	}
	s.run(ctx, command.For(s.client, line, s.Flags))
	return false
}

// teaching reports whether a lesson is open.
func (s *session) teaching() bool { return s.Lesson != nil && s.Lesson() }

// run runs a line, and tells what is new after it.
func (s *session) run(ctx context.Context, line string) {
	s.suggest.Started(line)
	out, code := s.Exec(ctx, line)
	if out = strings.TrimRight(out, "\n"); out != "" {
		s.say(out)
	}
	if code != 0 {
		s.say(fmt.Sprintf("exit %d", code))
	}
	c := command.Parse(line, s.Flags)
	if code == 0 && c.Introduces() {
		s.client = c.Client
		s.suggest.SpeakAs(c.Client)
	}
	if key := c.Key(); key != "" {
		s.state.Choose([]byte(key))
		s.suggest.Finished(c)
	}
	s.news(ctx)
}

// word answers a word about the screens.
func (s *session) word(ctx context.Context, word string, args []string) {
	switch word {
	case command.NoClient:
		s.client = ""
		s.suggest.SpeakAs("")
	case command.Help:
		s.say(strings.TrimSpace(help))
	case command.Snapshot:
		s.save(ctx, args)
	case command.Big, command.Clear:
		s.say(word + " is for the screens; this mode has lines only")
	}
}

// save saves a picture of what the screens would show.
func (s *session) save(ctx context.Context, args []string) {
	name, err := command.SnapshotFile(args)
	if err == nil && s.Save == nil {
		s.say("there are no pictures here")
		return
	}
	if err == nil {
		name, err = s.Save(ctx, name, string(s.state.Key()))
	}
	if err != nil {
		s.say(render.Text(err.Error()))
		return
	}
	s.say("saved what the screens would show as " + render.Typed(name))
}

// begin reads the present state. What happened before is not told.
func (s *session) begin(ctx context.Context) error {
	s.shown = s.generation()
	err := s.Cluster.Events(ctx, event.Query{Screen: true}, func(events []event.Event) error {
		s.take(events)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return s.refresh(ctx)
}

// again begins again with the cluster that answers now.
func (s *session) again(ctx context.Context) error {
	s.seq = 0
	s.state.Reset()
	s.suggest.Forget()
	return s.begin(ctx)
}

// generation returns the number of the cluster that answers now, 0 if no other one can take its
// place.
func (s *session) generation() int {
	if c, ok := s.Cluster.(feed.Changing); ok {
		return c.Generation()
	}
	return 0
}

// take applies events of the stream.
func (s *session) take(events []event.Event) {
	for _, e := range events {
		s.seq = max(s.seq, e.Seq)
	}
	s.state.Apply(events)
	s.state.Follow()
}

// refresh reads the present state of the cluster and of the shown key's replicas.
func (s *session) refresh(ctx context.Context) error {
	var keys [][]byte
	if key := s.state.Key(); len(key) > 0 {
		keys = append(keys, key)
	}
	events, err := s.Cluster.Snapshot(ctx, keys...)
	if err != nil {
		return fmt.Errorf("read the cluster: %w", err)
	}
	s.state.Apply(events)
	return nil
}

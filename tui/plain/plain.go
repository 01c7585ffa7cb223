package plain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

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
}

// maxLine bounds the bytes of a line.
const maxLine = 64 << 10

const help = `Commands are those of the prompt; help lists them. An empty line tells what is new.
where sums up the cluster, next tells a command that leads on, q leaves.
`

// A session is one run of the mode. One goroutine owns it.
type session struct {
	Options
	out     *bufio.Writer
	state   *state.State
	suggest *suggest.Model
	seq     uint64 // of the latest event that was read
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
				s.say(line)
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
	line = strings.TrimSpace(strings.TrimPrefix(line, "ringside "))
	switch line {
	case "q", "quit", "exit":
		return true
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
	case "as -":
		s.client = ""
		s.suggest.SpeakAs("")
		return false
	}
	line = command.For(s.client, line, s.Flags)
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
	return false
}

// begin reads the present state. What happened before is not told.
func (s *session) begin(ctx context.Context) error {
	err := s.Cluster.Events(ctx, event.Query{Screen: true}, func(events []event.Event) error {
		s.take(events)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return s.refresh(ctx)
}

// take applies events and returns those that are new.
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

package cli

// exec: commands from standard input.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"ringside/cli/answer"
	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

// maxLine bounds the bytes of a line of exec: a value of the largest size, each byte of it with a
// backslash, and room for the rest of the command.
const maxLine = 2*wire.MaxValue + 64<<10

var execCommand = command{
	verb: &verbs.Verb{
		Name: "exec", Group: verbs.GroupScript, Streams: true,
		Usage: "run the commands of standard input, one a line; print one JSON result a line",
		Help: `Each line is a command as the prompt of the screens takes it, with the quotes of a shell. Empty lines and lines
that begin with # print nothing. All commands use one connection to the cluster. A command does not read standard
input, so a value is in its line. At the end of the input exec exits 0, also if a command failed.
Each result is {"command","exit","result"?,"results"?,"text"?,"notes"?,"error"?}: result is the object that the command
prints with --json, results are the objects of events and run, text is what help prints, notes are
the lines of messages, and error is as in {"error"} of --json.`,
		Flags: []verbs.Flag{{Name: "stop", Aliases: []string{"e"}, Kind: verbs.Bool,
			Help: "end at the first command that fails, with its exit code"}},
	},
	run: runExec,
}

func runExec(s *session, c *verbs.Call) error {
	env := s.verbsEnv()
	env.In = nil
	for l := range readLines(s.ctx, s.Stdin) {
		if l.err != nil {
			return l.err
		}
		a, ran := answerLine(s, env, l.text)
		if !ran {
			continue
		}
		if err := s.PrintJSON(a); err != nil {
			return err
		}
		if a.Exit == exit.NoCluster && s.cluster != nil {
			s.cluster.forget() // a cluster that was started again has another socket
		}
		if a.Exit != exit.OK && c.Bool("stop") {
			return &exit.Error{Exit: a.Exit, Code: "command_failed", Message: "exec: a command failed", Reported: true}
		}
	}
	return s.ctx.Err()
}

// A line is one line of input, or the error that ends the input.
type line struct {
	text string
	err  error
}

// readLines returns the lines of in, until the last one, an error, or the end of ctx. A goroutine
// reads them, so that ctx can end while in has nothing to read. The goroutine then stays.
func readLines(ctx context.Context, in io.Reader) iter.Seq[line] {
	read := make(chan line)
	go func() {
		defer close(read)
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			read <- line{text: lines.Text()}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			read <- line{err: usage.Errorf("exec: a line has more than %d bytes", maxLine)}
		case err != nil:
			read <- line{err: err}
		}
	}()
	return func(yield func(line) bool) {
		for {
			select {
			case l, more := <-read:
				if !more || !yield(l) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// answerLine runs one line. ran is false for a line without a command.
func answerLine(s *session, env *verbs.Env, text string) (_ answer.Answer, ran bool) {
	text = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(text), ":"))
	words, err := verbs.Split(text)
	words = verbs.Bare(words)
	var a answer.Answer
	switch {
	case err == nil && len(words) == 0:
		return a, false
	case err == nil && slices.Contains(promptCommands, words[0]):
		var out, notes bytes.Buffer
		cmd := *find(words[0])
		own := within(s.ctx, s, &out, &notes)
		own.JSON = true
		err = own.do(cmd, words[1:])
		a = answer.New(cmd.verb.Streams, out.Bytes(), notes.Bytes(), err)
	default:
		if err == nil {
			err = elsewhere(env, words, "run ringside events -f in a shell")
		}
		if err != nil {
			a = answer.New(false, nil, nil, err)
			break
		}
		a = answer.Run(s.ctx, env, words, func(err error) error { return withExitCode(err, s.clusterName()) })
	}
	a.Command = text
	return a, true
}

package tour

// A session as lines of text: no cursor movement, and no meaning in colour alone.

import (
	"bufio"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"

	"ringside/cli/console"
	"ringside/cli/render"
)

const (
	// plainWidth is how many columns a line of prose has at most.
	plainWidth = 78
	// maxLine bounds the bytes of a line that a learner types.
	maxLine = 1 << 16
	prompt  = "tour> "
)

// A plain shows a session as text.
type plain struct {
	con      *console.Console
	paint    render.Painter
	terminal bool // a learner types at a terminal
	width    int  // columns of a command's output; longer lines are broken between words
}

// run reads lines until the input ends, the learner leaves or ctx ends.
func (p *plain) run(ctx context.Context, s *Session) error {
	if err := s.Problem(); err != nil {
		p.con.Notef("tour: %v\n", err)
	}
	if err := p.print(append(s.Start(ctx), s.Welcome()...)); err != nil {
		return err
	}
	lines, failed := p.lines(ctx)
	for ctx.Err() == nil && !s.Quit() {
		if err := p.ask(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case line, ok := <-lines:
			if !ok {
				if err := <-failed; err != nil {
					return err
				}
				return ctx.Err()
			}
			if err := p.echo(line); err != nil {
				return err
			}
			if err := p.print(s.Line(ctx, line)); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// ask shows the prompt on a terminal.
func (p *plain) ask() error {
	if !p.terminal {
		return nil
	}
	return p.con.Print("\n" + prompt)
}

// echo shows a line that was read, unless a terminal has echoed it.
func (p *plain) echo(line string) error {
	if p.terminal || p.con.JSON {
		return nil
	}
	return p.con.Print("\n" + prompt + safe(line) + "\n")
}

// lines returns the lines of the input. The channel is closed when the input or ctx ends, and then
// the second channel has the error of the input, nil if there is none. The goroutine ends with the
// process if a read never returns.
func (p *plain) lines(ctx context.Context) (<-chan string, <-chan error) {
	out, failed := make(chan string), make(chan error, 1)
	go func() {
		defer close(out)
		in := bufio.NewScanner(p.con.Stdin)
		in.Buffer(nil, maxLine)
		for in.Scan() {
			select {
			case out <- strings.TrimRight(in.Text(), "\r"):
			case <-ctx.Done():
				failed <- nil
				return
			}
		}
		err := in.Err()
		if errors.Is(err, io.EOF) {
			err = nil
		}
		failed <- err
	}()
	return out, failed
}

// print shows messages.
func (p *plain) print(messages []Message) error {
	for _, m := range messages {
		var err error
		if p.con.JSON {
			err = p.con.PrintJSON(map[string]any{"kind": m.Kind, "text": m.Text.Plain()})
		} else {
			err = p.con.Print(p.text(m))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leads are the words before the text of a message, which stand for what a colour would say.
var leads = map[MessageKind]string{
	Ask: "Question: ", Goal: "Your turn: ", Hint: "Hint: ", Remember: "Remember: ",
}

var tones = map[MessageKind]render.Tone{
	Heading: render.Accent, Right: render.Good, Wrong: render.Warn, Failure: render.Bad, Note: render.Dim,
	Ask: render.Bold, Goal: render.Bold, Remember: render.Bold, Hint: render.Hint,
}

// Plain returns messages as lines of text without colour, for a prompt that has no screen.
func Plain(messages []Message) string {
	p := plain{width: plainWidth}
	var out strings.Builder
	for _, m := range messages {
		out.WriteString(p.text(m))
	}
	return out.String()
}

// text returns a message as lines.
func (p *plain) text(m Message) string {
	switch m.Kind {
	case Output:
		return p.fit(strings.TrimRight(string(m.Text), "\n")) + "\n"
	case Command:
		return "\n" + p.paint.Paint(render.Dim, "$ ringside "+safe(string(m.Text))) + "\n"
	case Heading:
		return "\n" + p.paint.Paint(tones[Heading], m.Text.Plain()) + "\n"
	}
	lead := leads[m.Kind]
	var out strings.Builder
	for _, paragraph := range strings.Split(string(m.Text), "\n") {
		for _, line := range Wrap(lead+paragraph, plainWidth) {
			out.WriteString(p.marked(m.Kind, line) + "\n")
		}
		lead = ""
	}
	return "\n" + out.String()
}

// fit breaks the lines of a command's output that are wider than p.width between words. A terminal
// would break them within words.
func (p *plain) fit(output string) string {
	lines := strings.Split(output, "\n")
	for i, line := range lines {
		if columns(line) <= p.width {
			continue
		}
		indent := strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+2)
		parts := Wrap(line, p.width-len(indent))
		lines[i] = indent[2:] + strings.Join(parts, "\n"+indent)
	}
	return strings.Join(lines, "\n")
}

// marked paints a line of prose, with the marked words in bold.
func (p *plain) marked(kind MessageKind, line string) string {
	var out strings.Builder
	for _, span := range Text(line).Spans() {
		tone := tones[kind]
		if span.Bold && tone == render.Plain {
			tone = render.Bold
		}
		out.WriteString(p.paint.Paint(tone, span.Text))
	}
	return out.String()
}

// colour matches what render.Painter adds to a text.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// columns returns the width of text, without colours.
func columns(text string) int { return render.Width(colour.ReplaceAllString(text, "")) }

// Wrap breaks a paragraph into lines of at most width columns. Marks of words take no columns; a
// marked word of two parts is not broken.
func Wrap(paragraph string, width int) []string {
	return render.WrapWords(joinMarked(strings.Fields(paragraph)), width,
		func(word string) int { return columns(Text(word).Plain()) })
}

// joinMarked joins the words between two marks.
func joinMarked(words []string) []string {
	var out []string
	open := false
	for _, w := range words {
		if open {
			out[len(out)-1] += " " + w
		} else {
			out = append(out, w)
		}
		if strings.Count(w, "**")%2 == 1 {
			open = !open
		}
	}
	return out
}

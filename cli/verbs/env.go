package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// An Env is what a verb runs in.
type Env struct {
	Cluster  Cluster
	In       io.Reader // nil where there is none: the prompt of the screens
	Out, Err io.Writer
	JSON     bool
	Color    bool
	Terminal bool   // Out is a terminal
	Width    int    // of the terminal, 0 if unknown
	Name     string // of Cluster; Run refuses a command that names another one
	Dir      string // files are named relative to it; "" for the working folder
	Contexts Contexts
	Extra    []Flag // flags that the caller itself has read, or that it reads from the call
}

// Contexts keeps the contexts that people name as @NAME.
type Contexts interface {
	// Load returns the token saved as name. An error that wraps os.ErrNotExist says there is none.
	Load(name string) (string, error)
	// Create opens the file of the context called name. A *usage.Error means that name is invalid.
	Create(name string) (*ContextFile, error)
}

// Run parses and runs one command. All errors are as AsError returns them; the caller prints them.
func Run(ctx context.Context, e *Env, words []string) error {
	if len(words) == 0 {
		return nil
	}
	v := Lookup(words[0])
	if v == nil {
		return usage.Errorf("there is no command %s%s; help lists them", render.Quoted(words[0]), render.DidYouMean(words[0], Names()))
	}
	c, err := Parse(v, words[1:], e.Extra...)
	if errors.Is(err, ErrHelp) {
		return e.write(v.Manual())
	}
	if err == nil {
		err = e.checkCluster(c)
	}
	if err != nil {
		return err
	}
	return e.Call(ctx, c)
}

// ClusterFlag is the name of the flag that chooses a cluster. The caller of Run has read the flag
// for all commands that it runs.
const ClusterFlag = "cluster"

// checkCluster returns a usage error if the call names another cluster than the one that the
// command would act on.
func (e *Env) checkCluster(c *Call) error {
	if !c.Has(ClusterFlag) || c.String(ClusterFlag) == e.Name {
		return nil
	}
	return c.Misusef("--cluster %s: commands here are for cluster %s; give the command to ringside in a shell",
		render.Quoted(c.String(ClusterFlag)), render.Text(e.Name))
}

// Call runs a command that is parsed already.
func (e *Env) Call(ctx context.Context, c *Call) error {
	if !c.Bool("json") {
		return c.Verb.Run(ctx, e, c)
	}
	j := *e
	j.JSON, j.Color = true, false
	return c.Verb.Run(ctx, &j, c)
}

// Names returns the names of all verbs.
func Names() []string {
	out := make([]string, len(registry))
	for i, v := range registry {
		out[i] = v.Name
	}
	return out
}

// print writes one object of --json.
func (e *Env) print(v any) error {
	b, err := escape.JSON(v)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = e.Out.Write(append(b, '\n'))
	return err
}

func (e *Env) write(text string) error {
	_, err := io.WriteString(e.Out, text)
	return err
}

// note writes a message to standard error; with --json too, it is no data.
func (e *Env) note(format string, args ...any) {
	_, _ = fmt.Fprintf(e.Err, format+"\n", args...) // who closed it does not want to know
}

// view returns the cluster as it is now, with what each node holds of keys.
func (e *Env) view(ctx context.Context, keys ...[]byte) (*view.Cluster, error) {
	events, err := e.Cluster.Snapshot(ctx, keys...)
	if err != nil {
		return nil, err
	}
	v := view.From(events)
	if v.Ring == nil {
		return nil, errors.New("the cluster's account of itself lacks its ring")
	}
	return v, nil
}

// past returns the events that the cluster remembers, oldest first.
func (e *Env) past(ctx context.Context) ([]event.Event, error) {
	var out []event.Event
	err := e.Cluster.Events(ctx, 0, false, func(batch []event.Event) error {
		out = append(out, batch...)
		return nil
	})
	return out, err
}

// path names a file as the user did, relative to Dir.
func (e *Env) path(name string) string {
	if e.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// maxContextFile bounds what is read of an @./FILE: a token is far smaller.
const maxContextFile = 1 << 20

// loadContext reads -c: @NAME, @./FILE, or the context itself.
func (e *Env) loadContext(ctx context.Context, arg string) ([]byte, error) {
	text := arg
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		var err error
		if text, err = e.namedContext(ctx, name); err != nil {
			return nil, err
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		if arg != "" && !strings.HasPrefix(arg, "@") {
			return nil, usage.Errorf("-c: %w", ErrEmpty)
		}
		return nil, nil // what get saved of a key without a value
	}
	token, err := wire.DecodeToken(text)
	if err != nil {
		return nil, &exit.Error{Exit: exit.Context, Code: wire.ContextRefused.String(),
			Message: fmt.Sprintf("context refused: %s is none; use one that get printed, @NAME or @./FILE", render.Quoted(arg))}
	}
	return token, nil
}

func (e *Env) namedContext(ctx context.Context, name string) (string, error) {
	if isPath(name) {
		b, err := untilDone(ctx, func() ([]byte, error) { return readStart(e.path(name), maxContextFile) })
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil:
			return "", usage.Errorf("read context: %w; -c @./FILE wants a file that --save @./FILE wrote", err)
		}
		return string(b), nil
	}
	if e.Contexts == nil {
		return "", usage.Errorf("no contexts are kept here; use @./FILE or the context itself")
	}
	text, err := e.Contexts.Load(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", usage.Errorf("no context is saved as %s; get KEY --save @%s saves one", render.Quoted("@"+name), render.Text(name))
	}
	return text, err
}

func isPath(name string) bool { return strings.ContainsAny(name, `/\`) }

// encodeToken shows a context; "" if it covers nothing.
func encodeToken(token []byte) string {
	if len(token) == 0 {
		return ""
	}
	return wire.EncodeToken(token)
}

// readValue returns a put's value: the argument, or standard input for "-".
func (e *Env) readValue(ctx context.Context, arg string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), checkValue([]byte(arg))
	}
	if e.In == nil {
		return nil, usage.Errorf("there is no standard input here; write the value itself")
	}
	b, err := untilDone(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(e.In, wire.MaxValue+1)) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("read value from standard input: %w", err)
	}
	return b, checkValue(b)
}

// untilDone returns what read returns, or ctx's error once ctx is done: the other end of a pipe may
// never write. The goroutine that reads then stays until the process ends.
func untilDone(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := read()
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readStart returns the first bytes of a file, at most limit.
func readStart(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

func checkValue(b []byte) error {
	if len(b) <= wire.MaxValue {
		return nil
	}
	return &exit.Error{Exit: exit.Usage, Code: wire.TooLarge.String(),
		Message: fmt.Sprintf("the value is larger than %d bytes, which is the limit: the paper's objects are \"usually less than 1 MB\" (§2)", wire.MaxValue)}
}

// keyArg returns the key that is argument 0.
func keyArg(c *Call) ([]byte, error) {
	if c.Arg(0) == "" {
		return nil, c.Misusef("the key is empty")
	}
	return []byte(c.Arg(0)), nil
}

// keyJSON is a key in JSON: key_base64 if it is not UTF-8.
type keyJSON struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 *string `json:"key_base64,omitempty"`
}

func keyOf(key []byte) keyJSON {
	text, b64 := event.Text(key)
	return keyJSON{text, b64}
}

// orEmpty makes of no strings an empty list, which is [] in JSON.
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// painter returns the painter for Out.
func (e *Env) painter() render.Painter { return render.Painter{Color: e.Color} }

// paint returns text in the colour of a tone, if Out shows colours.
func (e *Env) paint(t render.Tone, text string) string { return e.painter().Paint(t, text) }

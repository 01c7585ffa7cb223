package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/view"
)

// An Env is the surroundings in which a verb runs. A verb does not change it.
type Env struct {
	Cluster  Cluster
	In       io.Reader // standard input; nil in the prompt of the screens
	Out, Err io.Writer // data, messages
	JSON     bool      // print JSON
	Color    bool      // Out shows colours
	Terminal bool      // Out is a terminal
	Width    int       // columns of the terminal, 0 if unknown
	Name     string    // of Cluster; Run refuses a command that names another one
	Dir      string    // the folder to which names of files are relative; "" for the working folder
	NoFiles  bool      // commands read and write no files that the user names
	Contexts Contexts  // nil if no contexts can be saved by name
	Client   string    // whose contexts requests use and save; "" for no client
	Extra    []Flag    // flags that the caller has read, or reads from the call
	Prefix   string    // what help writes before a command: "ringside " in a shell
	// Hook runs the command that the user has given for a verb that a foreign cluster has no
	// interface for. ran is false if there is none. Hook may be nil.
	Hook func(ctx context.Context, c *Call) (ran bool, err error)
	// Progress shows how far a long verb is, in place of the text before; "" removes it. nil: no
	// user looks. The text is safe for a terminal.
	Progress func(text string)
}

// Contexts keeps the contexts that users save as @NAME.
type Contexts interface {
	// Load returns the token saved as name. The error wraps os.ErrNotExist if there is none.
	Load(name string) (string, error)
	// Create opens the file of the context called name. The error is a *usage.Error if the name is
	// not valid.
	Create(name string) (*ContextFile, error)
	// Names returns the names of all saved contexts.
	Names() ([]string, error)
}

// Run parses and runs one command. All errors are as AsError returns them; the caller prints them.
func Run(ctx context.Context, e *Env, words []string) error {
	if len(words) == 0 {
		return nil
	}
	v := Lookup(words[0])
	if v == nil {
		return usage.Errorf("there is no command %s%s; help lists them", render.Quoted(words[0]),
			render.DidYouMean(words[0], Names()))
	}
	c, err := Parse(v, words[1:], e.Extra...)
	if errors.Is(err, ErrHelp) {
		return e.write(v.Manual(e.Prefix))
	}
	if err == nil {
		err = e.checkCluster(c)
	}
	if err != nil {
		return err
	}
	return e.Call(ctx, c)
}

// RunLine runs one line of a prompt. It returns what the command printed, followed by its error,
// and the exit code. explain returns the error that the user reads for one of Run; nil changes
// none.
func RunLine(ctx context.Context, env *Env, line string, explain func(error) error) (string, int) {
	var out strings.Builder
	e := *env
	e.Out, e.Err = &out, &out
	words, err := Split(line)
	if err == nil {
		err = Run(ctx, &e, Bare(words))
	}
	if explain != nil {
		err = explain(err)
	}
	failure := exit.As(err)
	if failure == nil {
		return out.String(), exit.OK
	}
	if !failure.Reported {
		out.WriteString(failure.Message + "\n")
	}
	return out.String(), failure.Exit
}

// Follows reports whether words are the command events with the flag that lets it run on, also as a
// client.
func (e *Env) Follows(words []string) bool {
	if len(words) == 0 {
		return false
	}
	v := Lookup(words[0])
	if v == nil || v != eventsVerb && !v.Nests {
		return false
	}
	c, err := Parse(v, words[1:], e.Extra...)
	return err == nil && (c.Bool("f") || e.Follows(c.Nested()))
}

// ClusterFlag is the name of the flag that chooses a cluster. The caller of Run has read the flag.
const ClusterFlag = "cluster"

// TargetFlag is the name of the flag that chooses a cluster of Riak.
const TargetFlag = "target"

// checkCluster returns a usage error if the call names another cluster than e.Cluster.
func (e *Env) checkCluster(c *Call) error {
	if f := foreignOf(e); c.Has(TargetFlag) && (f == nil || !f.Address().Is(c.String(TargetFlag))) {
		return c.Misusef("--%s: commands here act on the cluster that was chosen before; run the command in a shell",
			TargetFlag)
	}
	if !c.Has(ClusterFlag) || c.String(ClusterFlag) == e.Name {
		return nil
	}
	return c.Misusef("--cluster %s: commands here act on cluster %s; run the command in a shell",
		render.Quoted(c.String(ClusterFlag)), render.Typed(e.Name))
}

// Call runs a command that has been parsed.
func (e *Env) Call(ctx context.Context, c *Call) error {
	if c.Bool("json") {
		j := *e
		j.JSON, j.Color = true, false
		e = &j
	}
	if f := foreignOf(e); f != nil {
		if done, err := callForeign(ctx, e, f, c); done {
			return err
		}
	}
	return c.Verb.Run(ctx, e, c)
}

// Names returns the names of all verbs.
func Names() []string {
	out := make([]string, len(registry))
	for i, v := range registry {
		out[i] = v.Name
	}
	return out
}

// print writes v to Out as one line of JSON.
func (e *Env) print(v any) error {
	b, err := escape.JSON(v)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = e.Out.Write(append(b, '\n'))
	return err
}

// write writes text to Out.
func (e *Env) write(text string) error {
	_, err := io.WriteString(e.Out, text)
	return err
}

// note writes a message to Err, also with JSON. An error is ignored: a command must not fail
// because its messages are not read.
func (e *Env) note(format string, args ...any) { _, _ = fmt.Fprintf(e.Err, format+"\n", args...) }

// view returns the cluster as it is now, with the replicas of keys.
func (e *Env) view(ctx context.Context, keys ...[]byte) (*view.Cluster, error) {
	events, err := e.Cluster.Snapshot(ctx, keys...)
	if err != nil {
		return nil, err
	}
	v := view.From(events)
	if v.Ring == nil {
		return nil, errors.New("the snapshot of the cluster has no ring")
	}
	return v, nil
}

// past returns the events that the cluster remembers and f selects, oldest first.
func (e *Env) past(ctx context.Context, f event.Filter) ([]event.Event, error) {
	var out []event.Event
	err := e.Cluster.Events(ctx, event.Query{Filter: f}, func(batch []event.Event) error {
		out = append(out, batch...)
		return nil
	})
	return out, err
}

// path returns the path of a file that the user named, relative to Dir. It returns a usage error if
// NoFiles is set.
func (e *Env) path(name string) (string, error) {
	switch {
	case e.NoFiles:
		return "", usage.Errorf("%s: no files are read or written here", render.Quoted(name))
	case e.Dir == "" || filepath.IsAbs(name):
		return name, nil
	}
	return filepath.Join(e.Dir, name), nil
}

// keyJSON is a key in JSON: key_base64 if the key is not UTF-8.
type keyJSON struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 *string `json:"key_base64,omitempty"`
}

func keyOf(key []byte) keyJSON {
	text, b64 := event.Text(key)
	return keyJSON{text, b64}
}

// orEmpty returns an empty list for nil, which JSON writes as [] and not as null.
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

package verbs

// §4.1: as. Each client of the paper keeps the contexts of what it read.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/engine/usage"
)

var asVerb = &Verb{
	Name: "as", Group: GroupData, Section: "§4.1, §4.4", Nests: true,
	Args: []Arg{{Name: "NAME", Complete: CompleteClients, Optional: true},
		{Name: "COMMAND", Complete: CompleteVerbs, Optional: true, Many: true}},
	Usage: "run a command as a client that keeps its own contexts; alone, list the clients",
	Help: `A client remembers the context of each key that it read or wrote, and its next put, del or resolve of that
key carries that context. So two clients that read the same version and both write it make siblings:
  as alice get cart
  as bob get cart
  as alice put cart milk,eggs
  as bob put cart milk,beer
A -c CTX in COMMAND takes the place of the client's context. A client has no context of a key that it did not read
or write, so its first put of such a key is a blind write. The names of clients match ^[a-z0-9-]{1,16}$. On the
screens, as NAME  without a command makes later commands that client's, and  as -  ends that.
The JSON is that of COMMAND. Without COMMAND it is {"clients":[{"client","keys":[key]}]}.`,
}

func init() { asVerb.Run = runAs } // runAs looks verbs up, and as is one of them

// clientPattern matches the names of clients. They are short, so that the name of a context has
// room for a key.
var clientPattern = regexp.MustCompile(`^[a-z0-9-]{1,16}$`)

func runAs(ctx context.Context, e *Env, c *Call) error {
	client := c.Arg(0)
	if client != "" && (!clientPattern.MatchString(client) || strings.Trim(client, "-") == "") {
		return c.Misusef("invalid client name %s: want ^[a-z0-9-]{1,16}$", render.Quoted(client))
	}
	words := c.Nested()
	if len(words) == 0 {
		return listClients(e, client)
	}
	if words[0] == c.Verb.Name {
		return c.Misusef("%s speaks as one client; leave out the inner as", render.Typed(client))
	}
	inner := *e
	inner.Client = client
	return Run(ctx, &inner, words)
}

// Nested returns the words of the command in a call whose verb nests one, without the program's
// name. It returns nil for other calls, and for a call without a command.
func (c *Call) Nested() []string {
	if !c.Verb.Nests || len(c.Args) < 2 {
		return nil
	}
	return Bare(c.Args[1:])
}

// KeepsContext reports whether the verb reads or writes a key, so that the client who runs it
// matters.
func (v *Verb) KeepsContext() bool { return v.flag(saveFlag.Name) != nil }

// clientPrefix begins the names of clients' contexts: as.alice.cart.
const clientPrefix = "as."

// How a key is written in the name of a context. The file system may not tell upper case from lower
// case.
const (
	maxClientKey = 43 // bytes of a written key: a context's name has at most 64
	hashedKey    = "_h"
	hashDigits   = 32
)

// clientContext returns the name under which a client's context of a key is saved.
func clientContext(client string, key []byte) string {
	var out strings.Builder
	for _, b := range key {
		if b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "_%02X", b)
		}
	}
	written := out.String()
	if len(written) > maxClientKey {
		sum := sha256.Sum256(key)
		written = hashedKey + hex.EncodeToString(sum[:])[:hashDigits]
	}
	return clientPrefix + client + "." + written
}

// splitContext returns the client and the key of a context's name. A key that is too long for a
// name is returned as KEY with the beginning of its hash. ok is false for the context of no client.
func splitContext(name string) (client, key string, ok bool) {
	rest, ok := strings.CutPrefix(name, clientPrefix)
	if !ok {
		return "", "", false
	}
	client, written, ok := strings.Cut(rest, ".")
	if !ok || !clientPattern.MatchString(client) {
		return "", "", false
	}
	if hash, hashed := strings.CutPrefix(written, hashedKey); hashed {
		return client, "KEY of hash " + hash, true
	}
	var out []byte
	for i := 0; i < len(written); i++ {
		if written[i] != '_' {
			out = append(out, written[i])
			continue
		}
		b, err := strconv.ParseUint(written[i+1:min(i+3, len(written))], 16, 8)
		if err != nil {
			return "", "", false
		}
		out = append(out, byte(b))
		i += 2
	}
	return client, string(out), true
}

// contextFor returns the context of a put or del of a key: that of -c, else that of the client.
func (e *Env) contextFor(ctx context.Context, c *Call, key []byte) ([]byte, error) {
	if c.Has(contextFlag.Name) || e.Client == "" {
		return e.loadContext(ctx, c.String(contextFlag.Name))
	}
	if e.Contexts == nil {
		return nil, errNoClients
	}
	name := clientContext(e.Client, key)
	_, err := e.Contexts.Load(name)
	switch {
	case err == nil:
		return e.loadContext(ctx, "@"+name)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	case c.Verb.Name == delName:
		return nil, c.Misusef("%s has read no version of %s; as %[1]s get %s, then delete", e.Client, render.Key(key),
			typed(key))
	}
	return nil, nil
}

var errNoClients = usage.Errorf("as: no contexts are saved here; give one with -c")

// openClient opens the target of the client's context of a key.
func openClient(e *Env, key []byte) (*ContextFile, error) {
	if e.Contexts == nil {
		return nil, errNoClients
	}
	file, err := e.Contexts.Create(clientContext(e.Client, key))
	if err != nil {
		return nil, fmt.Errorf("as %s: the context cannot be saved: %w; nothing was sent", e.Client, cause(err))
	}
	return file, nil
}

// clients returns the keys of which each client has a context, in order.
func clients(e *Env) (map[string][]string, error) {
	if e.Contexts == nil {
		return nil, nil
	}
	names, err := e.Contexts.Names()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, name := range names {
		if client, key, ok := splitContext(name); ok {
			out[client] = append(out[client], key)
		}
	}
	for _, keys := range out {
		slices.Sort(keys)
	}
	return out, nil
}

// listClients shows the clients and the keys that they have contexts of: one client, or all for "".
func listClients(e *Env, only string) error {
	all, err := clients(e)
	if err != nil {
		return err
	}
	type entry struct {
		Client string   `json:"client"`
		Keys   []string `json:"keys"`
	}
	list := []entry{}
	var t render.Table
	for _, client := range sortedKeys(all) {
		if only != "" && client != only {
			continue
		}
		list = append(list, entry{client, all[client]})
		keys := make([]string, len(all[client]))
		for i, k := range all[client] {
			keys[i] = render.Key([]byte(k))
		}
		t.Row(render.Toned(render.Bold, client), render.Cell{Text: strings.Join(keys, "  ")})
	}
	switch {
	case e.JSON:
		return e.print(map[string]any{"clients": list})
	case len(list) == 0 && only != "":
		return e.write(only + " has read and written nothing yet\n")
	case len(list) == 0:
		return e.write("no clients yet; as alice get cart makes one\n")
	}
	return e.write(t.Render(e.painter()))
}

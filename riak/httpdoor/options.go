package httpdoor

import (
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringside/riak/kv"
)

// options are the parameters of a request for an object. A nil field was not given.
type options struct {
	r, w, dw, rw, pw, confirms, pr *uint32
	basicQuorum, notFoundOK        *bool
	timeout                        *time.Duration
}

// tooMany stands for a number that is above any n_val and is no word for a quorum.
const tooMany = 1 << 30

// parse reads the parameters. The answer to bad ones names each of them.
func (o *options) parse(x *exchange) int {
	var status int
	if o.timeout, status = x.timeout(); status != 0 {
		return status
	}
	var bad []string
	quorum := func(name string, to **uint32) {
		text, given := x.q.get(name)
		if !given || text == "default" {
			return
		}
		n, ok := parseQuorum(text)
		if !ok {
			bad = append(bad, name+badQuorum)
		}
		*to = &n
	}
	quorum("r", &o.r)
	quorum("w", &o.w)
	quorum("dw", &o.dw)
	quorum("rw", &o.rw)
	quorum("pw", &o.pw)
	quorum("node_confirms", &o.confirms)
	quorum("pr", &o.pr)
	if when, given := x.q.get("sync_on_write"); given && !slices.Contains(syncWords, strings.ToLower(when)) {
		bad = append(bad, "sync_on_write"+badSync)
	}
	var asis *bool // an event is made all the same
	for _, p := range []struct {
		name string
		to   **bool
	}{{"basic_quorum", &o.basicQuorum}, {"notfound_ok", &o.notFoundOK}, {"asis", &asis}} {
		text, given := x.q.get(p.name)
		switch text = strings.ToLower(text); {
		case !given || text == "default":
		case text == "true" || text == "false":
			yes := text == "true"
			*p.to = &yes
		default:
			bad = append(bad, p.name+" query parameter must be true or false\n")
		}
	}
	if bad != nil {
		return x.text(http.StatusBadRequest, "%s", strings.Join(bad, ""))
	}
	return 0
}

// syncWords are the values of sync_on_write. Each write is durable, whatever it says.
var syncWords = []string{"default", "backend", "one", "all"}

// Riak's texts about parameters, after the name.
const (
	badQuorum = " query parameter must be an integer or one of the following words: 'one', 'quorum' or 'all'\n"
	badSync   = " query parameter must be one of the following words: [default,backend,one,all]\n"
)

// timeout returns the time that the request has, nil if it does not say.
func (x *exchange) timeout() (*time.Duration, int) {
	text, given := x.q.get("timeout")
	if !given {
		return nil, 0
	}
	n, ok := parseInteger(text)
	if !ok {
		return nil, x.text(http.StatusBadRequest, "Bad timeout value %s\n", erlangString(text))
	}
	t := maxTimeout
	if n.IsInt64() && n.Int64() < maxTimeout.Milliseconds() {
		t = time.Duration(max(n.Int64(), -1)) * time.Millisecond
	}
	return &t, 0
}

// parseInteger parses an integer as Erlang does: a sign and digits.
func parseInteger(s string) (*big.Int, bool) {
	if digits := strings.TrimLeft(s, "0123456789+-"); digits != "" {
		return nil, false
	}
	return new(big.Int).SetString(s, 10)
}

// parseQuorum parses a quorum: a word or an integer. A negative one asks for nothing.
func parseQuorum(s string) (uint32, bool) {
	if n, ok := kv.ParseQuorum(s); ok {
		return n, true
	}
	n, ok := parseInteger(s)
	switch {
	case !ok:
		return 0, false
	case n.Sign() < 0:
		return 0, true
	case !n.IsInt64() || n.Int64() > tooMany:
		return tooMany, true
	}
	return uint32(n.Int64()), true
}

// erlangString returns a text as Erlang prints it: in quotes, or as a list of bytes if some of them
// cannot be printed.
func erlangString(s string) string {
	printable := len(s) > 0
	for i := 0; i < len(s) && printable; i++ {
		c := s[i]
		printable = c >= 0xa0 || c >= ' ' && c < 0x7f || c >= '\b' && c <= '\r' || c == 0x1b
	}
	if printable {
		return fmt.Sprintf("%q", s)
	}
	list := make([]string, len(s))
	for i := range len(s) {
		list[i] = fmt.Sprint(s[i])
	}
	return "[" + strings.Join(list, ",") + "]"
}

func (o *options) common() kv.Common { return kv.Common{NodeConfirms: o.confirms, Timeout: o.timeout} }

func (o *options) get() kv.GetOptions {
	return kv.GetOptions{Common: o.common(), R: o.r, PR: o.pr, BasicQuorum: o.basicQuorum, NotFoundOK: o.notFoundOK}
}

func (o *options) put() kv.PutOptions {
	return kv.PutOptions{Common: o.common(), W: o.w, DW: o.dw, PW: o.pw}
}

func (o *options) del() kv.DeleteOptions {
	return kv.DeleteOptions{Common: o.common(), RW: o.rw, R: o.r, PR: o.pr, W: o.w, DW: o.dw, PW: o.pw}
}

package web

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"ringside/cli/verbs"
)

// openAPIPath is the path of the description of the API. It needs no token.
const openAPIPath = "/openapi.json"

// contextHeader is the header with the context of a put or delete.
const contextHeader = "Ringside-Context"

// A body says what a route takes in the body of a request.
type body int

const (
	noBody    body = iota
	params         // a JSON object with parameters, or nothing
	valueBody      // the bytes of a value
	valueJSON      // a JSON object with a value and parameters
	command        // a JSON object with a whole command
)

// A route is a method and a path with the command that answers it.
type route struct {
	method, path string // path as http.ServeMux has it
	verb         string // "" for a route whose body has the command
	// args are the arguments of the command: {name} is a part of the path, name a parameter, name...
	// a parameter that may be repeated, and - the value in the body. A parameter in brackets may be
	// left out. --name is a flag that is always given.
	args   []string
	body   body
	stream bool // the reply is one JSON object a line, sent as they come
}

// routes are all routes of commands.
var routes = []route{
	{"GET", "/v1/keys/{key}", "get", []string{"{key}"}, noBody, false},
	{"PUT", "/v1/keys/{key}", "put", []string{"{key}", "-"}, valueBody, false},
	{"POST", "/v1/keys/{key}", "put", []string{"{key}", "-"}, valueJSON, false},
	{"DELETE", "/v1/keys/{key}", "del", []string{"{key}"}, noBody, false},
	{"POST", "/v1/keys/{key}/resolve", "resolve", []string{"{key}"}, params, false},
	{"GET", "/v1/keys/{key}/replicas", "inspect", []string{"{key}"}, noBody, false},
	{"GET", "/v1/keys/{key}/why", "why", []string{"--key", "{key}"}, noBody, false},
	{"GET", "/v1/keys/{key}/fate", "fate", []string{"{key}"}, noBody, false},
	{"GET", "/v1/fate", "fate", nil, noBody, false},
	{"GET", "/v1/requests/{request}/trace", "trace", []string{"{request}"}, noBody, false},
	{"GET", "/v1/requests/{request}/why", "why", []string{"{request}"}, noBody, false},
	{"GET", "/v1/status", "status", nil, noBody, false},
	{"GET", "/v1/ring", "ring", []string{"[key]"}, noBody, false},
	{"GET", "/v1/hints", "hints", nil, noBody, false},
	{"GET", "/v1/events", "events", nil, noBody, true},
	{"POST", "/v1/partition", "partition", []string{"group..."}, params, false},
	{"POST", "/v1/heal", "heal", nil, params, false},
	{"POST", "/v1/links/{link}/slow", "slow", []string{"{link}", "delay"}, params, false},
	{"POST", "/v1/links/{link}/loss", "loss", []string{"{link}", "percent"}, params, false},
	{"POST", "/v1/nodes", "join", nil, params, false},
	{"POST", "/v1/nodes/{node}/join", "join", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/leave", "leave", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/kill", "kill", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/pause", "pause", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/resume", "resume", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/restart", "restart", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/wipe", "wipe", []string{"{node}"}, params, false},
	{"POST", "/v1/nodes/{node}/skew", "skew", []string{"{node}", "ahead"}, params, false},
	{"POST", "/v1/wait", "wait", []string{"condition..."}, params, false},
	{"POST", "/v1/expect", "expect", []string{"condition..."}, params, false},
	{"POST", "/v1/settle", "settle", nil, params, false},
	{"POST", "/v1/sync", "sync", []string{"[range]"}, params, false},
	{"POST", "/v1/commands", "", nil, command, false},
}

// methods are the methods that any path may have.
var methods = []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete}

// A handler serves the routes.
type handler struct {
	o Options
}

// newHandler returns the handler of all paths.
func newHandler(o Options) http.Handler {
	h, mux := handler{o}, http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, q *http.Request) { h.serve(w, q, r) })
	}
	mux.HandleFunc("GET "+openAPIPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI) // the client may be gone
	})
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		var allowed []string
		for _, m := range methods {
			other := *q
			if other.Method = m; m != q.Method {
				if _, pattern := mux.Handler(&other); pattern != "/" {
					allowed = append(allowed, m)
				}
			}
		}
		if len(allowed) == 0 {
			refuse(w, http.StatusNotFound, "not_found", "there is no such path; GET "+openAPIPath+" lists the paths")
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "the path takes "+strings.Join(allowed, ", "))
	})
	return cleanPaths(mux)
}

// parameters returns the names of the parameters that are arguments of the route's command.
func (r route) parameters() []string {
	var out []string
	for _, a := range r.args {
		if name := parameter(a); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// parameter returns the name of the parameter in an element of args, "" if it is none.
func parameter(arg string) string {
	if strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "{") {
		return ""
	}
	return strings.Trim(strings.TrimSuffix(arg, "..."), "[]")
}

// needless are flags of verbs that are about the terminal of a shell.
var needless = map[string][]string{"get": {"raw", "force"}}

// flags returns the flags of the route's command that a request may have.
func (r route) flags() []verbs.Flag {
	if r.verb == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(verbs.Lookup(r.verb).Flags), func(f verbs.Flag) bool {
		return slices.Contains(needless[r.verb], f.Name) || slices.Contains(r.args, verbs.Dashed(f.Name))
	})
}

// openAPI describes the API. A test writes it from the routes.
//
//go:embed openapi.json
var openAPI []byte

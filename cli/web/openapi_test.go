package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringside/cli/answer"
	"ringside/cli/golden"
	"ringside/cli/verbs"
)

// obj is a JSON object.
type obj = map[string]any

// An example is a request that the description shows, with its parameters by name.
type example struct {
	route string // method and path
	given obj    // parts of the path, parameters, and value or command
	setUp []string
}

// examples has one example of each route, in an order in which all work on one cluster of five
// nodes.
var examples = []example{
	{"PUT /v1/keys/{key}", obj{"key": "cart", "value": "milk"}, nil},
	{"GET /v1/keys/{key}", obj{"key": "cart", "R": 2}, nil},
	{"POST /v1/partition", obj{"group": []any{[]any{"n1", "n2"}, []any{"n3", "n4", "n5"}}, "for": "1h"}, nil},
	{"POST /v1/keys/{key}", obj{"key": "cart", "value": "eggs", "via": "n1"}, nil},
	{"GET /v1/hints", obj{}, nil},
	{"POST /v1/heal", obj{}, nil},
	{"POST /v1/wait", obj{"condition": []any{"converged"}, "timeout": "20s"}, nil},
	{"POST /v1/expect", obj{"condition": []any{"siblings(cart)==2"}}, nil},
	{"GET /v1/keys/{key}/replicas", obj{"key": "cart"}, nil},
	{"GET /v1/keys/{key}/why", obj{"key": "cart"}, nil},
	{"GET /v1/keys/{key}/fate", obj{"key": "cart"}, nil},
	{"GET /v1/fate", obj{}, nil},
	{"POST /v1/keys/{key}/resolve", obj{"key": "cart", "union": true}, nil},
	{"GET /v1/requests/{request}/trace", obj{"request": "last"}, nil},
	{"GET /v1/requests/{request}/why", obj{"request": "last"}, nil},
	{"DELETE /v1/keys/{key}", obj{"key": "cart"}, nil},
	{"GET /v1/status", obj{}, nil},
	{"GET /v1/ring", obj{"key": "cart"}, nil},
	{"GET /v1/events", obj{"kind": "partition,heal"}, nil},
	{"POST /v1/links/{link}/slow", obj{"link": "n1>n3", "delay": "1ms"}, nil},
	{"POST /v1/links/{link}/loss", obj{"link": "n1-n2", "percent": 0.5}, nil},
	{"POST /v1/nodes/{node}/kill", obj{"node": "n5"}, []string{"heal"}},
	{"POST /v1/nodes/{node}/restart", obj{"node": "n5"}, nil},
	{"POST /v1/nodes/{node}/pause", obj{"node": "n4"}, nil},
	{"POST /v1/nodes/{node}/resume", obj{"node": "n4"}, nil},
	{"POST /v1/nodes/{node}/wipe", obj{"node": "n2"}, nil},
	{"POST /v1/nodes/{node}/skew", obj{"node": "n2", "ahead": "1s"}, nil},
	{"POST /v1/settle", obj{"timeout": "30s"}, nil},
	{"POST /v1/sync", obj{"range": "cart"}, nil},
	{"POST /v1/nodes", obj{"weight": 2}, nil},
	{"POST /v1/nodes/{node}/join", obj{"node": "n7"}, []string{"settle --timeout 1m"}},
	{"POST /v1/nodes/{node}/leave", obj{"node": "n7"}, []string{"settle --timeout 1m"}},
	{"POST /v1/commands", obj{"command": "get cart --no-repair"}, []string{"put cart tea"}},
}

// argumentHelp describes the parameters that are arguments of commands.
var argumentHelp = map[string]string{
	"key":       "The key, as text.",
	"group":     "The groups of nodes, each as a list or as one text with commas. Nodes in no group form a last one.",
	"delay":     "The delay of each message, such as 200ms. 0 ends it.",
	"ahead":     "How far the clock is ahead of the others, such as 10s.",
	"percent":   "The share of messages that are lost, 0 to 100. 0 ends it.",
	"condition": "The conditions, as the command wait has them, such as hints=0.",
	"range":     "A key, or a key range by its name, such as p07. Otherwise all ranges.",
	"node":      "The name of a node.",
	"link":      "n1>n3 for one way, n1-n3 for both ways, n1 for all links of a node.",
	"request":   "The number of a request, or last.",
}

// The file describes the routes as they are. go test ./cli/web -update writes it again. Only the
// prose, which comes from the help of the commands, may be older.
func TestDescriptionIsCurrent(t *testing.T) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(describe(t)); err != nil {
		t.Fatal(err)
	}
	if golden.Updating() {
		if err := os.WriteFile("openapi.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, got := withoutProse(t, out.Bytes()), withoutProse(t, openAPI); want != got {
		t.Error("openapi.json differs from the routes; go test ./cli/web -update writes it again")
	}
}

// withoutProse returns a description without its texts for people.
func withoutProse(t *testing.T, b []byte) string {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var strip func(any)
	strip = func(v any) {
		switch v := v.(type) {
		case obj:
			for _, name := range []string{"description", "summary"} {
				if _, text := v[name].(string); text {
					delete(v, name)
				}
			}
			for _, field := range v {
				strip(field)
			}
		case []any:
			for _, element := range v {
				strip(element)
			}
		}
	}
	strip(v)
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Each path and method of the file has a handler, each handler is in the file, and each example of
// the file works.
func TestDescriptionHolds(t *testing.T) {
	t.Parallel()
	if golden.Updating() {
		t.Skip("the program has the file as it was before")
	}
	s, c := serve(t)
	var file struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				Name, In string
				Example  any
			}
			RequestBody struct {
				Content map[string]struct{ Example any }
			}
		}
	}
	if err := json.Unmarshal([]byte(ask(t, s, "GET", openAPIPath, "").text), &file); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(file.OpenAPI, "3.1.") {
		t.Errorf("the version is %q", file.OpenAPI)
	}
	described := map[string]bool{}
	ids := map[string]bool{}
	for path, operations := range file.Paths {
		for method, op := range operations {
			described[strings.ToUpper(method)+" "+path] = true
			if ids[op.OperationID] || op.OperationID == "" {
				t.Errorf("%s %s: operationId %q is not unique", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
		}
	}
	handled := map[string]bool{"GET " + openAPIPath: true, "GET /metrics": true}
	for _, r := range routes {
		handled[r.method+" "+r.path] = true
	}
	if !maps.Equal(described, handled) {
		t.Errorf("described: %v\nhandled: %v", slices.Sorted(maps.Keys(described)), slices.Sorted(maps.Keys(handled)))
	}
	env := &verbs.Env{Cluster: c, Name: "test"}
	for _, e := range examples {
		for _, line := range e.setUp {
			words, _ := verbs.Split(line)
			if a := answer.Run(t.Context(), env, words, func(err error) error { return err }); a.Exit != 0 {
				t.Fatalf("%s: %s: %v", e.route, line, a.Error)
			}
		}
		delete(described, e.route)
		method, path, _ := strings.Cut(e.route, " ")
		op := file.Paths[path][strings.ToLower(method)]
		query, header := url.Values{}, []string{}
		for _, p := range op.Parameters {
			switch {
			case p.Example == nil:
			case p.In == "path":
				path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(fmt.Sprint(p.Example)))
			case p.In == "query":
				query.Set(p.Name, fmt.Sprint(p.Example))
			}
		}
		body := ""
		for kind, content := range op.RequestBody.Content {
			if body, _ = content.Example.(string); kind == "application/json" {
				b, err := json.Marshal(content.Example)
				if err != nil {
					t.Fatal(err)
				}
				body = string(b)
			}
			header = append(header, "Content-Type", kind)
		}
		if method == http.MethodDelete { // the context in the file is that of another cluster
			header = append(header, contextHeader, ask(t, s, "GET", path, "").Result.Context)
		}
		r := ask(t, s, method, path+"?"+query.Encode(), body, header...)
		if r.status != 200 || r.Exit != 0 {
			t.Errorf("%s %s?%s %s: status %d, %s", method, path, query.Encode(), body, r.status, r.text)
		}
	}
	delete(described, "GET "+openAPIPath)
	delete(described, "GET /metrics") // the package cli tests it
	for route := range described {
		t.Errorf("%s has no example", route)
	}
}

// describe returns the description of all routes.
func describe(t *testing.T) obj {
	paths := obj{}
	add := func(method, path string, operation obj) {
		if paths[path] == nil {
			paths[path] = obj{}
		}
		paths[path].(obj)[strings.ToLower(method)] = operation
	}
	for _, r := range routes {
		add(r.method, r.path, operation(t, r))
	}
	text := func(kind, of string) obj { return obj{"200": obj{"description": of, "content": obj{kind: obj{}}}} }
	add("GET", openAPIPath, obj{"operationId": "describe", "summary": "this description; needs no token", "tags": []string{"API"},
		"security": []obj{}, "responses": text("application/json", "An OpenAPI 3.1 document.")})
	add("GET", "/metrics", obj{"operationId": "metrics", "summary": "counters and gauges for Prometheus", "tags": []string{"API"},
		"responses": text("text/plain", "Metrics in the text format of Prometheus.")})
	return obj{
		"openapi": "3.1.0",
		"info": obj{"title": "ringside", "version": "1",
			"description": "The commands of ringside on one cluster: up --http. Each path is a command, and each reply an Answer " +
				"with the JSON that the command prints. docs/http.md has an introduction.",
			"license": obj{"name": "see LICENSE", "identifier": licence(t)}},
		"servers":    []obj{{"url": "http://127.0.0.1:{port}", "variables": obj{"port": obj{"default": "4000"}}}},
		"security":   []obj{{"token": []string{}}},
		"paths":      paths,
		"components": components(),
	}
}

// licence returns the SPDX identifier of the licence of this program.
func licence(t *testing.T) string {
	b, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{"Apache License": "Apache-2.0", "MIT License": "MIT", "Redistribution and use": "BSD-3-Clause"} {
		if strings.Contains(string(b), name) {
			return id
		}
	}
	t.Fatal("the licence is not known")
	return ""
}

// components returns what the operations refer to.
func components() obj {
	str, integer := obj{"type": "string"}, obj{"type": "integer"}
	return obj{
		"securitySchemes": obj{"token": obj{"type": "http", "scheme": "bearer",
			"description": "The token that up --http writes to a file."}},
		"schemas": obj{"Answer": obj{"type": "object", "required": []string{"exit"}, "properties": obj{
			"command": obj{"type": "string", "description": "The command, of /v1/commands."},
			"exit": obj{"type": "integer", "description": "The exit code of the command: 0 ok, 1 internal error, 2 usage, 3 key " +
				"not found, 4 siblings where one value was asked for, 5 quorum not reached, 6 context refused, 7 no such cluster " +
				"running, 8 an expect or wait that does not hold, 130 interrupted."},
			"result":  obj{"type": "object", "description": "What the command prints with --json."},
			"results": obj{"type": "array", "items": obj{"type": "object"}, "description": "The objects of a command that prints several."},
			"text":    obj{"type": "string", "description": "The text of a command without JSON."},
			"notes":   obj{"type": "array", "items": str, "description": "Lines of messages."},
			"error": obj{"type": "object", "required": []string{"code", "message"}, "properties": obj{
				"code": str, "message": str,
				"request": integer,
				"unknown": obj{"type": "boolean", "description": "The write may have happened nevertheless."},
				"missing": obj{"type": "array", "items": str, "description": "Nodes that did not answer."}}},
		}}},
		"responses": obj{"Refused": obj{
			"description": "400 usage, 401 no token, 403 a foreign Host or a web page, 404 key not found or no such path, 409 siblings " +
				"where one value was asked for, 412 a condition that does not hold, 413 too large, 422 context refused, 503 quorum not " +
				"reached or the cluster has ended, 500 internal error.",
			"content": obj{"application/json": obj{"schema": obj{"$ref": "#/components/schemas/Answer"}}}}},
	}
}

// partOfPath matches a part of a path that is an argument.
var partOfPath = regexp.MustCompile(`\{(\w+)\}`)

// operation describes a route.
func operation(t *testing.T, r route) obj {
	i := slices.IndexFunc(examples, func(e example) bool { return e.route == r.method+" "+r.path })
	if i < 0 {
		t.Fatalf("%s %s has no example", r.method, r.path)
	}
	given := examples[i].given
	var parameters []obj
	for _, m := range partOfPath.FindAllStringSubmatch(r.path, -1) {
		help := argumentHelp[m[1]]
		if m[1] == "key" {
			help = "The key, each byte of it as a character or as %XX."
		}
		parameters = append(parameters, obj{"name": m[1], "in": "path", "required": true, "description": help,
			"schema": obj{"type": "string"}, "example": given[m[1]]})
	}
	properties, required := fieldsOf(t, r)
	body := obj{}
	switch r.body {
	case noBody, valueBody:
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			p := properties[name].(obj)
			one := obj{"name": name, "in": "query", "description": p["description"], "schema": schemaOnly(p)}
			if v, ok := given[name]; ok {
				one["example"] = v
			}
			parameters = append(parameters, one)
		}
		if _, ok := properties["context"]; ok {
			parameters = append(parameters, obj{"name": contextHeader, "in": "header", "schema": obj{"type": "string"},
				"description": "The context, in place of the parameter."})
		}
		if r.body == valueBody {
			body = obj{"required": true, "content": obj{"application/octet-stream": obj{"example": given["value"]}},
				"description": "The bytes of the value, at most 1 MiB."}
		}
	default:
		content := obj{}
		for name, v := range given {
			if _, ok := properties[name]; ok {
				content[name] = v
			}
		}
		schema := obj{"type": "object", "properties": properties}
		if len(required) > 0 {
			schema["required"] = required
		}
		body = obj{"required": len(required) > 0 || r.body == command,
			"content": obj{"application/json": obj{"schema": schema, "example": content}}}
	}
	out := obj{"operationId": idOf(r), "responses": responses(r)}
	if v := verbs.Lookup(r.verb); v != nil {
		out["summary"], out["tags"] = v.Usage, []string{v.Group}
		out["description"] = "As ringside " + v.Name + "; ringside help " + v.Name + " explains it and its JSON."
	} else {
		out["summary"], out["tags"] = "run any command", []string{"API"}
		out["description"] = "Each command that the prompt of the screens takes, but for events -f and those that read or write files."
	}
	if len(parameters) > 0 {
		out["parameters"] = parameters
	}
	if len(body) > 0 {
		out["requestBody"] = body
	}
	return out
}

// responses describes what a route answers.
func responses(r route) obj {
	kind, of, schema := "application/json", "The command succeeded.", obj{"$ref": "#/components/schemas/Answer"}
	if r.stream {
		kind, of, schema = "application/x-ndjson", "One event a line. An Answer with an error may be the last line.",
			obj{"type": "object"}
	}
	return obj{"200": obj{"description": of, "content": obj{kind: obj{"schema": schema}}},
		"default": obj{"$ref": "#/components/responses/Refused"}}
}

// idOf returns the operationId of a route.
func idOf(r route) string {
	switch words := strings.FieldsFunc(r.path, func(c rune) bool { return c == '/' || c == '{' || c == '}' }); {
	case r.body == valueJSON:
		return "putJSON"
	case r.verb == "":
		return "command"
	case r.verb == "why", r.verb == "fate":
		return r.verb + "Of" + words[1]
	case r.path == "/v1/nodes":
		return "joinNew"
	}
	return r.verb
}

// fieldsOf returns the parameters of a route as properties of an object, and the required ones.
func fieldsOf(t *testing.T, r route) (properties obj, required []string) {
	properties = obj{}
	for _, a := range r.args {
		name := parameter(a)
		if name == "" {
			continue
		}
		p := obj{"type": "string", "description": argumentHelp[name]}
		if argumentHelp[name] == "" {
			t.Errorf("the parameter %s of %s has no description", name, r.path)
		}
		switch {
		case name == "percent":
			p["type"] = "number"
		case strings.HasSuffix(a, "..."):
			p["type"] = "array"
			p["items"] = obj{"type": "string"}
			if name == "group" {
				p["items"] = obj{"type": []string{"string", "array"}, "items": obj{"type": "string"}}
			}
		}
		if properties[name] = p; !strings.HasPrefix(a, "[") {
			required = append(required, name)
		}
	}
	switch r.body {
	case valueJSON:
		properties["value"] = obj{"type": "string", "description": "The value, as text."}
		properties["value_base64"] = obj{"type": "string", "contentEncoding": "base64", "description": "The value, in place of value."}
	case command:
		properties["command"] = obj{"type": "string", "description": "The command as a line, with the quotes of a shell."}
		properties["words"] = obj{"type": "array", "items": obj{"type": "string"}, "description": "The command as words, in place of command."}
		properties["input"] = obj{"type": "string", "description": "The standard input of the command."}
		properties["input_base64"] = obj{"type": "string", "contentEncoding": "base64", "description": "In place of input."}
	}
	for _, f := range r.flags() {
		name := f.Name
		for _, alias := range f.Aliases {
			if len(alias) > len(name) {
				name = alias
			}
		}
		p := obj{"description": f.Help, "type": "string"}
		switch f.Kind {
		case verbs.Bool:
			p["type"] = "boolean"
		case verbs.Int:
			p["type"], p["minimum"], p["maximum"] = "integer", 1, f.Max
		}
		if f.Default != "" && f.Kind == verbs.String || f.Kind == verbs.Duration && f.Default != "" {
			p["default"] = f.Default
		}
		if len(f.Words) > 0 {
			p["enum"] = f.Words
		}
		properties[name] = p
	}
	return properties, required
}

// schemaOnly returns a property without its description.
func schemaOnly(p obj) obj {
	out := maps.Clone(p)
	delete(out, "description")
	return out
}

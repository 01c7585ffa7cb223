// Package web is the HTTP/JSON API of a cluster: up --http.
//
// A route is a command of package verbs. The parts of the path and the parameters become the words
// of the command, and the reply is its answer.Answer, so the API has no second implementation of
// anything. routes.go has the routes, guard.go refuses the requests of web pages and strangers,
// request.go turns a request into words, and reply.go turns an answer into a response. openapi.json
// describes the API. A test derives that file from the routes and runs its examples.
//
// A Server listens on loopback only, and serves requests that carry its token. The owner of the
// cluster starts it with Serve and ends it with Close.
package web

// Package verbs is the command language: the commands that act on one cluster. The shell, the
// prompt of the screens and scripts share it.
//
// A Verb is data and a function. Help, completion, the manual page and urfave's flags are
// generated from the data. verb.go has the registry, parse.go turns words into a Call, and Run
// looks a verb up and runs it in an Env. Each other file has one verb or a few related ones.
//
// A verb acts on a Cluster, which it may watch and change only through that interface. It prints
// data to Env.Out, as text or with Env.JSON as JSON, and messages to Env.Err. Errors end in exit
// codes (package exit); a usage error means that nothing was sent. Text goes through package
// render, which escapes it.
//
// CONTRIBUTING.md says how to add a verb.
package verbs

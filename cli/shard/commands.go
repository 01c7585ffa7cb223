package shard

import (
	"bytes"
	"io"
	"os"

	"ringside/cli/verbs"
	"ringside/engine/usage"
)

// Flags are the flags of commands that take shards. FILE is the argument of such a command.
var Flags = []verbs.Flag{
	{Name: "shard", Kind: verbs.String, Value: "I/K", Help: "do only part I of K, and write it to --out"},
	{Name: "out", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "where --shard writes its part"},
	{Name: "merge", Kind: verbs.Bool, Help: "join the parts of all shards, which are the FILEs"},
}

// Of returns the shard that a call asks for, the zero Shard if it asks for the whole job.
func Of(call *verbs.Call) (Shard, error) {
	if call.Has("shard") != call.Has("out") {
		return Shard{}, call.Misusef("--shard I/K and --out FILE belong together")
	}
	if !call.Has("shard") {
		return Shard{}, nil
	}
	s, err := Parse(call.String("shard"))
	if err != nil {
		return Shard{}, call.Misusef("--shard %s: %w", call.String("shard"), err)
	}
	return s, nil
}

// Load reads the files that the call names, for Read. path returns the path of a name.
func Load(call *verbs.Call, path func(string) string) (map[string]io.Reader, error) {
	files := map[string]io.Reader{}
	for _, name := range call.Args {
		if files[name] != nil {
			return nil, usage.Errorf("%s is given twice", name)
		}
		text, err := os.ReadFile(path(name))
		if err != nil {
			return nil, usage.Errorf("--merge: %w", err)
		}
		files[name] = bytes.NewReader(text)
	}
	return files, nil
}

package rpb

// The generated code is in the repository, so that a build does not need protoc. After a change of
// rpb.proto, install protoc 3.21 or later and run go generate in this folder. go.mod pins the Go
// plugin.
//
//go:generate sh -c "protoc --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --go_out=. --go_opt=module=ringside/riak/rpb --proto_path=. rpb.proto"

package wire

// The generated code is checked in, so that a build needs no protoc. To
// regenerate it after a change of wire.proto: install protoc (any 3.21 or
// later) and run go generate here; the Go plugin is the one go.mod pins.
//
//go:generate sh -c "protoc --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --go_out=. --go_opt=module=ringside/engine/wire --proto_path=wirepb wirepb/wire.proto"

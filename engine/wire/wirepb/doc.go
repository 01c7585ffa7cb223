// Package wirepb has the protobuf messages of wire.proto. protoc generates it (see go generate in
// package wire). Only packages wire and record use it.
package wirepb

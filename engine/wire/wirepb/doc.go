// Package wirepb has the protobuf messages of wire.proto. protoc generates it (see go generate in
// package wire). Only tests use it: packages wire and record encode and decode without it, and the
// tests compare.
package wirepb

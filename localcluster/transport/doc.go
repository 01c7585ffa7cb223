// Package transport has the parts that all TCP connections of a cluster share.
package transport

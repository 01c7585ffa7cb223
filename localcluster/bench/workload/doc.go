// Package workload decides which keys clients use. Each key belongs to one client, which keeps the
// context of its last put to the key. So each put replaces the last one, and no siblings arise.
package workload

// Package linear asks porcupine whether what the clients of a simulated run saw could
// have come from one copy of each key. For a Dynamo it often could not: the
// paper gave that up for availability (§1, §2.1: "eventually consistent").
//
// The register is judged mildly: a get that returns siblings is right if the
// register's value is among them. What is called illegal all the same is a read that
// is stale, or one that takes back what another had seen.
package linear

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"ringside/engine/sim"
)

// Patience is how long porcupine may think: the problem is NP-hard.
const Patience = time.Minute

// An Answer is what porcupine says of a history.
type Answer struct {
	Linearizable bool
	Decided      bool     // false: it gave up; Linearizable is false too
	Operations   int      // that it judged
	Keys         []string // whose own history is not linearizable, sorted

	info porcupine.LinearizationInfo
}

// input is an operation as it was sent.
type input struct {
	key, kind string
	id        uint64
	outcome   string
}

// Check judges what clients saw. An operation without a known outcome may have happened at any
// time after it began; one that was refused for certain, and a get without an answer, say nothing.
func Check(history []sim.Observation) Answer {
	ops := operations(history)
	result, info := porcupine.CheckOperationsVerbose(model, ops, Patience)
	a := Answer{Linearizable: result == porcupine.Ok, Decided: result != porcupine.Unknown, Operations: len(ops), info: info}
	if result != porcupine.Illegal {
		return a
	}
	for _, part := range byKey(ops) {
		if porcupine.CheckOperationsTimeout(model, part, Patience) == porcupine.Illegal {
			a.Keys = append(a.Keys, part[0].Input.(input).key)
		}
	}
	return a
}

// HTML writes porcupine's picture: the history, and how far it can be put in one order.
func (a Answer) HTML(w io.Writer) error { return porcupine.Visualize(model, a.info, w) }

func operations(history []sim.Observation) []porcupine.Operation {
	var out []porcupine.Operation
	for _, o := range history {
		if o.Outcome == "failed" || o.Kind == "get" && o.Outcome != "ok" {
			continue
		}
		end := int64(o.Ended)
		if o.Ended == 0 {
			end = math.MaxInt64
		}
		out = append(out, porcupine.Operation{
			ClientId: o.Client, Input: input{o.Key, o.Kind, o.ID, o.Outcome}, Output: o.Read, Call: int64(o.Began), Return: end,
		})
	}
	return out
}

// byKey parts a history: each key is a register of its own.
func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	var keys []string
	for _, o := range history {
		k := o.Input.(input).key
		if parts[k] == nil {
			keys = append(keys, k)
		}
		parts[k] = append(parts[k], o)
	}
	slices.Sort(keys)
	out := make([][]porcupine.Operation, len(keys))
	for i, k := range keys {
		out[i] = parts[k]
	}
	return out
}

// model is a register that holds the number of the write that set it, 0 for none.
var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return uint64(0) },
	Step: func(state, in, out any) (bool, any) {
		s, i, read := state.(uint64), in.(input), out.([]uint64)
		switch i.kind {
		case "put":
			return true, i.id
		case "del":
			return true, uint64(0)
		}
		return s == 0 && len(read) == 0 || slices.Contains(read, s), state
	},
	DescribeOperation: func(in, out any) string {
		i, read := in.(input), out.([]uint64)
		switch {
		case i.kind == "get" && len(read) == 0:
			return fmt.Sprintf("get %s → nothing", i.key)
		case i.kind == "get":
			return fmt.Sprintf("get %s → %s", i.key, strings.Trim(fmt.Sprint(read), "[]"))
		case i.outcome == "ok":
			return fmt.Sprintf("%s#%d %s", i.kind, i.id, i.key)
		}
		return fmt.Sprintf("%s#%d %s (%s)", i.kind, i.id, i.key, i.outcome)
	},
	DescribeState: func(state any) string { return fmt.Sprintf("#%d", state) },
}

package linear

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// Patience bounds the time of porcupine, because the problem is NP-hard.
const Patience = time.Minute

// An Answer is the result of Check.
type Answer struct {
	Linearizable bool
	Decided      bool     // false: porcupine gave up, and Linearizable is false
	Operations   int      // number of operations judged
	Keys         []string // keys whose own histories are not linearizable, sorted

	info porcupine.LinearizationInfo
}

// input is an operation as the client sent it.
type input struct {
	key, kind string
	id        uint64
	outcome   string
}

// Check judges a history. An operation with an unknown outcome may have happened at any time after
// it began. Check ignores operations that were certainly refused, and gets without a reply.
func Check(history []client.Observation) Answer {
	ops := operations(history)
	result, info := porcupine.CheckOperationsVerbose(model, ops, Patience)
	a := Answer{
		Linearizable: result == porcupine.Ok, Decided: result != porcupine.Unknown,
		Operations: len(ops), info: info,
	}
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

func operations(history []client.Observation) []porcupine.Operation {
	var out []porcupine.Operation
	for _, o := range history {
		if o.Outcome == "failed" || o.Kind == plan.Get && o.Outcome != "ok" {
			continue
		}
		end := int64(o.Ended)
		if o.Ended == 0 {
			end = math.MaxInt64
		}
		out = append(out, porcupine.Operation{
			ClientId: o.Client, Input: input{o.Key, o.Kind, o.ID, o.Outcome}, Output: o.Read,
			Call: int64(o.Began), Return: end,
		})
	}
	return out
}

// byKey splits a history into the histories of keys, in the order of the keys.
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

// model is a register that holds the ID of the put that set it, 0 for no value.
var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return uint64(0) },
	Step: func(state, in, out any) (bool, any) {
		s, i, read := state.(uint64), in.(input), out.([]uint64)
		switch i.kind {
		case plan.Put:
			return true, i.id
		case plan.Del:
			return true, uint64(0)
		}
		return s == 0 && len(read) == 0 || slices.Contains(read, s), state
	},
	DescribeOperation: func(in, out any) string {
		i, read := in.(input), out.([]uint64)
		switch {
		case i.kind == plan.Get && len(read) == 0:
			return fmt.Sprintf("get %s → nothing", i.key)
		case i.kind == plan.Get:
			return fmt.Sprintf("get %s → %s", i.key, strings.Trim(fmt.Sprint(read), "[]"))
		case i.outcome == "ok":
			return fmt.Sprintf("%s#%d %s", i.kind, i.id, i.key)
		}
		return fmt.Sprintf("%s#%d %s (%s)", i.kind, i.id, i.key, i.outcome)
	},
	DescribeState: func(state any) string { return fmt.Sprintf("#%d", state) },
}

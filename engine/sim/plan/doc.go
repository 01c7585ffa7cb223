/*
Package plan describes a simulated run before it is played: the cluster, the operations of clients,
the faults, and the times of all of them. A Plan is data. It can be drawn from a seed, changed,
written as a script and read back, and playing it twice gives the same run.

# Main types

	Options     the choices from which a plan is drawn; zero fields are drawn too
	Plan        a run: a Cluster, Conditions, operations (Op), fault injections (Injection), HealAt
	FaultKind   one kind of fault, or one buggify point, with its description

# Invariants

New(o) depends on o alone. o.Draw() is idempotent, and its String gives the flags of the command
line that draw the same plan. Check accepts every plan that New returns. ParseScript(p.Script(nil))
is p.

Each part of a plan is drawn from a random stream of its own wherever a new part must not change the
plans of old seeds.

# Faults

Conditions hold from the start: message loss, slow links, wrong clocks, failing flushes. Injections
happen at a time. Both end at HealAt. After HealAt, the nodes of Core are whole first while the
others stay broken as Rest says, and then all nodes are whole. A buggify point makes nodes take rare
but correct paths (engine.Config.Buggify).

Begin reading in plan.go.
*/
package plan

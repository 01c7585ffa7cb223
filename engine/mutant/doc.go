/*
Package mutant holds deliberate bugs of the engine. In a build with the tag mutants, Set switches
one of them on. Each bug breaks something that a property of the simulator promises, and a test of
package sim shows that the property then fails. A check that misses every bug would be worth
nothing.

In the ordinary build Is is a constant, and the compiler removes all bugs.

A bug is a condition in the engine:

	if mutant.Is(mutant.HintDroppedOnSend) { ... }

# To add a bug

 1. Add a Name to mutant.go, in the group of its mechanism.
 2. Add its line to the registry in registry.go: title, properties, description.
 3. Add its condition to the engine. Conditions belong into as few and as thin places as possible.
 4. Run make mutants, which shows that a property fails.

Begin reading in mutant.go.
*/
package mutant

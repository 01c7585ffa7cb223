/*
Package wars predicts staleness with the model of Bailis et al., "Probabilistically Bounded Staleness
for Practical Partial Quorums", VLDB 2012. The model draws four delays for each replica: W and A for a
put on its way to the replica and for the acknowledgement, R and S for a get's question and for the
answer. Everything else takes no time.

# Main types

	Model   a cluster of the model, with or without replicas at its coordinators
	Within  the closed form for a write that never spreads beyond its quorum

A Model knows nothing of the engine, so that it can be compared with the engine. The distributions of
the delays and their published fits are values of package plan. Begin reading at Model.
*/
package wars

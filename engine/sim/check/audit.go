package check

// checkTrees checks P10: the Merkle trees that a node has kept up to date equal those of its store,
// and scans find what the store holds. A host that is down has no trees. The trees of a Rotten host
// may still count a record whose damage the node has not noticed.
func (j *Judge) checkTrees(h Host) {
	if !h.Up() || h.Rotten() {
		return
	}
	if err := h.Node().Audit(); err != nil {
		j.e.fail(P10, "%s: %v", h.Name(), err)
	}
}

package localcluster

import (
	"fmt"
	"sync"
	"testing"

	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/localcluster/config"
)

// Nodes report changes while other nodes are added. No change and no node is lost.
func TestRegistryTakesChangesAtOnce(t *testing.T) {
	s, err := config.NewSettings("registry", settings.Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	var r registry
	r.set(s)
	const many = 50
	var work sync.WaitGroup
	for i := range many {
		name := fmt.Sprintf("x%d", i)
		work.Go(func() { r.add(&node{name: name}) })
		work.Go(func() { r.learn(member.History{{Time: int64(1000 + i), By: "n1", Node: name, Weight: 1}}) })
	}
	work.Wait()
	if s := r.settings(); len(s.Nodes) != settings.DefaultNodes+many ||
		len(s.History()) != len(s.InitialMembers())+many || len(r.ring().Members()) != len(s.History()) {
		t.Errorf("%d nodes, %d changes, %d members", len(s.Nodes), len(s.History()), len(r.ring().Members()))
	}
}

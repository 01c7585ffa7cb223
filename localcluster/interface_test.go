package localcluster_test

import (
	"ringside/cli/verbs"
	"ringside/localcluster"
	"ringside/localcluster/control"
)

var (
	_ verbs.Cluster = (*localcluster.Cluster)(nil)
	_ verbs.Cluster = (*control.Remote)(nil)
)

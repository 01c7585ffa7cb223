package localcluster_test

import (
	"ringside/cli/verbs"
	"ringside/localcluster"
)

var (
	_ verbs.Cluster = (*localcluster.Cluster)(nil)
	_ verbs.Cluster = (*localcluster.Remote)(nil)
)

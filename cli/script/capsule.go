package script

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"ringside/cli/capsule"
	"ringside/cli/verbs"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
)

// capsuleTime bounds how long a script that failed is kept for its capsule.
const capsuleTime = 10 * time.Second

// leaveCapsule writes the capsule of a running cluster of a script that failed to a file in folder:
// of the cluster default, or else of the first one. Without a running cluster, and after an
// interrupt, it writes nothing. An error is part of the log, because the script failed for another
// reason.
func (t *runner) leaveCapsule(ctx context.Context, home, folder string) {
	ctx, cancel := context.WithTimeout(ctx, capsuleTime)
	defer cancel()
	list, err := datadir.List(home)
	if err != nil {
		return
	}
	slices.SortStableFunc(list, func(a, b datadir.Info) int {
		switch {
		case a.Name == config.DefaultName && b.Name != a.Name:
			return -1
		case b.Name == config.DefaultName && b.Name != a.Name:
			return 1
		}
		return 0
	})
	for _, i := range list {
		cluster, err := control.Connect(ctx, home, i.Name)
		if err != nil { // the script took it down
			continue
		}
		file := filepath.Join(folder, t.name+capsule.Suffix)
		c, err := verbs.Capsule(ctx, cluster)
		_ = cluster.Close()
		if err == nil {
			err = c.Write(file)
		}
		switch {
		case err == nil:
			t.capsule = file
		case ctx.Err() == nil:
			t.Log("the capsule was not written:", err)
		}
		return
	}
}

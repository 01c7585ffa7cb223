package cli

// §4, §6: up starts a cluster. upflags.go reads its flags, detach.go starts it in the background,
// announce.go reports that it is up.

import (
	"context"
	"errors"
	"time"

	"ringside/cli/verbs"
	"ringside/localcluster"
)

const (
	// startTimeout bounds a start. Opening databases and ports takes milliseconds.
	startTimeout = 30 * time.Second
	// detachedVariable is set in the process that --detach starts.
	detachedVariable = "RINGSIDE_DETACHED"
)

// otherFolder is the advice for a folder that cannot be used.
const otherFolder = "choose another folder with --dir or RINGSIDE_HOME"

var upCommand = command{
	verb: &verbs.Verb{
		Name: "up", Group: verbs.GroupCluster, Section: "§4, §6",
		Usage: "start a cluster; it runs until Ctrl-C or down",
		Help: `N, R and W are those of the paper: the replicas of a key, and the answers that a get and a put wait
for. Without --mem the data stays on disk, in the folder of the last --dir, and a later up continues with it. If
that folder is gone, up says so and starts nothing. --mem is refused for a cluster that has data on disk.

The settings are kept with the data, and a later up that asks for others is refused. The exceptions are
--anti-entropy and --tombstones, which each up chooses.

With --buffer puts are faster and less safe: each node keeps writes in memory for up to a tenth of a second. Of
the N replicas of a put, one is asked to be durable, but the put does not wait for that one. A node that is killed
loses its buffer, and kill -9 of this process loses all buffers.

With --sync=false nodes hand their writes to the operating system and do not wait for the disk. A crash of a node
or of this process loses nothing then. A power cut, or a crash of the machine, may lose the latest writes of all
nodes. So each up begins new epochs of counters.`,
		Flags: upFlags,
	},
	run: (*session).up,
}

func (s *session) up(c *verbs.Call) error {
	o, err := s.options(c)
	if err != nil {
		return err
	}
	child := s.Getenv(detachedVariable) != ""
	s.JSON = s.JSON || child       // the parent process reads the report as JSON
	if c.Bool("fresh") && !child { // the parent process has already deleted the data
		if err := s.clear(c, o); err != nil {
			return err
		}
	}
	if c.Bool("detach") && s.host == nil && !child {
		return s.detach(o)
	}
	start, cancel := context.WithTimeout(s.ctx, startTimeout)
	defer cancel()
	cluster, err := localcluster.Start(start, o)
	if err != nil {
		return asMisplaced(withExitCode(err, o.Name), otherFolder)
	}
	if s.host != nil {
		s.host.Add(cluster)
		return s.announce(cluster, o, false)
	}
	if err := s.announce(cluster, o, !child); err != nil {
		return errors.Join(err, cluster.Close())
	}
	select {
	case <-cluster.Done(): // another process called down, unless Err has another reason
		err := cluster.Err()
		if err != nil && child { // stdout has no reader, and stderr is the log
			s.Notef("%s: cluster %s: %v\n", program, o.Name, err)
		}
		return withExitCode(err, o.Name)
	case <-s.ctx.Done():
	}
	if !s.JSON {
		s.Notef("\ntaking %s down; Ctrl-C again forces it\n", o.Name)
	}
	return errors.Join(cluster.Close(), s.ctx.Err())
}

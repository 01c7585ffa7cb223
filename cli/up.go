package cli

// §4, §6: up starts a cluster. upflags.go reads its flags, detach.go starts it in the background,
// announce.go reports that it is up.

import (
	"errors"
	"time"

	"ringside/cli/render"
	"ringside/cli/verbs"
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
		Args:  []verbs.Arg{{Name: "-- CMD ARGS", Complete: verbs.CompleteFiles, Optional: true, Many: true}},
		Usage: "start a cluster; it runs until Ctrl-C or down, or while CMD runs",
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
nodes. So each up begins new epochs of counters.

up -- CMD ARGS  runs a command, takes the cluster down after it, and exits as CMD does. The cluster is a throw-away
one in memory, in a home folder of its own, unless --cluster or --dir names another. CMD finds the cluster by the
variables RINGSIDE_HOME and RINGSIDE_CLUSTER, so the commands of ringside in CMD act on it. Signals are passed on to
CMD, and a command that a signal ended exits 128 and the signal's number. up exits 125 if ringside itself failed, 126
if CMD cannot be run, and 127 if CMD is not found.

With --http the commands are also an HTTP/JSON API, for programs: POST /v1/commands, paths for keys, nodes and faults,
events as a stream, and /metrics for Prometheus. GET /openapi.json describes the API. It listens on loopback only. Each
request needs the header  Authorization: Bearer TOKEN , and the token is in a file of the cluster's folder that only you
can read. Requests of web pages are refused. CMD has the address in RINGSIDE_HTTP and the token in RINGSIDE_TOKEN.

With --riak and --riak-http clients of Riak KV use the cluster, each node at a port of its own on loopback. What a
client writes at the port of n2 goes to n2. If n2 is killed, its ports close; if it is paused, they stand still. The
object with bucket carts, key kate and type plain is the key riak:plain/carts/kate of the other commands. The bucket
types default, plain, no_siblings, tests, mr, write_once and no_riak_test_bucket_type exist, and those of --riak-type.
status shows the ports. A node that joins later has the next port, or a free one if another program has that port. CMD
has the addresses of all nodes in RINGSIDE_RIAK and RINGSIDE_RIAK_HTTP, with commas between them. The ports have no
password: any program of this machine can use the ports.`,
		Flags: upFlags,
	},
	run: (*session).up,
}

func (s *session) up(c *verbs.Call) error {
	switch {
	case c.Dash:
		return runUnder(s, c)
	case len(c.Args) == 1 && (c.String(riakFlag) == "true" || c.String(riakHTTPFlag) == "true"):
		return c.Misusef("%s is one argument too many; a port follows --%s with =, as in --%s=0", render.Quoted(c.Arg(0)),
			riakFlag, riakFlag)
	case len(c.Args) > 0:
		return c.Misusef("%s is one argument too many; put -- before a command that is to run in the cluster",
			render.Quoted(c.Arg(0)))
	}
	o, err := s.options(c)
	if err != nil {
		return err
	}
	child := s.Getenv(detachedVariable) != ""
	s.JSON = s.JSON || child // the parent process reads the report as JSON
	riak, err := checkServices(c, o)
	if err != nil {
		return err
	}
	if c.Bool("fresh") && !child { // the parent process has already deleted the data
		if err := s.clear(c, o); err != nil {
			return err
		}
	}
	if c.Bool("detach") && s.host == nil && !child {
		return s.detach(c, o)
	}
	r, err := start(s, c, o, riak)
	if err != nil {
		return err
	}
	if s.host != nil {
		s.host.Add(r)
		return s.announce(r, o, false)
	}
	if err := s.announce(r, o, !child); err != nil {
		return errors.Join(err, r.Close())
	}
	select {
	case <-r.Done(): // another process called down, unless Err has another reason
		err := r.Err()
		if why := r.reason(); why != "" && !s.JSON {
			s.Notef("%s: %s; cluster %s is down\n", program, why, o.Name)
		}
		if err != nil && child { // stdout has no reader, and stderr is the log
			s.Notef("%s: cluster %s: %v\n", program, o.Name, err)
		}
		return withExitCode(errors.Join(err, r.Close()), o.Name)
	case <-s.ctx.Done():
	}
	if !s.JSON {
		s.Notef("\ntaking %s down; Ctrl-C again forces it\n", o.Name)
	}
	return errors.Join(r.Close(), s.ctx.Err())
}

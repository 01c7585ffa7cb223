package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/atomicfile"
	"ringside/localcluster/bench"
)

// Verb is the command bench.
var Verb = &verbs.Verb{
	Name: "bench", Group: verbs.GroupScript, Section: "§6",
	Usage: "measure puts and gets of a throw-away cluster, beside the cost of its messages alone",
	Help: `bench starts a cluster in this process, writes the keys, and then measures for the time of --for, once in each
round. Clients use TCP, and share a connection to each node. A request goes to the first running node of its key's
preference list, as a load balancer would send it; with --client-driven clients know the ring (§6.4). Each client has
keys of its own and replaces values with the context of its last put, so no siblings arise.

A figure in operations a second depends on the machine. So bench measures two floors in the same run: the same
messages (client, coordinator, replicas, coordinator, client; same sizes, N, R and W) between nodes that do nothing,
without a disk. In the first one each client has a connection of its own, in the second one (mux) clients share a
connection to each node, as clients of a cluster do here. ratio and ratio_mux are the throughput divided by that of the
floors, and the systems take turns, so that a slow moment of the machine hits all of them. Figures are medians of the
rounds. cpu, allocations and bytes are those of the whole process, clients included, for each operation. On a machine
that has other work, many short rounds (--for 200ms --rounds 15) and ratio_cpu, the processor time divided by that of
the first floor, are the least disturbed.

Without --rate each client sends its next request when it has the answer to the last one. With --rate requests are due
at a fixed rate, and latency counts from the time when a request was due, whether or not a client was free.
Several rates, --rate 1000,2000,4000, give latency against load. A rate that is not reached is marked with !. Its
throughput is what was answered, and its latency depends on how long the queue grew.

  ringside bench                                       puts and gets, synced to the disk as usual
  ringside bench --store mem,nosync,sync --op put      what the disk costs
  ringside bench --rate 1000,2000,4000 --concurrency 64 --html bench.html
  ringside bench --nodes 30 --concurrency 64 --zipf --op mix --mix 0.9

A run takes a quarter more than --for (at most half a second more) for each operation, concurrency, rate, round, store
and floor. The first line above takes a bit over two minutes, and three stores with puts and gets nearly four. The time
is told before the start if it is 5 seconds or more.

With --target riak://HOST:PORT bench measures a cluster of Riak, without floors: puts and gets of this client over
protocol buffers, and --R and --W as r and w. The keys are in a bucket of their own. At the end bench names the bucket,
or deletes its keys with --clean: Riak cannot delete a bucket as such.

The data is in a folder ringside-bench-* within --dir, or within the folder for temporary files ($TMPDIR, or /tmp). If
that one is in memory, it is within /var/tmp. bench deletes its folder at the end, and those of earlier runs that were
killed.

--store sync waits for the disk, nosync does not (up --sync=false), buffer has object buffers (up --buffer 1000, §6.1),
mem has no disk. Exit 5 means that requests failed; the report counts them.
--json prints {"rows":[{"store","op","concurrency","rate"?,"ops_s","samples","p50_us","p99_us","p999_us","mean_us",
"max_us","errors","error"?,"missed","cpu_us","allocs","bytes","rounds":[ops_s],"spread"}],"floor":[same],
"floor_mux":[same],"ratio":{"put/64":..},"ratio_mux","ratio_p99","ratio_p999","ratio_cpu","store","ready_ms","rss_mb",
"rss_ready_mb","message_bytes","machine","settings","interrupted"?,"interrupted_at"?}. With several stores a key of a
ratio is mem/put/64, with a rate put/64@5000. A ratio is the median of the ratios of the rounds, so it is not the
quotient of two figures of rows, which are medians themselves. "samples" is the number of latencies in the round that
has the fewest. Below 1000, p999_us is the maximum, and the text leaves it out.`,
	Flags: flags,
}

// announcedTime is the time from which a run tells beforehand how long it takes.
const announcedTime = 5 * time.Second

// A Target is a cluster that runs already and that bench measures.
type Target struct {
	Name  string // safe for a terminal
	Hosts int
	Do    func(context.Context, wire.ClientRequest) (wire.ClientReply, error)
}

// ownFlags are the flags about the cluster that bench starts.
var ownFlags = []string{"nodes", "store", "N", "client-driven", "floor", "dir"}

// adopt makes the options measure the target.
func (t *Target) adopt(call *verbs.Call, o *bench.Options) error {
	for _, f := range ownFlags {
		if call.Has(f) {
			return usage.Errorf("bench: %s is about a cluster that bench starts; leave it out with --target", verbs.Dashed(f))
		}
	}
	o.Client, o.Target, o.Nodes, o.Floor = t.Do, t.Name, t.Hosts, false
	o.Stores = []bench.Store{bench.TargetStore}
	return nil
}

// Run runs a call of Verb, on a cluster that runs already unless onto is nil. After an interrupt,
// Run prints what was measured until then.
func Run(ctx context.Context, con *console.Console, call *verbs.Call, onto *Target) error {
	o, err := options(con, call)
	if err == nil && onto != nil {
		err = onto.adopt(call, &o)
	}
	if err == nil && onto == nil && call.Bool(CleanFlag) {
		err = usage.Errorf("bench: --%s is for --target; bench deletes its own folder anyway", CleanFlag)
	}
	if err != nil {
		return call.Misuse(err)
	}
	if err := o.Check(); err != nil {
		return call.Misuse(fmt.Errorf("bench: %w", err))
	}
	file := ""
	if call.Has("html") {
		file = con.Path(call.String("html"))
		if err := verbs.CheckWritable(file); err != nil {
			return usage.Errorf("bench: --html %s cannot be written: %w; nothing was measured",
				render.Quoted(call.String("html")), err)
		}
	}
	if t := o.Time(); t >= announcedTime {
		con.Notef("bench: measures for about %s; --for and --rounds change that\n", t.Round(time.Second))
	}
	line := con.Progress()
	o.Progress = func(p bench.Progress) { line.Show(progress(p)) }
	report, err := bench.Run(ctx, o)
	line.Show("")
	if report == nil {
		if errors.Is(err, context.Canceled) {
			con.Notef("bench: interrupted before the first window ended; nothing was measured\n")
		}
		return err
	}
	if file != "" {
		if err := writePage(file, report, commandLine(call)); err != nil {
			return err
		}
	}
	painter := render.Painter{Color: console.IsTerminal(con.Stdout) && con.Colors()}
	if err := con.Show(report, text(report, painter)); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return exit.Reported(failed(report))
}

// writePage writes the report as a page.
func writePage(file string, r *bench.Report, command string) error {
	b, err := page(r, command)
	if err != nil {
		return err
	}
	if err := atomicfile.Replace(file, b); err != nil {
		return fmt.Errorf("bench: write the page: %w", err)
	}
	return nil
}

// failed returns an error if requests failed, nil otherwise. The first failure chooses its exit
// code.
func failed(r *bench.Report) error {
	var count int64
	var first error
	for _, row := range r.Rows {
		if count += row.Errors; first == nil {
			first = row.Failure
		}
	}
	if count == 0 {
		return nil
	}
	out := &exit.Error{Exit: exit.Internal, Code: "internal"}
	var f *bench.Failure
	if errors.As(first, &f) {
		out = exit.OfReply("bench", nil, f.Code, f.Message)
	}
	out.Message = fmt.Sprintf("bench: %s failed; the first: %s", render.Count(int(count), "request"),
		render.Text(first.Error()))
	return out
}

// progress returns the line of progress.
func progress(p bench.Progress) string {
	line := fmt.Sprintf("%3.0f%%  %s", 100*p.Part, p.What)
	if p.Left > 0 {
		line += ", " + render.Age(p.Left) + " left"
	}
	return line
}

package measure

import "ringside/engine/sim/check"

// Measures are what was counted in one run, or in several (Add). The operations are those of the
// plan; the checker's own are left out, and their messages count as Checker in Traffic.
type Measures struct {
	Runs int `json:"runs"`

	Gets Operations `json:"gets"`
	Puts Operations `json:"puts"`
	Dels Operations `json:"dels"`

	Versions     Versions     `json:"versions"`
	Stale        Stale        `json:"stale"`
	Availability Availability `json:"availability"`
	// Traffic is what nodes and clients sent, by mechanism. Lost messages count.
	Traffic Traffic `json:"traffic"`
	Writes  Writes  `json:"writes"`
	// FalseConflicts counts the versions that gets and settled homes showed beside an ancestor,
	// because a clock had been truncated (§4.4).
	FalseConflicts int         `json:"false_conflicts"`
	Clocks         Clocks      `json:"clocks"`
	Convergence    Convergence `json:"convergence"`
	Probes         []Probe     `json:"probes,omitempty"`
}

// Operations are the operations of one kind.
type Operations struct {
	Asked   int `json:"asked"`
	OK      int `json:"ok"`
	Refused int `json:"refused"` // certainly not carried out
	Unknown int `json:"unknown"` // no reply in time, or a reply that says so
	// Reasons counts the operations that were refused or unknown, by the code of the reply, or by
	// Timeout.
	Reasons map[string]int `json:"reasons,omitempty"`
	Latency Times          `json:"latency_ms"` // of those that are OK
}

// Timeout is the reason of an operation without a reply.
const Timeout = "timeout"

// Versions counts the gets that were answered, by the live versions that they returned.
type Versions struct {
	None  int `json:"none"`
	One   int `json:"one"`
	Two   int `json:"two"`
	Three int `json:"three"`
	More  int `json:"more"`
}

// Stale is about the gets that lacked a write which was acknowledged before they began, as the
// checker's causal graph tells.
type Stale struct {
	Gets int   `json:"gets"`
	Age  Times `json:"age_ms"` // time for which the first lacking write had been acknowledged
	// Behind is the number of lacking writes.
	Behind Distribution `json:"behind"`
}

// Availability tells how many operations were answered, "not found" included. A fault is under way
// from its injection to its repair (plan.Injection.Lasts); conditions that hold all along, such as
// loss, do not count.
type Availability struct {
	Faults Share `json:"during_faults"` // operations of which a part passed during a fault
	Calm   Share `json:"outside"`       // the others
	// ByFault has the operations of Faults by the kinds of the faults that were under way. An
	// operation counts for each kind.
	ByFault map[string]Share `json:"by_fault,omitempty"`
}

func (a *Availability) during(kind string, s Share) {
	if a.ByFault == nil {
		a.ByFault = map[string]Share{}
	}
	sum := a.ByFault[kind]
	sum.add(s)
	a.ByFault[kind] = sum
}

// A Share is a number of operations, and how many of them are OK.
type Share struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
}

// A Mechanism is what a message is sent for.
type Mechanism string

// The mechanisms. A message counts once.
const (
	Client     Mechanism = "client"       // requests of clients and their replies (§4.1)
	Forwarding Mechanism = "forwarding"   // puts on their way to a home, and their answers (§4.5)
	Reading    Mechanism = "reads"        // a get's questions to replicas and the answers (§4.5)
	Writing    Mechanism = "writes"       // a put's replicas and the acknowledgements, hints included (§4.5)
	Repairing  Mechanism = "read_repair"  // (§5)
	Handoff    Mechanism = "handoff"      // hints that go home (§4.6)
	Syncing    Mechanism = "anti_entropy" // (§4.7)
	Moving     Mechanism = "transfer"     // key ranges on their way to new homes (§4.9)
	Gossip     Mechanism = "gossip"       // of the membership (§4.8.1)
	Probing    Mechanism = "probes"       // of the failure detector and before forwarding (§4.8.3)
	Collecting Mechanism = "tombstones"   // collection of tombstones
	Checker    Mechanism = "checker"      // caused by the checker's own requests at the end
)

// Mechanisms lists all mechanisms.
var Mechanisms = []Mechanism{
	Client, Forwarding, Reading, Writing, Repairing, Handoff, Syncing, Moving, Gossip, Probing, Collecting, Checker,
}

// Traffic is what was sent, by mechanism. It has all Mechanisms.
type Traffic map[Mechanism]Sent

// Sent is a number of messages and their bytes, frame headers not included.
type Sent struct {
	Messages int   `json:"messages"`
	Bytes    int64 `json:"bytes"`
}

// Writes tells what became of the acknowledged puts and deletes.
type Writes struct {
	check.Fates
	TrueLosses int `json:"true_losses"` // Fates.True
}

func (w *Writes) add(f check.Fates) {
	w.Fates.Add(f)
	w.TrueLosses += f.True()
}

// ClockSlices is the number of slices of a run of which Clocks.Over tells.
const ClockSlices = 20

// Clocks tells how many pairs the clocks of new versions had, dots included.
type Clocks struct {
	Pairs Distribution `json:"pairs"`
	// Over has the same over time: slices of equal length from the start of the run to the end of
	// its faults. Clocks of later writes are in the last one.
	Over [ClockSlices]ClockSlice `json:"over_time"`
}

// A ClockSlice is about the new versions in one slice of a run.
type ClockSlice struct {
	Writes int `json:"writes"`
	Sum    int `json:"sum"` // of pairs
	Max    int `json:"max"`
}

// Convergence tells how the cluster came to rest after the end of all faults. All homes of each key
// then hold the same versions, and no hint is left.
type Convergence struct {
	// Alone is the number of runs that converged through hints and anti-entropy, before the checker
	// read any key.
	Alone int   `json:"alone"`
	Time  Times `json:"time_ms"` // from the end of all faults; of the runs in Alone
	// ByReads is the number of runs that converged only when the checker read all keys.
	ByReads int `json:"by_reads"`
	Never   int `json:"never"` // runs that did not converge
	// Reads is the number of keys that had diverged when the checker began to read, of all runs.
	// Each needed a read.
	Reads int `json:"reads_needed"`
	// Diverged is the number of keys that had diverged in the end, and Hints that of hints that
	// stayed.
	Diverged int `json:"diverged_keys"`
	Hints    int `json:"hints_left"`
}

// A Probe is about the gets that began a given time after a put had been acknowledged
// (plan.Experiment.Probes). A put that failed has no probes.
type Probe struct {
	AfterMS float64 `json:"after_ms"`
	Gets    int     `json:"gets"`   // that were answered
	Fresh   int     `json:"fresh"`  // of these: return the put or a later write
	Behind  [3]int  `json:"behind"` // of these: lack 1, 2, and 3 or more of the puts up to the one that is probed
}

// Add adds the counts of another run, or of several. other does not change.
func (m *Measures) Add(other *Measures) {
	m.Runs += other.Runs
	m.Gets.add(&other.Gets)
	m.Puts.add(&other.Puts)
	m.Dels.add(&other.Dels)
	v, w := &m.Versions, other.Versions
	*v = Versions{v.None + w.None, v.One + w.One, v.Two + w.Two, v.Three + w.Three, v.More + w.More}
	m.Stale.Gets += other.Stale.Gets
	m.Stale.Age.AddAll(&other.Stale.Age.Distribution)
	m.Stale.Behind.AddAll(&other.Stale.Behind)
	m.Availability.Faults.add(other.Availability.Faults)
	m.Availability.Calm.add(other.Availability.Calm)
	for kind, s := range other.Availability.ByFault {
		m.Availability.during(kind, s)
	}
	for what, sent := range other.Traffic {
		m.send(what, sent.Messages, sent.Bytes)
	}
	m.Writes.add(other.Writes.Fates)
	m.FalseConflicts += other.FalseConflicts
	m.Clocks.add(&other.Clocks)
	m.Convergence.add(&other.Convergence)
	for _, p := range other.Probes {
		m.addProbe(p)
	}
}

func (o *Operations) add(other *Operations) {
	o.Asked += other.Asked
	o.OK += other.OK
	o.Refused += other.Refused
	o.Unknown += other.Unknown
	for why, n := range other.Reasons {
		o.because(why, n)
	}
	o.Latency.AddAll(&other.Latency.Distribution)
}

func (o *Operations) because(why string, n int) {
	if o.Reasons == nil {
		o.Reasons = map[string]int{}
	}
	o.Reasons[why] += n
}

func (s *Share) add(o Share) { s.Asked, s.Answered = s.Asked+o.Asked, s.Answered+o.Answered }

func (m *Measures) send(what Mechanism, messages int, bytes int64) {
	if m.Traffic == nil {
		m.Traffic = Traffic{}
	}
	s := m.Traffic[what]
	m.Traffic[what] = Sent{s.Messages + messages, s.Bytes + bytes}
}

func (c *Clocks) add(o *Clocks) {
	c.Pairs.AddAll(&o.Pairs)
	for i, s := range o.Over {
		c.Over[i] = ClockSlice{c.Over[i].Writes + s.Writes, c.Over[i].Sum + s.Sum, max(c.Over[i].Max, s.Max)}
	}
}

func (c *Convergence) add(o *Convergence) {
	c.Alone += o.Alone
	c.Time.AddAll(&o.Time.Distribution)
	c.ByReads += o.ByReads
	c.Never += o.Never
	c.Reads += o.Reads
	c.Diverged += o.Diverged
	c.Hints += o.Hints
}

// addProbe adds a probe to the one with the same time, in the order of times.
func (m *Measures) addProbe(p Probe) {
	for i := range m.Probes {
		if q := &m.Probes[i]; q.AfterMS == p.AfterMS {
			q.Gets, q.Fresh = q.Gets+p.Gets, q.Fresh+p.Fresh
			for j, n := range p.Behind {
				q.Behind[j] += n
			}
			return
		}
	}
	m.Probes = append(m.Probes, p)
}

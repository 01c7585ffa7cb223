package sim

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// Measured is the result of a run, and what was counted in it.
type Measured struct {
	Result
	*measure.Measures
	Looks []Look // by ascending time
}

// A Look tells how far the homes of all keys agreed at a time of a run (Player.Looks).
type Look struct {
	At       time.Duration   // since the start of the run
	Diverged int             // keys of which not all homes held the same versions
	Hints    int             // that nodes kept
	Traffic  measure.Traffic // what was sent so far
}

// Measure plays the run that is drawn from options, and counts what happens in it. It returns an
// error if the options cannot be played (plan.Options.Check); nothing was played then.
//
// Measure depends on its argument alone, uses nothing that other calls use, and changes no global
// state. So it may be called from several goroutines, equal options give equal results, and the run
// is the one that Run plays: measuring changes nothing, neither the trace hash nor the verdict. The
// verdict of the properties is Measured.Verdict; a run that fails is measured as well. A run that
// panics violates Panic, and its measures are those up to the panic.
//
// A run takes milliseconds to seconds of real time, and cannot be interrupted; a Player can.
func Measure(o plan.Options) (Measured, error) {
	if err := o.Check(); err != nil {
		return Measured{}, err
	}
	m, _ := Player{}.Measure(plan.New(o))
	return m, nil
}

// Measure plays a plan that plan.Check accepts, as Play does, and counts what happens in it. It
// returns false if the player gave up.
func (pl Player) Measure(p plan.Plan) (m Measured, ended bool) {
	pl.recorder = measure.NewRecorder(&p)
	pl.looked = &m.Looks
	r, ended := pl.Play(p)
	m.Result, m.Measures = r, pl.recorder.Measures(r.Verdict)
	return m, ended
}

// measured passes on to the recorder what happens in a run.
type measured struct {
	recorder  *measure.Recorder
	judge     *check.Judge
	looks     []time.Duration
	looked    *[]Look
	converged bool
	reads     bool // the checker reads
}

var _ client.Observer = (*measured)(nil)

// Began implements client.Observer.
func (m *measured) Began(op *client.Operation) {
	m.judge.Began(op)
	m.recorder.Began(op)
}

// Ended implements client.Observer.
func (m *measured) Ended(op *client.Operation, r wire.ClientReply) {
	m.judge.Ended(op, r)
	m.recorder.Ended(op, r)
}

// watch returns a watcher that passes events on to the recorder and to another watcher, which may
// be nil.
func (m *measured) watch(other func(event.Event)) func(event.Event) {
	return func(e event.Event) {
		m.recorder.Event(e)
		if other != nil {
			other(e)
		}
	}
}

// scheduleLooks has the homes of all keys compared at the times that the player names.
func (m *measured) scheduleLooks(w *kernel.World) {
	if m == nil {
		return
	}
	for _, at := range m.looks {
		w.At(kernel.Origin+at, func() {
			if !m.reads {
				keys, hints := m.judge.Divergent()
				*m.looked = append(*m.looked, Look{at, keys, hints, m.recorder.Traffic()})
			}
		})
	}
}

// convergedEvery is the time between two looks whether the cluster has converged.
const convergedEvery = 100 * time.Millisecond

// healed looks from now on whether the cluster has converged, until the checker reads.
func (m *measured) healed(w *kernel.World) {
	if m != nil {
		m.look(w, w.Now())
	}
}

func (m *measured) look(w *kernel.World, healed time.Duration) {
	if m.reads {
		return
	}
	if keys, hints := m.judge.Divergent(); keys+hints == 0 {
		m.converged = true
		m.recorder.Converged(w.Now() - healed)
		return
	}
	w.After(convergedEvery, func() { m.look(w, healed) })
}

// reading says that the checker begins to read all keys.
func (m *measured) reading() {
	if m == nil {
		return
	}
	m.reads = true
	if !m.converged {
		keys, _ := m.judge.Divergent()
		m.recorder.Reads(keys)
	}
}

// over says that the cluster has come to rest.
func (m *measured) over() {
	if m != nil {
		m.recorder.Over(m.judge.Divergent())
	}
}

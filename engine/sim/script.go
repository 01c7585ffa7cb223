package sim

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/wire"
)

// A script is a plan as text: settings, then what happens, one thing a line, with the time
// at which it does in seconds. It is written for people, and read back exactly.
// What follows " # " is a remark.

// scriptHead is the first line of a script.
const scriptHead = "ringside sim script 1"

// Limits of what is read.
const (
	maxLine = 1 << 16 // bytes: a partition of MaxNodes nodes still fits
	maxName = 64      // bytes of a key
	// maxTokens bounds the tokens of a node: a ring of MaxNodes nodes and some that join still has room for them.
	maxTokens = 32
	// MaxTime bounds the virtual time of a script: a day.
	MaxTime = 24 * time.Hour
)

// Script writes the plan as text. remarks, if not nil, says something about an operation.
func (p *Plan) Script(remarks func(id uint64) string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(scriptHead)
	line("seed %d", p.Seed)
	line("nodes %d", p.Nodes)
	line("replicas N=%d R=%d W=%d", p.N, p.R, p.W)
	line("mode %s", p.Mode)
	line("quorum %s", p.Quorum)
	if p.Clocks != settings.ClocksDotted {
		line("clocks %s", p.Clocks)
	}
	if p.Truncate > 0 {
		line("truncate %d", p.Truncate)
	}
	if p.AntiEntropy > 0 {
		line("anti-entropy %v", p.AntiEntropy)
	}
	if p.Buffer > 0 {
		line("buffer %d", p.Buffer)
	}
	if p.Ranges > 0 {
		line("ranges %d", p.Ranges)
	}
	if p.Strategy > 0 {
		line("strategy %d T=%d", p.Strategy, p.Tokens)
	}
	if p.Timings != nil {
		line("timings %s", timingsText(*p.Timings))
	}
	if len(p.Odd) > 0 {
		line("odd %s", strings.Join(p.Odd, " "))
	}
	if p.Tombstones > 0 {
		line("tombstones %v", p.Tombstones)
	}
	p.Weather.script(line)
	if p.Expect != (Expect{}) {
		line("expect %s hash %016x", cmp.Or(p.Expect.Property, NoFaults), p.Expect.Hash)
	}
	b.WriteString("\n")
	for _, e := range p.timeline(remarks) {
		line("%s", e)
	}
	return b.String()
}

func (w Weather) script(line func(string, ...any)) {
	tells := "silent"
	if w.Tells {
		tells = "told" // nodes are told of broken connections
	}
	line("weather loss=%g repeat=%g long-delay=%g delay=%v connections=%s", w.Loss, w.Repeat, w.LongDelay, w.Delay, tells)
	for i := range w.Skew {
		line("clock n%d skew=%v drift=%g", i+1, w.Skew[i], w.Drift[i])
	}
	for i, p := range w.FailedSync {
		line("disk n%d failed-sync=%g", i+1, p)
	}
}

// timeline lists operations, strikes and the peace in the order of their times.
func (p *Plan) timeline(remarks func(uint64) string) []string {
	type entry struct {
		at   time.Duration
		text string
	}
	var all []entry
	for _, s := range p.Strikes {
		all = append(all, entry{s.At, "          " + s.words()})
	}
	for _, o := range p.Ops {
		text := fmt.Sprintf("client %-2d ", o.Client) + o.words()
		if remarks != nil {
			if r := remarks(o.ID); r != "" {
				text = fmt.Sprintf("%-52s # %s", text, r)
			}
		}
		all = append(all, entry{o.At, text})
	}
	peace := "          peace"
	if len(p.Core) > 0 {
		peace += " core " + strings.Join(p.Core, ",") + " rest " + p.Rest
	}
	all = append(all, entry{p.Peace, peace})
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = fmt.Sprintf("%12s  %s", seconds(e.at), strings.TrimRight(e.text, " "))
	}
	return out
}

// seconds writes a time as seconds with as many digits as it needs, but four.
func seconds(d time.Duration) string {
	s := fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second)
	for strings.HasSuffix(s, "0") && len(s)-strings.IndexByte(s, '.') > 5 {
		s = s[:len(s)-1]
	}
	return s
}

// contexts are the words for which of its contexts a client uses.
var contextWords = [keptContexts]string{"newest", "older", "oldest"}

func (o Op) words() string {
	s := fmt.Sprintf("%s#%d %s via %s", o.Kind, o.ID, o.Key, o.Via)
	if o.Context != Blind {
		s += " context " + contextWords[o.Context]
	}
	if o.Of != "" {
		s += " of " + o.Of
	}
	if o.R > 0 {
		s += fmt.Sprintf(" R=%d", o.R)
	}
	if o.W > 0 {
		s += fmt.Sprintf(" W=%d", o.W)
	}
	if o.Strict {
		s += " strict"
	}
	if o.Balanced {
		s += " balanced"
	}
	return s
}

func (s Strike) words() string {
	out := s.Kind
	for _, g := range s.Groups {
		out += " " + strings.Join(g, ",")
	}
	if len(s.Nodes) > 0 {
		out += " " + strings.Join(s.Nodes, ">")
	}
	if s.Space != "" {
		out += " " + s.Space
	}
	if s.Amount > 0 || s.Kind == flipKind {
		out += fmt.Sprintf(" x%d", s.Amount)
	}
	if s.For > 0 {
		out += fmt.Sprintf(" for %v", s.For)
	}
	return out
}

// ParseScript reads what Script wrote, or a person changed, and checks it.
func ParseScript(r io.Reader) (Plan, error) {
	p := Plan{Weather: Weather{Delay: usualDelay}, Mode: settings.ModeSiblings, Quorum: Sloppy, Clocks: settings.ClocksDotted}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), " # ")
		if n == 1 && strings.TrimSpace(text) != scriptHead {
			return p, fmt.Errorf("read script: the first line is not %q", scriptHead)
		}
		words := strings.Fields(text)
		if n == 1 || len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.parseLine(words); err != nil {
			return p, fmt.Errorf("read script: line %d: %w", n, err)
		}
	}
	if err := in.Err(); err != nil {
		return p, fmt.Errorf("read script: %w", err)
	}
	byAt := func(a, b time.Duration) int { return cmp.Compare(a, b) }
	slices.SortStableFunc(p.Ops, func(a, b Op) int { return byAt(a.At, b.At) })
	slices.SortStableFunc(p.Strikes, func(a, b Strike) int { return byAt(a.At, b.At) })
	if err := p.Check(); err != nil {
		return p, fmt.Errorf("read script: %w", err)
	}
	return p, nil
}

func (p *Plan) parseLine(words []string) error {
	if c := words[0][0]; c >= '0' && c <= '9' {
		at, err := parseSeconds(words[0])
		if err != nil {
			return err
		}
		return p.parseEvent(at, words[1:])
	}
	f := fields(words[1:])
	switch words[0] {
	case "seed":
		p.Seed = f.unsigned(0)
	case "nodes":
		p.Nodes = f.number(0, 1, MaxNodes)
	case "replicas":
		p.N, p.R, p.W = f.named("N", MaxNodes), f.named("R", MaxNodes), f.named("W", MaxNodes)
	case "mode":
		p.Mode = f.word(0)
	case "clocks":
		p.Clocks = f.word(0)
	case "truncate":
		p.Truncate = f.number(0, 1, wire.MaxClock)
	case "quorum":
		p.Quorum = f.word(0)
	case "anti-entropy":
		every, err := time.ParseDuration(f.word(0))
		if p.AntiEntropy = every; err != nil || every < minAntiEntropy || every > MaxTime {
			f.fail("anti-entropy %q: want %v to %v", f.word(0), minAntiEntropy, MaxTime)
		}
	case "buffer":
		p.Buffer = f.number(0, 1, MaxBuffer)
	case "ranges":
		p.Ranges = f.number(0, 1, ring.DefaultQ)
	case "strategy":
		p.Strategy = ring.Strategy(f.number(0, int(ring.TokensRandom), int(ring.TokensOverPartitions)))
		p.Tokens = f.named("T", maxTokens)
	case "timings":
		p.Timings = parseTimings(&f)
	case "odd":
		p.Odd = f.words
	case "tombstones":
		grace, err := time.ParseDuration(f.word(0))
		if p.Tombstones = grace; err != nil || grace < minTombstones || grace > MaxTime {
			f.fail("tombstones %q: want %v to %v", f.word(0), minTombstones, MaxTime)
		}
	case "expect":
		return p.parseExpect(words[1:])
	case "weather":
		p.Weather.Loss, p.Weather.Repeat, p.Weather.LongDelay = f.rate("loss"), f.rate("repeat"), f.rate("long-delay")
		p.Weather.Delay, p.Weather.Tells = f.duration("delay"), f.value("connections") == "told"
	case "clock":
		p.Weather.Skew = append(p.Weather.Skew, f.duration("skew"))
		p.Weather.Drift = append(p.Weather.Drift, f.rate("drift"))
		f.count("clock", len(p.Weather.Skew))
	case "disk":
		p.Weather.FailedSync = append(p.Weather.FailedSync, f.rate("failed-sync"))
		f.count("disk", len(p.Weather.FailedSync))
	default:
		return fmt.Errorf("no setting %q", words[0])
	}
	return f.err
}

func (p *Plan) parseExpect(words []string) error {
	if len(words) != 3 || words[1] != "hash" {
		return errors.New("want expect PROPERTY hash HEX")
	}
	hash, err := strconv.ParseUint(words[2], 16, 64)
	p.Expect = Expect{Property: words[0], Hash: hash}
	if words[0] == NoFaults {
		p.Expect.Property = ""
	}
	return err
}

func parseSeconds(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s + "s")
	if err == nil && (d < 0 || d > MaxTime) {
		err = fmt.Errorf("%s is outside of a day", s)
	}
	return d, err
}

func (p *Plan) parseEvent(at time.Duration, words []string) error {
	if len(words) == 0 {
		return errors.New("a time, and nothing that happens")
	}
	switch words[0] {
	case "client":
		return p.parseOp(at, words[1:])
	case "peace":
		return p.parsePeace(at, words[1:])
	}
	return p.parseStrike(at, words)
}

func (p *Plan) parsePeace(at time.Duration, words []string) error {
	p.Peace = at
	if len(words) == 0 {
		return nil
	}
	if len(words) != 4 || words[0] != "core" || words[2] != "rest" {
		return errors.New("want peace core NODES rest STATE")
	}
	p.Core, p.Rest = strings.Split(words[1], ","), words[3]
	return nil
}

func (p *Plan) parseOp(at time.Duration, words []string) error {
	if len(words) < 5 || words[3] != "via" {
		return errors.New("want client NUMBER get#ID KEY via NODE")
	}
	o := Op{At: at, Key: words[2], Via: words[4], Context: Blind}
	f := fields(words)
	o.Client = f.number(0, 1, MaxOps)
	kind, id, _ := strings.Cut(words[1], "#")
	o.Kind, o.ID = kind, uint64(fields([]string{id}).into(&f, 1, MaxOps))
	for rest := words[5:]; len(rest) > 0 && f.err == nil; rest = rest[1:] {
		switch w := rest[0]; {
		case w == "strict":
			o.Strict = true
		case w == "balanced":
			o.Balanced = true
		case w == "context" && len(rest) > 1 && slices.Contains(contextWords[:], rest[1]):
			o.Context = slices.Index(contextWords[:], rest[1])
			rest = rest[1:]
		case w == "of" && len(rest) > 1:
			o.Of = rest[1]
			rest = rest[1:]
		case strings.HasPrefix(w, "R="):
			o.R = f.named("R", MaxNodes)
		case strings.HasPrefix(w, "W="):
			o.W = f.named("W", MaxNodes)
		default:
			return fmt.Errorf("%q means nothing here", w)
		}
	}
	p.Ops = append(p.Ops, o)
	return f.err
}

func (p *Plan) parseStrike(at time.Duration, words []string) error {
	s := Strike{At: at, Kind: words[0]}
	k := kindOf(s.Kind)
	if k == nil {
		return fmt.Errorf("no fault %q happens at a time", s.Kind)
	}
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		var err error
		switch w := rest[0]; {
		case w == "for" && len(rest) > 1:
			s.For, err = time.ParseDuration(rest[1])
			rest = rest[1:]
		case len(w) > 1 && w[0] == 'x' && w[1] >= '0' && w[1] <= '9':
			s.Amount, err = strconv.Atoi(w[1:])
		case spaces[w] != 0 && s.Kind == flipKind:
			s.Space = w
		case s.Kind == partitionKind || s.Kind == oneWayKind:
			s.Groups = append(s.Groups, strings.Split(w, ","))
		default:
			s.Nodes = append(s.Nodes, strings.Split(w, ">")...)
		}
		if err != nil {
			return err
		}
	}
	p.Strikes = append(p.Strikes, s)
	return nil
}

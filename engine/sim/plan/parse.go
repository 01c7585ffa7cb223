package plan

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

// Limits of scripts that are read.
const (
	maxLine = 1 << 16 // bytes; a split of MaxNodes nodes still fits
	maxName = 64      // bytes of a key
	// MaxTokens bounds the tokens of a node. A ring of MaxNodes nodes and some that join still has
	// room for that many.
	MaxTokens = 32
)

// ParseScript reads a script and checks the plan.
func ParseScript(r io.Reader) (Plan, error) {
	p := Plan{Conditions: Conditions{Delay: UsualDelay}}
	p.Mode, p.Quorum, p.Clocks.Kind = settings.ModeSiblings, Sloppy, settings.ClocksDotted
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), " # ")
		if n == 1 && strings.TrimSpace(text) != ScriptHead {
			return p, fmt.Errorf("read script: the first line is not %q", ScriptHead)
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
	slices.SortStableFunc(p.Ops, func(a, b Op) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(p.Faults, func(a, b Injection) int { return cmp.Compare(a.At, b.At) })
	if err := p.Check(); err != nil {
		return p, fmt.Errorf("read script: %w", err)
	}
	return p, nil
}

func (p *Plan) parseLine(words []string) error {
	name, f := words[0], fields{words: words[1:]}
	if name[0] >= '0' && name[0] <= '9' {
		at, err := parseSeconds(name)
		if err != nil {
			return err
		}
		return p.parseEvent(at, words[1:])
	}
	switch name {
	case "seed":
		p.Seed = f.unsigned(0)
	case "expect":
		p.parseExpect(&f)
	case "weather", "clock", "disk":
		p.Conditions.parse(name, &f)
	default:
		if !p.Cluster.parse(name, &f) {
			return fmt.Errorf("no setting %q", name)
		}
	}
	return f.err
}

// parse reads one setting of the cluster, and reports whether there is such a setting.
func (c *Cluster) parse(name string, f *fields) bool {
	switch name {
	case "nodes":
		c.Nodes = f.number(0, 1, MaxNodes)
	case "replicas":
		c.N, c.R, c.W = f.named("N", MaxNodes), f.named("R", MaxNodes), f.named("W", MaxNodes)
	case "mode":
		c.Mode = f.word(0)
	case "clocks":
		c.Clocks.Kind = f.word(0)
	case "truncate":
		c.Clocks.Truncate = f.number(0, 1, wire.MaxClock)
	case "quorum":
		c.Quorum = f.word(0)
	case "anti-entropy":
		c.AntiEntropy = f.between(0, minAntiEntropy, MaxTime)
	case "buffer":
		c.Buffer = f.number(0, 1, MaxBuffer)
	case "ranges":
		c.Ranges = f.number(0, 1, ring.DefaultQ)
	case "strategy":
		c.Strategy = ring.Strategy(f.number(0, int(ring.TokensRandom), int(ring.TokensOverPartitions)))
		c.Tokens = f.named("T", MaxTokens)
	case "timings":
		c.Timings = parseTimings(f)
	case "odd":
		c.Buggify = f.words
	case "tombstones":
		c.Tombstones = f.between(0, MinTombstones, MaxTime)
	case "legs":
		legs, err := ParseLegs(f.word(0))
		if err != nil {
			f.fail("%w", err)
		}
		c.Legs = legs
	case "disk-rate":
		c.DiskRate = f.number(0, 1, MaxDiskRate)
	case "value-bytes":
		c.ValueBytes = f.number(0, 1, MaxValueBytes)
	case "off":
		c.parseOff(f)
	default:
		return false
	}
	return true
}

func (c *Cluster) parseOff(f *fields) {
	for _, w := range f.words {
		all := mechanisms(&c.Off)
		i := slices.IndexFunc(all, func(m mechanism) bool { return m.name == w })
		if i < 0 {
			f.fail("mechanism %q cannot be off", w)
			return
		}
		*all[i].off = true
	}
}

// parse reads one line of conditions. The lines of nodes come in the order of the nodes.
func (c *Conditions) parse(name string, f *fields) {
	switch name {
	case "weather":
		c.Loss, c.Repeat, c.LongDelay = f.rate("loss"), f.rate("repeat"), f.rate("long-delay")
		c.Delay, c.Notices = f.duration("delay"), f.value("connections") == "told"
	case "clock":
		c.Skew = append(c.Skew, f.duration("skew"))
		c.Drift = append(c.Drift, f.rate("drift"))
		f.isNode(name, len(c.Skew))
	case "disk":
		c.FailedSync = append(c.FailedSync, f.rate("failed-sync"))
		f.isNode(name, len(c.FailedSync))
	}
}

func (p *Plan) parseExpect(f *fields) {
	if len(f.words) != 3 || f.words[1] != "hash" {
		f.fail("want expect PROPERTY hash HEX")
		return
	}
	hash, err := strconv.ParseUint(f.words[2], 16, 64)
	if err != nil {
		f.fail("expect: %w", err)
	}
	p.Expect = Expect{Property: f.words[0], Hash: hash}
	if f.words[0] == NoFaults {
		p.Expect.Property = ""
	}
}

func parseSeconds(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s + "s")
	if err == nil && (d < 0 || d > MaxTime) {
		err = fmt.Errorf("time %s: want 0 to %v", s, MaxTime)
	}
	return d, err
}

func (p *Plan) parseEvent(at time.Duration, words []string) error {
	if len(words) == 0 {
		return errors.New("a time without an event")
	}
	switch words[0] {
	case "client":
		return p.parseOp(at, words[1:])
	case "peace":
		return p.parseHeal(at, words[1:])
	}
	return p.parseFault(at, words)
}

func (p *Plan) parseHeal(at time.Duration, words []string) error {
	p.HealAt = at
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
	f := fields{words: words}
	o.Client = f.number(0, 1, MaxOps)
	kind, id, _ := strings.Cut(words[1], "#")
	o.Kind, o.ID = kind, uint64(f.parseNumber(id, 1, MaxOps))
	for rest := words[5:]; len(rest) > 0 && f.err == nil; rest = rest[1:] {
		switch w := rest[0]; {
		case w == "strict":
			o.Strict = true
		case w == "balanced":
			o.Balanced = true
		case w == "context" && len(rest) > 1 && slices.Contains(contextWords[:], rest[1]):
			o.Context = slices.Index(contextWords[:], rest[1])
			rest = rest[1:]
		case w == "context" && len(rest) > 1 && rest[1][0] == '#':
			o.From = uint64(f.parseNumber(rest[1][1:], 1, MaxOps))
			rest = rest[1:]
		case w == "of" && len(rest) > 1:
			o.Of = rest[1]
			rest = rest[1:]
		case w == "after" && len(rest) > 3 && rest[1][0] == '#' && rest[2] == "pause":
			o.After = uint64(f.parseNumber(rest[1][1:], 1, MaxOps))
			o.Pause = f.between(len(words)-len(rest)+3, 0, MaxTime)
			rest = rest[3:]
		case strings.HasPrefix(w, "R="):
			o.R = f.named("R", MaxNodes)
		case strings.HasPrefix(w, "W="):
			o.W = f.named("W", MaxNodes)
		case strings.HasPrefix(w, "primaries="):
			o.Primaries = f.named("primaries", MaxNodes)
		default:
			return fmt.Errorf("unknown word %q", w)
		}
	}
	p.Ops = append(p.Ops, o)
	return f.err
}

func (p *Plan) parseFault(at time.Duration, words []string) error {
	in, err := ParseInjection(at, words)
	if err != nil {
		return err
	}
	p.Faults = append(p.Faults, in)
	return nil
}

// ParseInjection reads what Injection.String writes, split into words, of which there is at least
// one. It does not check the names of nodes.
func ParseInjection(at time.Duration, words []string) (Injection, error) {
	in := Injection{At: at, Kind: words[0]}
	if !Injectable(in.Kind) {
		return in, fmt.Errorf("no fault %q that happens at a time", in.Kind)
	}
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		var err error
		switch w := rest[0]; {
		case w == "for" && len(rest) > 1:
			in.For, err = time.ParseDuration(rest[1])
			rest = rest[1:]
		case in.Kind == Drop && w[0] == '#':
			in.Amount, err = strconv.Atoi(w[1:])
		case len(w) > 1 && w[0] == 'x' && w[1] >= '0' && w[1] <= '9':
			in.Amount, err = strconv.Atoi(w[1:])
		case Spaces[w] != 0 && in.Kind == Flip:
			in.Space = w
		case in.Kind == Split || in.Kind == OneWay:
			in.Groups = append(in.Groups, strings.Split(w, ","))
		default:
			in.Nodes = append(in.Nodes, strings.Split(w, ">")...)
		}
		if err != nil {
			return in, err
		}
	}
	return in, nil
}

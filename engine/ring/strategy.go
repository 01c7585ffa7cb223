package ring

// §6.2 Ensuring uniform load distribution: the three strategies. Where the paper distributes tokens
// at random, this package takes hashes of names, so that all nodes compute the same ring.

import (
	"crypto/md5"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// randomTokens returns t tokens for each unit of weight of each member, at positions hashed from
// the names (strategies 1 and 2).
func randomTokens(members []Member, t int) []Token {
	var out []Token
	for _, m := range members {
		for i := range t * m.Weight {
			out = append(out, Token{At: tokenHash(m.Name, i), Node: m.Name})
		}
	}
	slices.SortFunc(out, func(a, b Token) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Node, b.Node)
	})
	return out
}

// tokenHash returns the position of the i-th token of node. Any separator would do. With this one
// the homes of "cart" among n1 to n5 are n3, n4 and n5, as in all examples. A large ring needs
// millions of these hashes.
func tokenHash(node string, i int) Position {
	return md5.Sum(strconv.AppendInt(append(append(make([]byte, 0, 64), node...), '!'), int64(i), 10))
}

// cutByTokens returns a range for each gap between neighbouring tokens (strategy 1).
func cutByTokens(tokens []Token) []Range {
	out := make([]Range, len(tokens))
	for i, t := range tokens {
		prev := tokens[(i+len(tokens)-1)%len(tokens)]
		out[i] = Range{Start: prev.At, End: t.At, token: i}
	}
	return out
}

// cutEqually returns q ranges of equal size. token returns the index of the token at which the
// preference list of the range that ends at end begins.
func cutEqually(q int, token func(end Position) int) []Range {
	out := make([]Range, q)
	for i := range out {
		end := equalPosition(i, q)
		out[i] = Range{Start: equalPosition((i+q-1)%q, q), End: end, token: token(end)}
	}
	return out
}

// equalPosition returns the end of the i-th of q equal partitions: (i+1)·2¹²⁸/q − 1.
func equalPosition(i, q int) Position {
	x := new(big.Int).Lsh(big.NewInt(int64(i+1)), 128)
	x.Div(x, big.NewInt(int64(q)))
	x.Sub(x, big.NewInt(1))
	var p Position
	x.FillBytes(p[:])
	return p
}

// firstToken returns the index of the first token at p or clockwise after p.
func firstToken(tokens []Token, p Position) int {
	i := sort.Search(len(tokens), func(i int) bool { return tokens[i].At.Compare(p) >= 0 })
	return i % len(tokens)
}

// A deal says which member owns which partition under strategy 3. A token is at the end of each
// partition. A member that joins takes its share of tokens from the members that have the most. The
// tokens of a member that leaves go to the others.
type deal struct {
	owner   []int    // partition → index in members
	members []Member // all that ever joined
	held    []int    // tokens of each of members
	gone    []bool   // whether each of members left
	weight  int      // sum of the weights of the members that did not leave
	there   int      // number of the members that did not leave
}

// after returns the deal to which steps lead from d, which may be nil. It does not change d.
func (d *deal) after(q int, steps []Step) *deal {
	next := &deal{owner: make([]int, q)}
	if d != nil {
		next = &deal{
			owner: slices.Clone(d.owner), members: slices.Clone(d.members),
			held: slices.Clone(d.held), gone: slices.Clone(d.gone),
			weight: d.weight, there: d.there,
		}
	}
	for _, s := range steps {
		if s.Leave {
			next.leave(s.Name)
		} else {
			next.join(s.Member)
		}
	}
	return next
}

// tokens returns one token for each partition, at its end.
func (d *deal) tokens() []Token {
	out := make([]Token, len(d.owner))
	for p, i := range d.owner {
		out[p] = Token{At: equalPosition(p, len(d.owner)), Node: d.members[i].Name}
	}
	return out
}

// join gives m tokens until m has its share, always one of the member with the most tokens for its
// weight. Which of its partitions goes follows from a hash of the names.
func (d *deal) join(m Member) {
	me := len(d.members)
	d.members, d.held, d.gone = append(d.members, m), append(d.held, 0), append(d.gone, false)
	d.weight, d.there = d.weight+m.Weight, d.there+1
	if d.there == 1 {
		clear(d.held)
		for p := range d.owner {
			d.owner[p] = me
		}
		d.held[me] = len(d.owner)
		return
	}
	byOwner := make([][]int, me)
	for _, p := range shuffled(m.Name, len(d.owner)) {
		byOwner[d.owner[p]] = append(byOwner[d.owner[p]], p)
	}
	for share := max(1, len(d.owner)*m.Weight/d.weight); d.held[me] < share; {
		v := d.richest(me)
		if v < 0 {
			break // no member gives away its last token, however heavy m is
		}
		p := byOwner[v][0]
		byOwner[v] = byOwner[v][1:]
		d.give(p, me)
	}
}

// leave gives each token of name to the member with the fewest tokens for its weight ("its tokens
// are randomly distributed to the remaining nodes such that these properties are preserved").
func (d *deal) leave(name string) {
	me := -1
	for i, m := range d.members {
		if m.Name == name && !d.gone[i] {
			me = i
		}
	}
	d.gone[me] = true
	d.weight, d.there = d.weight-d.members[me].Weight, d.there-1
	if d.there == 0 {
		return
	}
	for _, p := range shuffled(name, len(d.owner)) {
		if d.owner[p] == me {
			d.give(p, d.poorest(p))
		}
	}
}

// give makes the member with index to the owner of partition p.
func (d *deal) give(p, to int) {
	d.held[d.owner[p]]--
	d.owner[p] = to
	d.held[to]++
}

// richest returns the index of the member, other than me, that has the most tokens for its weight
// and at least two, -1 if there is none. Each member keeps a token, because Q is at least the
// number of members.
func (d *deal) richest(me int) int {
	best := -1
	for i := range d.members {
		if i == me || d.held[i] < 2 {
			continue
		}
		if best < 0 || d.held[i]*d.members[best].Weight > d.held[best]*d.members[i].Weight {
			best = i
		}
	}
	return best
}

// poorest returns the index of the member that has the fewest tokens for its weight. Between equal
// members a hash of their names and of partition p decides.
func (d *deal) poorest(p int) int {
	best := -1
	for i, m := range d.members {
		if d.gone[i] {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		mine, theirs := d.held[i]*d.members[best].Weight, d.held[best]*m.Weight
		if mine < theirs || mine == theirs && tokenHash(m.Name, p).Compare(tokenHash(d.members[best].Name, p)) < 0 {
			best = i
		}
	}
	return best
}

// shuffled returns the numbers 0 to q-1 in an order that follows from a hash of name.
func shuffled(name string, q int) []int {
	hash := make([]Position, q)
	out := make([]int, q)
	for p := range out {
		hash[p], out[p] = tokenHash(name, p), p
	}
	slices.SortFunc(out, func(a, b int) int { return hash[a].Compare(hash[b]) })
	return out
}

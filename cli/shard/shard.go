package shard

import (
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ringside/engine/usage"
	"ringside/localcluster/buildinfo"
)

const (
	// maxShards bounds the shards of a job.
	maxShards = 1_000_000
	// maxUnits bounds the units that a file may announce. It is more than any command allows.
	maxUnits = 1_000_000_000
)

// A Shard is part I of K of a job: the units whose number is I-1 modulo K. The zero Shard is the
// whole job.
type Shard struct{ I, K int }

// Parse reads a shard that is written as I/K.
func Parse(text string) (Shard, error) {
	left, right, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(left)
	k, err2 := strconv.Atoi(right)
	if !ok || err != nil || err2 != nil || i < 1 || k < i || k > maxShards {
		return Shard{}, usage.Errorf("want I/K, such as 1/4: part I of K parts")
	}
	return Shard{i, k}, nil
}

// Has reports whether a unit belongs to the shard. The first unit of a job is unit 0.
func (s Shard) Has(unit int) bool { return s.K == 0 || unit%s.K == s.I-1 }

// Unit returns the unit that is the n-th of the shard. n is 0 for the first one.
func (s Shard) Unit(n int) int {
	if s.K == 0 {
		return n
	}
	return s.I - 1 + n*s.K
}

// Count returns how many of the units of a job belong to the shard.
func (s Shard) Count(units int) int {
	if s.K == 0 {
		return units
	}
	return max(0, (units-s.I+s.K)/s.K)
}

// Header returns the header of the shard's file. units are those of the whole job.
func (s Shard) Header(units int) Header {
	return Header{Commit: Commit(), Shard: s.I, Shards: s.K, All: units}
}

// A Header is the part of a shard's file that does not depend on the kind of the job.
type Header struct {
	Commit string `json:"commit"` // "" if it is unknown
	Shard  int    `json:"shard"`  // of Shards; 0: it is the whole job
	Shards int    `json:"shards"`
	All    int    `json:"all"` // units of the whole job
}

// Head implements Content for a type that embeds a Header.
func (h Header) Head() Header { return h }

// Part returns the shard that the file is of.
func (h Header) Part() Shard { return Shard{h.Shard, h.Shards} }

// Commit names the source of the running binary; "" if it is unknown.
func Commit() string { return buildinfo.Commit() }

// Content is what the file of a shard contains.
type Content interface {
	Head() Header
	// Job returns what the files of all shards of a job have in common.
	Job() []Property
}

// A Property is a property of a job. Name is a noun for messages.
type Property struct {
	Name  string
	Value any
}

// A File is the file of a shard.
type File[C Content] struct {
	Name    string
	Content C
}

// Read reads the files of all shards of one job, in the order of their shards. files are readers by
// name. A usage error names the file that is missing, doubled, of another job or of another commit.
// The commit must also be that of the running binary, because another version may add up the shards
// in another way.
func Read[C Content](files map[string]io.Reader) ([]File[C], error) {
	var first *File[C]
	by := map[int]File[C]{} // file by shard
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := readFile[C](name, files[name])
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = &f
		}
		if err := f.belongsTo(first); err != nil {
			return nil, err
		}
		i := f.Content.Head().Shard
		if other, ok := by[i]; ok {
			return nil, usage.Errorf("%s and %s are both shard %d; give each shard once", other.Name, name, i)
		}
		by[i] = f
	}
	if first == nil {
		return nil, usage.Errorf("--merge needs the files of all shards")
	}
	h := first.Content.Head()
	if h.Commit != Commit() {
		return nil, usage.Errorf("%s is of commit %s and this ringside is of commit %s; merge with the ringside that "+
			"did the shards", first.Name, known(h.Commit), known(Commit()))
	}
	out := make([]File[C], 0, len(by))
	for i := range h.Shards {
		f, ok := by[i+1]
		if !ok {
			return nil, usage.Errorf("shard %d of %d is missing; %s is one of the others", i+1, h.Shards, first.Name)
		}
		out = append(out, f)
	}
	return out, nil
}

// known returns a commit for a message.
func known(commit string) string {
	if commit == "" {
		return "unknown"
	}
	return commit
}

// readFile reads one file, which must not have anything that a C does not have.
func readFile[C Content](name string, r io.Reader) (File[C], error) {
	f := File[C]{Name: name}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&f.Content); err != nil {
		return f, usage.Errorf("%s is not the file of a shard: %w", name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return f, usage.Errorf("%s has more than the file of one shard; give each file by itself", name)
	}
	h := f.Content.Head()
	if h.Shards < 1 || h.Shards > maxShards || h.Shard < 1 || h.Shard > h.Shards || h.All < 0 || h.All > maxUnits {
		return f, usage.Errorf("%s is not the file of a shard: the file says shard %d of %d", name, h.Shard, h.Shards)
	}
	return f, nil
}

// belongsTo returns a usage error if the files are not of one job.
func (f *File[C]) belongsTo(first *File[C]) error {
	properties := func(c C) []Property {
		h := c.Head()
		return append([]Property{{"commit", h.Commit}, {"number of shards", h.Shards}, {"number of units", h.All}},
			c.Job()...)
	}
	ours := properties(first.Content)
	for i, this := range properties(f.Content) {
		if !reflect.DeepEqual(ours[i].Value, this.Value) {
			return usage.Errorf("%s and %s differ in the %s: %v and %v", first.Name, f.Name, this.Name, ours[i].Value,
				this.Value)
		}
	}
	return nil
}

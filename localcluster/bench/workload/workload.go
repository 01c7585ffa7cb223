package workload

import "math/rand/v2"

// zipfExponent is the exponent of the Zipf distribution. The first of 10,000 keys gets about a
// seventh of the requests.
const zipfExponent = 1.1

// A Keys draws keys of one client. It is for one goroutine.
type Keys struct {
	r      *rand.Rand
	zipf   *rand.Zipf // nil: uniformly
	own    int        // the number of the client's keys
	first  int        // the first of them
	stride int        // between two of them
}

// New returns the keys of a client, 0 to clients-1. They are numbers from 0 to keys-1, and keys is
// at least clients. Equal arguments give equal draws.
func New(keys, client, clients int, zipf bool) *Keys {
	k := &Keys{r: rand.New(rand.NewPCG(uint64(client), uint64(clients))), first: client, stride: clients,
		own: (keys - client + clients - 1) / clients}
	if zipf {
		k.zipf = rand.NewZipf(k.r, zipfExponent, 1, uint64(k.own-1))
	}
	return k
}

// Next returns the next key.
func (k *Keys) Next() int {
	if k.zipf != nil {
		return k.first + k.stride*int(k.zipf.Uint64())
	}
	return k.first + k.stride*k.r.IntN(k.own)
}

// Chance returns true with the probability p.
func (k *Keys) Chance(p float64) bool { return k.r.Float64() < p }

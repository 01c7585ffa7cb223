package kv

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/wire"
)

// statsWindow is the time that the numbers of the last minute cover, in seconds.
const statsWindow = 60

// stats are the numbers of /stats.
type stats struct {
	gets, puts           meter
	vnodeGets, vnodePuts meter // replicas that answered
	siblings, size       meter // of the objects that were read
	connects             meter // to the protocol-buffers door
	connections          atomic.Int64
	repairs              meter // replicas that a get found stale, as coordinator
}

// A meter counts, and sums up a quantity, over statsWindow and over all time.
type meter struct {
	mu      sync.Mutex
	count   int64 // ever
	seconds [statsWindow]second
}

// A second has the counts of one second.
type second struct{ at, count, sum int64 }

// add counts n events that sum up to sum.
func (m *meter) add(n, sum int64) {
	now := time.Now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count += n
	s := &m.seconds[now%statsWindow]
	if s.at != now {
		*s = second{at: now}
	}
	s.count += n
	s.sum += sum
}

// began counts a request. The function that it returns counts its end, with its time in
// microseconds.
func (m *meter) began() func() {
	start := time.Now()
	return func() { m.add(1, time.Since(start).Microseconds()) }
}

// read returns the count of the last minute, the mean of its quantity, and the count ever.
func (m *meter) read() (count, mean, ever int64) {
	now := time.Now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	var sum int64
	for _, s := range m.seconds {
		if now-s.at < statsWindow {
			count, sum = count+s.count, sum+s.sum
		}
	}
	if count > 0 {
		mean = sum / count
	}
	return count, mean, m.count
}

// read counts an object that was read.
func (s *stats) read(reply wire.GetReply, o Object) {
	s.vnodeGets.add(int64(len(reply.Replied)), 0)
	if len(o.Contents) > 0 {
		bytes := 0
		for _, c := range o.Contents {
			bytes += len(c.Value)
		}
		s.siblings.add(1, int64(len(o.Contents)))
		s.size.add(1, int64(bytes))
	}
}

// wrote counts a write.
func (s *stats) wrote(reply wire.PutReply) { s.vnodePuts.add(int64(len(reply.Acks)), 0) }

// Connected counts a connection to the protocol-buffers door. The function that it returns counts
// its end.
func (s *Store) Connected() (ended func()) {
	s.stats.connections.Add(1)
	s.stats.connects.add(1, 0)
	return func() { s.stats.connections.Add(-1) }
}

// ReadRepaired counts a stale replica to which the node sent newer versions.
func (s *Store) ReadRepaired() { s.stats.repairs.add(1, 0) }

// Stats returns numbers and texts by the names of Riak's /stats. Numbers that ringside does not
// have are missing.
func (s *Store) Stats() map[string]any {
	set := s.cluster.Settings()
	r := s.rings.of(set)
	out := map[string]any{
		"nodename": NodeName(s.node), "storage_backend": "ringside", "riak_kv_version": ServerVersion,
		"riak_core_version": ServerVersion, "sys_otp_release": runtime.Version(), // what the node runs on
		"ring_num_partitions": len(r.Ranges()), "ring_creation_size": len(r.Ranges()), "cpu_nprocs": runtime.NumCPU(),
		"pbc_active": s.stats.connections.Load(),
	}
	members, others := []string{}, []string{}
	for _, m := range r.Members() {
		members = append(members, NodeName(m.Name))
		if m.Name != s.node {
			others = append(others, NodeName(m.Name))
		}
	}
	out["ring_members"], out["connected_nodes"] = members, others
	counts := func(name string, m *meter) { out[name], _, out[name+"_total"] = m.read() }
	counts("node_gets", &s.stats.gets)
	counts("node_puts", &s.stats.puts)
	counts("vnode_gets", &s.stats.vnodeGets)
	counts("vnode_puts", &s.stats.vnodePuts)
	counts("pbc_connects", &s.stats.connects)
	counts("read_repairs", &s.stats.repairs)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out["mem_total"], out["mem_allocated"] = mem.Sys, mem.Alloc
	for name, m := range map[string]*meter{
		"node_get_fsm_time_mean": &s.stats.gets, "node_put_fsm_time_mean": &s.stats.puts,
		"node_get_fsm_siblings_mean": &s.stats.siblings, "node_get_fsm_objsize_mean": &s.stats.size,
	} {
		_, out[name], _ = m.read()
	}
	return out
}

// ServerVersion is the version of Riak that the doors show.
const ServerVersion = "3.2.0"

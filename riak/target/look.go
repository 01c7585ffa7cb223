package target

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"ringside/engine/usage"
	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// A Home is one vnode of a key's preference list.
type Home struct {
	Partition int64
	Node      string
	Primary   bool
}

// Homes returns the preference list of a key.
func (c *Cluster) Homes(ctx context.Context, key []byte) ([]Home, error) {
	n, err := c.Address().object(key)
	if err != nil {
		return nil, err
	}
	resp := &rpb.PreflistResp{}
	_, err = c.client.do(ctx, "", exchange{code: rpb.CodePreflistReq, reply: rpb.CodePreflistResp, again: true,
		body: &rpb.PreflistReq{Bucket: []byte(n.Bucket), Key: []byte(n.Key), Type: typeField(n.Type)}, take: into(resp)})
	out := make([]Home, len(resp.Preflist))
	for i, p := range resp.Preflist {
		out[i] = Home{Partition: p.GetPartition(), Node: string(p.GetNode()), Primary: p.GetPrimary()}
	}
	return out, err
}

// Keys calls fn with each key that begins with prefix, in any order. Without a type and a bucket in
// prefix, the keys are those of the target's bucket. Riak reads all keys of a bucket for that.
func (c *Cluster) Keys(ctx context.Context, via string, prefix []byte, fn func(key []byte) error) error {
	n, lead := kv.Name{Type: c.Address().Type, Bucket: c.Address().Bucket, Key: string(prefix)}, ""
	if strings.HasPrefix(string(prefix), keyPrefix) {
		var ok bool
		if n, ok = kv.ParseKey(prefix); !ok || n.Type == "" || n.Bucket == "" {
			return usage.Errorf("keys: '%s' names no bucket; want riak:TYPE/BUCKET/ and the beginning of a key",
				shown(string(prefix)))
		}
		lead = strings.TrimSuffix(string(prefix), n.Key)
	}
	_, err := c.client.do(ctx, via, exchange{code: rpb.CodeListKeysReq, reply: rpb.CodeListKeysResp,
		body: &rpb.ListKeysReq{Bucket: []byte(n.Bucket), Type: typeField(n.Type), Timeout: c.client.limit()},
		take: func(body []byte) (bool, error) {
			resp := &rpb.ListKeysResp{}
			if _, err := into(resp)(body); err != nil {
				return false, err
			}
			for _, k := range resp.Key {
				if !strings.HasPrefix(string(k), n.Key) {
					continue
				}
				if err := fn(append([]byte(lead), k...)); err != nil {
					return false, err
				}
			}
			return !resp.GetDone(), nil
		}})
	return err
}

// A Node is what one host of the target says of itself.
type Node struct {
	Addr    string
	Name    string // of Riak's node; "" if it has not answered yet
	Short   string // its part before the @, if no other node has the same, and Name otherwise
	Version string
	Took    time.Duration
	Err     error // why the host does not answer
}

// Nodes asks each host, all at once. Each host has the time limit to answer, or that of a request
// if limit is 0. Nodes returns *Unreachable if no host answers.
func (c *Cluster) Nodes(ctx context.Context, limit time.Duration) ([]Node, error) {
	out := make([]Node, len(c.client.hosts))
	var all sync.WaitGroup
	for i, h := range c.client.hosts {
		all.Go(func() {
			start := time.Now()
			info, err := c.client.info(ctx, h, limit)
			out[i] = Node{Addr: h.addr, Name: c.client.nameOf(h), Version: string(info.GetServerVersion()),
				Took: time.Since(start), Err: err}
		})
	}
	all.Wait()
	shorten(out)
	none := &Unreachable{Target: c.Address().String()}
	for _, n := range out {
		if n.Err == nil {
			return out, nil
		}
		var one *Unreachable
		if errors.As(n.Err, &one) {
			none.Causes = append(none.Causes, one.Causes...)
		} else {
			none.Causes = append(none.Causes, n.Err)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, none
}

// shorten sets the short names.
func shorten(nodes []Node) {
	count := map[string]int{}
	for _, n := range nodes {
		short, _, _ := strings.Cut(n.Name, "@")
		count[short]++
	}
	for i, n := range nodes {
		short, _, _ := strings.Cut(n.Name, "@")
		if nodes[i].Short = n.Name; count[short] == 1 {
			nodes[i].Short = short
		}
	}
}

// Props are the properties of a bucket that matter to the commands.
type Props struct {
	N             int
	R, W, PR, PW  uint32 // numbers of nodes, or Riak's words
	AllowMult     bool   // concurrent puts make siblings
	LastWriteWins bool
}

// Props returns the properties of the target's bucket.
func (c *Cluster) Props(ctx context.Context) (Props, error) {
	a := c.Address()
	resp := &rpb.BucketResp{}
	_, err := c.client.do(ctx, "", exchange{code: rpb.CodeGetBucketReq, reply: rpb.CodeGetBucketResp, again: true,
		body: &rpb.BucketReq{Bucket: []byte(a.Bucket), Type: typeField(a.Type)}, take: into(resp)})
	p := resp.GetProps()
	return Props{N: int(p.GetNVal()), R: p.GetR(), W: p.GetW(), PR: p.GetPr(), PW: p.GetPw(),
		AllowMult: p.GetAllowMult(), LastWriteWins: p.GetLastWriteWins()}, err
}

// Count returns the number of nodes that a quorum of the bucket means.
func (p Props) Count(quorum uint32) int {
	switch quorum {
	case kv.One:
		return 1
	case kv.QuorumWord, kv.Default:
		return p.N/2 + 1
	case kv.All:
		return p.N
	}
	return int(min(quorum, uint32(p.N)))
}

// QuorumText returns a quorum property as Riak writes it: a number, or one, quorum, all, default.
func QuorumText(q uint32) string {
	switch q {
	case kv.One:
		return "one"
	case kv.QuorumWord:
		return "quorum"
	case kv.All:
		return "all"
	case kv.Default:
		return "default"
	}
	return fmt.Sprint(q)
}

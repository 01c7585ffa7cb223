package cli

// up --riak, --riak-http: the ports for clients of Riak.

import (
	"context"
	"io"
	"net"
	"strings"

	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/riak/door"
	"ringside/riak/httpdoor"
	"ringside/riak/kv"
	"ringside/riak/pbdoor"
)

// The names of the flags are also those of the services in status.
const (
	riakFlag     = "riak"
	riakHTTPFlag = "riak-http"
	riakTypeFlag = "riak-type"
)

// A riakSetup is what the flags of up ask for.
type riakSetup struct {
	services []door.Service
	types    map[string]kv.Props
}

// riakOf reads the flags.
func riakOf(c *verbs.Call) (riakSetup, error) {
	var r riakSetup
	if c.Has(riakFlag) {
		r.services = append(r.services, door.Service{Name: riakFlag, Base: c.Int(riakFlag),
			Serve: func(ln net.Listener, n door.Node) io.Closer {
				return pbdoor.Serve(ln, pbdoor.Options{Store: n.Store, Node: n.Name, Stalled: n.Stalled})
			}})
	}
	if c.Has(riakHTTPFlag) {
		r.services = append(r.services, door.Service{Name: riakHTTPFlag, Base: c.Int(riakHTTPFlag),
			Serve: func(ln net.Listener, n door.Node) io.Closer {
				return httpdoor.Serve(ln, httpdoor.Options{Store: n.Store, Stalled: n.Stalled})
			}})
	}
	var err error
	r.types, err = riakTypes(c)
	if err == nil && len(r.types) > 0 && len(r.services) == 0 {
		err = c.Misusef("--%s is for clients of Riak; add --%s or --%s", riakTypeFlag, riakFlag, riakHTTPFlag)
	}
	return r, err
}

// check returns an error if the ports of the nodes are taken, or overlap. base is the first port of
// the nodes themselves, 0 for free ports.
func (r riakSetup) check(base, nodes int) error {
	if len(r.services) == 0 {
		return nil
	}
	if err := overlap(append([]door.Service{{Name: "port", Base: base}}, r.services...), nodes); err != nil {
		return err
	}
	if err := door.Check(r.services, nodes); err != nil {
		return usage.Errorf("up: %w", err)
	}
	return nil
}

// serveRiak opens the ports.
func (r *running) serveRiak(ctx context.Context, setup riakSetup) (err error) {
	if len(setup.services) == 0 {
		return nil
	}
	r.doors, err = door.Open(ctx, door.Options{Cluster: r.Cluster, Services: setup.services, Types: setup.types})
	if err != nil {
		return usage.Errorf("up: %w", err)
	}
	return nil
}

// overlap returns an error if two services would have the same port.
func overlap(services []door.Service, nodes int) error {
	for i, a := range services {
		for _, b := range services[:i] {
			if a.Base > 0 && b.Base > 0 && max(a.Base, b.Base)-min(a.Base, b.Base) < nodes {
				return usage.Errorf("up: --%s=%d and --%s=%d: the ports of %d nodes overlap; "+
					"choose first ports that are further apart, or free ports", b.Name, b.Base, a.Name, a.Base, nodes)
			}
		}
	}
	return nil
}

// closeDoors closes the ports.
func (r *running) closeDoors() {
	if r.doors != nil {
		r.doors.Close()
	}
}

// riakVariables returns the variables with the addresses of all nodes.
func (r *running) riakVariables() []string {
	if r.doors == nil {
		return nil
	}
	var out []string
	for service, variable := range map[string]string{riakFlag: "RINGSIDE_RIAK", riakHTTPFlag: "RINGSIDE_RIAK_HTTP"} {
		var addrs []string
		for _, node := range r.Settings().Nodes {
			if addr := r.doors.Addr(node, service); addr != "" {
				addrs = append(addrs, addr)
			}
		}
		if len(addrs) > 0 {
			out = append(out, variable+"="+strings.Join(addrs, ","))
		}
	}
	return out
}

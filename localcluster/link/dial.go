package link

import (
	"net"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/transport"
)

// minRedial and maxRedial bound the pause between attempts to reach a node that runs and could not
// be reached. A link that was mended and a node that was restarted are tried at once.
const (
	minRedial = 20 * time.Millisecond
	maxRedial = 500 * time.Millisecond
)

// dialSoon starts a goroutine that connects, unless one runs already. The caller holds mu, and
// Network.mu for reading.
func (k *link) dialSoon() {
	if k.dialing || k.e.detached || k.gone.Load() {
		return
	}
	k.dialing = true
	k.e.spawn(k.connect)
}

// connect makes a connection and carries messages on it until it ends. If the peer runs and cannot
// be reached, connect tries again.
func (k *link) connect() {
	pause := minRedial
	for k.mayDial() {
		conn, err := k.dial()
		if k.dialed(err) {
			if err == nil {
				k.carry(conn, k.e.o.Node)
			}
			return
		}
		if kicked := k.await(time.After(pause)); kicked {
			pause = minRedial
			continue
		}
		pause = min(2*pause, maxRedial)
	}
}

// mayDial reports whether the link still needs a connection. If it does not, the goroutine that
// dials ends.
func (k *link) mayDial() bool {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dialing = k.sending == nil && !k.cond.Cut && !k.gone.Load() && k.e.ctx.Err() == nil
	return k.dialing
}

// dialed acts on the result of an attempt. It returns true if no further attempt is needed.
func (k *link) dialed(err error) bool {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil: // dialing ends with enter
		return true
	case k.sending != nil:
		k.dialing = false
		return true
	}
	k.fail()
	k.dialing = k.passable()
	return !k.dialing
}

// await waits for a kick, the end of the pause or the end of the incarnation.
func (k *link) await(pause <-chan time.Time) (kicked bool) {
	select {
	case <-k.kick:
		return true
	case <-pause:
	case <-k.e.ctx.Done():
	}
	return false
}

// dial connects to the peer.
func (k *link) dial() (net.Conn, error) {
	return transport.Dial(k.e.ctx, k.e.net.o.Secret,
		transport.Peer{Addr: k.e.net.o.Addr(k.peer), Name: k.peer, Role: wire.RoleNode, Self: k.e.o.Node})
}

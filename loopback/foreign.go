package loopback

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A Server says which names a server has.
type Server struct {
	Port uint16 // the port on which the server listens
	// BarePort accepts a Host without a port. A browser never sends one to this server, unless Port
	// is 80, but simple clients do.
	BarePort bool
}

// Foreign returns why a request is refused: its Host is not this server, or a web page caused the
// request. It returns "" for a request that may be served.
func (s Server) Foreign(r *http.Request) string {
	if !s.isHere(r.Host) {
		return fmt.Sprintf("the Host is not this server; use http://127.0.0.1:%d", s.Port)
	}
	if len(r.Header.Values("Origin")) > 0 {
		return "the request has an Origin, so a web page sent it; pages have no access"
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "none" && site != "same-origin" {
			return "Sec-Fetch-Site says that another site caused the request; pages have no access"
		}
	}
	for _, referer := range r.Header.Values("Referer") {
		if from, err := url.Parse(referer); err != nil || !IsHost(from.Hostname()) {
			return "the Referer is another site; pages have no access"
		}
	}
	return ""
}

// isHere reports whether a Host names this server.
func (s Server) isHere(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // without a port, which stands for that of the scheme
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		return IsHost(name) && (s.BarePort || s.Port == 80)
	}
	return port == strconv.Itoa(int(s.Port)) && IsHost(name)
}

// IsHost reports whether a host without a port is this machine by its loopback interface.
func IsHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

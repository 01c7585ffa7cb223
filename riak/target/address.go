package target

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/riak/kv"
)

const (
	// Scheme begins a target.
	Scheme = "riak://"
	// DefaultBucket is the bucket of a target that names none. Its type is kv.DefaultType.
	DefaultBucket = "ringside"
	// DefaultTimeout is the time limit of a request of a target that names none. Riak's own is 60
	// seconds, which is long for a person who waits.
	DefaultTimeout = 10 * time.Second
	// MaxTimeout bounds the time limit of a request. A longer one is taken for a mistake.
	MaxTimeout = 10 * time.Minute

	defaultPort = "8087"
	maxHosts    = 64 // of one target
	hashDigits  = 12 // of a target's name
	ownDigits   = 8  // of a bucket of its own
	timeoutName = "timeout"
)

// An Address names a cluster of Riak, and the bucket of keys that name none.
type Address struct {
	Hosts        []string // host:port, at least one
	Type, Bucket string   // any bytes
	Timeout      time.Duration
}

// Parse reads riak://HOST[:PORT][,HOST[:PORT]...][/TYPE[/BUCKET]][?timeout=5s]. TYPE and BUCKET are
// percent-decoded. The error is a *usage.Error.
func Parse(text string) (Address, error) {
	a := Address{Type: kv.DefaultType, Bucket: DefaultBucket, Timeout: DefaultTimeout}
	bad := func(format string, args ...any) (Address, error) {
		args = append([]any{escape.TypedShort([]byte(text), maxShown)}, args...)
		return Address{}, usage.Errorf("invalid target '%s': "+format, args...)
	}
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return bad("want " + Scheme + "HOST:PORT[,HOST:PORT][/TYPE/BUCKET]")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if query != "" {
		values, err := url.ParseQuery(query)
		if err != nil || len(values) != 1 || len(values[timeoutName]) != 1 {
			return bad("want at most ?timeout=5s at the end")
		}
		a.Timeout, err = time.ParseDuration(values[timeoutName][0])
		if err != nil || a.Timeout < time.Millisecond || a.Timeout > MaxTimeout {
			return bad("want a timeout from 1ms to %s", MaxTimeout)
		}
	}
	hosts, path, slash := strings.Cut(rest, "/")
	for host := range strings.SplitSeq(hosts, ",") {
		h, problem := hostPort(host)
		if problem != "" {
			return bad("%s", problem)
		}
		if !slices.Contains(a.Hosts, h) {
			a.Hosts = append(a.Hosts, h)
		}
	}
	if len(a.Hosts) > maxHosts {
		return bad("it has %d hosts, and the limit is %d", len(a.Hosts), maxHosts)
	}
	if slash {
		typ, bucket, second := strings.Cut(path, "/")
		var errType, errBucket error
		a.Type, errType = url.PathUnescape(typ)
		if second {
			a.Bucket, errBucket = url.PathUnescape(bucket)
		}
		if errType != nil || errBucket != nil || a.Type == "" || a.Bucket == "" || strings.Contains(bucket, "/") {
			return bad("want /TYPE/BUCKET after the hosts, with %%2F for a slash in a name")
		}
	}
	return a, nil
}

// maxShown is how many runes of a wrong target an error shows.
const maxShown = 120

// hostPort returns a host with its port, or what is wrong with it.
func hostPort(text string) (hostport, problem string) {
	switch {
	case text == "":
		return "", "a host is missing"
	case strings.ContainsAny(text, "@ \t"):
		return "", "want hosts without a user: Riak's security, which needs TLS, is not supported"
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), defaultPort
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 || host == "" {
		return "", "want HOST:PORT, such as 127.0.0.1:8087"
	}
	return net.JoinHostPort(host, port), ""
}

// Is reports whether text is a target with the hosts and the bucket of a.
func (a Address) Is(text string) bool {
	b, err := Parse(text)
	return err == nil && slices.Equal(a.Hosts, b.Hosts) && a.Type == b.Type && a.Bucket == b.Bucket
}

// String returns the target as Parse reads it, without the time limit.
func (a Address) String() string {
	return Scheme + strings.Join(a.Hosts, ",") + "/" + url.PathEscape(a.Type) + "/" + url.PathEscape(a.Bucket)
}

// Short returns the target for a sentence: the first host stands for all.
func (a Address) Short() string {
	short := a
	if short.Hosts = a.Hosts[:1]; len(a.Hosts) > 1 {
		short.Hosts = []string{a.Hosts[0], "..."}
	}
	return short.String()
}

// OwnBucket returns the address with a bucket that no other caller has.
func (a Address) OwnBucket() Address {
	a.Bucket += "-" + strings.ToLower(rand.Text()[:ownDigits])
	return a
}

// Name returns a name for the cluster by which contexts are kept. It is the same for the same
// hosts, in any order and with any bucket.
func (a Address) Name() string {
	hosts := slices.Sorted(slices.Values(a.Hosts))
	sum := sha256.Sum256([]byte(strings.Join(hosts, ",")))
	return "riak-" + hex.EncodeToString(sum[:])[:hashDigits]
}

// object returns the name of the object that has a key of the commands.
func (a Address) object(key []byte) (kv.Name, error) {
	if !strings.HasPrefix(string(key), keyPrefix) {
		return kv.Name{Type: a.Type, Bucket: a.Bucket, Key: string(key)}, nil
	}
	n, ok := kv.ParseKey(key)
	if !ok || n.Type == "" || n.Bucket == "" || n.Key == "" {
		return kv.Name{}, usage.Errorf("invalid key '%s': want riak:TYPE/BUCKET/KEY",
			escape.TerminalShort(key, maxShown))
	}
	return n, nil
}

// keyPrefix begins a key that names its type and bucket.
const keyPrefix = "riak:"

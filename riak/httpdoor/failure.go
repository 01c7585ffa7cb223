package httpdoor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"ringside/riak/kv"
)

// abandoned reports whether an error leaves nothing to say to the client: the node went down, or
// the request's connection is gone.
func abandoned(ctx context.Context, err error) bool {
	return errors.Is(err, kv.ErrNodeDown) || err != nil && ctx.Err() != nil
}

// failed makes the answer for an error of kv, with Riak's text. If the node went down, the
// connection ends without an answer.
func (x *exchange) failed(err error) int {
	if abandoned(x.ctx, err) {
		panic(http.ErrAbortHandler)
	}
	var (
		violation   *kv.NValViolation
		unsatisfied *kv.Unsatisfied
		unknown     *kv.UnknownType
		empty       *kv.ZeroLength
	)
	switch {
	case errors.Is(err, kv.ErrNoType), errors.As(err, &unknown):
		return x.text(http.StatusNotFound, "Unknown bucket type: %s", x.at.typ)
	case errors.Is(err, kv.ErrNotFound):
		return x.text(http.StatusNotFound, "not found\n")
	case errors.Is(err, kv.ErrTimeout):
		return x.text(http.StatusServiceUnavailable, "request timed out\n")
	case errors.Is(err, kv.ErrMatchFound), errors.Is(err, kv.ErrModified):
		return http.StatusPreconditionFailed
	case errors.As(err, &violation): // the type is the one of negotiation, if that took place
		x.body = fmt.Appendf(nil, "Specified w/dw/pw/node_confirms values invalid for bucket n value of %d\n", violation.N)
		return http.StatusBadRequest
	case errors.As(err, &unsatisfied):
		return x.text(http.StatusServiceUnavailable, "%s-value unsatisfied: %d/%d\n",
			strings.ToUpper(unsatisfied.Quorum), unsatisfied.Got, unsatisfied.Want)
	case errors.Is(err, kv.ErrTooLarge):
		return x.text(http.StatusRequestEntityTooLarge, "the object is too large\n")
	case errors.Is(err, kv.ErrDamagedVClock):
		return x.text(http.StatusBadRequest, "the X-Riak-Vclock header has no vclock of this server\n")
	case errors.As(err, &empty):
		return x.text(http.StatusBadRequest, "%s\n", err)
	case errors.Is(err, kv.ErrOverload), errors.Is(err, kv.ErrNoCoverage):
		return x.text(http.StatusServiceUnavailable, "Error:\n%s\n", err)
	}
	return x.text(http.StatusInternalServerError, "Error:\n%s\n", err)
}

package exit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"ringside/engine/usage"
	"ringside/engine/wire"
)

func TestAs(t *testing.T) {
	for _, c := range []struct {
		err     error
		code    int
		message string
	}{
		{&usage.Error{Err: errors.New("get: KEY is missing"), Synopsis: "get KEY"}, Usage,
			"get: KEY is missing\n  usage: get KEY"},
		{fmt.Errorf("get: %w", context.Canceled), Interrupted, "interrupted"},
		{errors.New("send: wire: decode token: too short"), Internal, "send: too short"},
		{fmt.Errorf("up: %w", &Error{Exit: NoCluster, Message: "no cluster"}), NoCluster, "no cluster"},
		{OfReply("get", []byte("cart\x1b"), wire.QuorumNotReached, "only n1"), Quorum,
			`get cart\x1b: quorum not reached: only n1`},
		{OfReply("keys", nil, wire.QuorumNotReached, "only n1"), Quorum, "keys: quorum not reached: only n1"},
	} {
		e := As(c.err)
		if e.Exit != c.code || e.Message != c.message || !slices.Contains(Codes, e.Exit) {
			t.Errorf("%v: got %+v, want exit %d and %q", c.err, e, c.code, c.message)
		}
	}
	if As(nil) != nil || Reported(nil) != nil || Field(nil) != nil {
		t.Error("nil gives a non-nil Error")
	}
}

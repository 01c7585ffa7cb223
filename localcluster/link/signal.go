package link

import (
	"encoding/binary"

	"ringside/engine/wire"
)

// A signal is a frame that a link sends to the other end of its connection, and not to the node.
// Its payload begins with a zero byte, which begins no message.
type signal struct {
	farewell bool   // the sender sends nothing more on this connection
	cuts     uint64 // else: how often the link was cut before the frames that follow
}

const (
	signalMark     = 0
	signalFarewell = 1
	signalCuts     = 2
)

// frame returns the frame of the signal.
func (s signal) frame() []byte {
	payload := []byte{signalMark, signalFarewell}
	if !s.farewell {
		payload = binary.AppendUvarint([]byte{signalMark, signalCuts}, s.cuts)
	}
	return wire.AppendFrame(nil, payload)
}

// isSignal reports whether the payload of a frame is a signal.
func isSignal(payload []byte) bool { return len(payload) > 0 && payload[0] == signalMark }

// parseSignal reads a signal. It returns false if the payload is not a valid signal.
func parseSignal(payload []byte) (s signal, ok bool) {
	if len(payload) < 2 {
		return s, false
	}
	switch rest := payload[2:]; payload[1] {
	case signalFarewell:
		return signal{farewell: true}, len(rest) == 0
	case signalCuts:
		cuts, n := binary.Uvarint(rest)
		return signal{cuts: cuts}, n > 0 && n == len(rest)
	}
	return s, false
}
